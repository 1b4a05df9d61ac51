// commit_ratio: one durable step after the other in one execution, against single-row commits one after the other.
import { randomUUID } from "node:crypto";
import type { Database } from "../../lib/db/Database.ts";
import { createBenchEngine } from "./benchEngine.ts";
import { median, row, type Row } from "../measure.ts";
import { payload } from "./payload.ts";
import { createPlainTable } from "./plainInserts.ts";

const STEPS = 200;

export async function measureCommitLatency(db: Database, kind: "postgres" | "pglite", rounds: number): Promise<Row> {
  await createPlainTable(db);
  const engine = await createBenchEngine(db, { steps: STEPS, outputBytes: 1_000, concurrency: 1 });
  const ratios: number[] = [];
  const commits: number[] = [];
  try {
    await engine.run();
    for (let round = 0; round < rounds; round += 1) {
      const single = await singleRowCommits(db);
      const started = performance.now();
      await engine.run();
      commits.push(single);
      // Start, claim and end of the execution are part of it, spread over its steps.
      ratios.push((performance.now() - started) / STEPS / single);
    }
  } finally {
    await engine.close();
  }
  return row(`commit_ratio.${kind}`, median(ratios), "ratio", { goal: "<= 3", baseline: 1 });
}

/** @returns milliseconds of one INSERT of one row, committed by itself */
async function singleRowCommits(db: Database): Promise<number> {
  const id = randomUUID();
  const started = performance.now();
  for (let sequence = 0; sequence < STEPS; sequence += 1) {
    await db.query("INSERT INTO bench_plain VALUES ($1, $2, $3)", [id, sequence, JSON.stringify(payload(1_000))], "bench_single_insert");
  }
  return (performance.now() - started) / STEPS;
}
