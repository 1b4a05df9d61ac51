// bytes_ratio, bytes_growth: what a step leaves on disk, all tables and indexes, against a plain table of the same payloads.
import type { Database } from "../../lib/db/Database.ts";
import { createBenchEngine } from "./benchEngine.ts";
import { row, type Row } from "../measure.ts";
import { createPlainTable, plainBatchedInserts } from "./plainInserts.ts";
import { engineBytes, plainBytes } from "./SizeStore.ts";

export async function measureBytes(open: () => Promise<Database>): Promise<Row[]> {
  const small = await bytesOf(open, { executions: 400, steps: 10, outputBytes: 1_000 });
  const large = await bytesOf(open, { executions: 100, steps: 10, outputBytes: 16_000 });
  const long = await bytesOf(open, { executions: 4, steps: 1_000, outputBytes: 1_000 });
  return [
    row("bytes_ratio.1kb", small.ours / small.plain, "ratio", { goal: "<= 2", baseline: 1 }),
    row("bytes_ratio.16kb", large.ours / large.plain, "ratio", { goal: "<= 1.2", baseline: 1 }),
    row("bytes_growth", long.ours / small.ours, "ratio", { goal: "<= 1.05", baseline: 1 }),
  ];
}

interface Shape {
  readonly executions: number;
  readonly steps: number;
  readonly outputBytes: number;
}

/** @returns bytes per step */
async function bytesOf(
  open: () => Promise<Database>,
  { executions, steps, outputBytes }: Shape,
): Promise<{ readonly ours: number; readonly plain: number }> {
  await using db = await open();
  await createPlainTable(db);
  const concurrency = Math.min(executions, 50);
  await plainBatchedInserts(db, { executions, steps, outputBytes, concurrency });
  const engine = await createBenchEngine(db, { steps, outputBytes, concurrency });
  try {
    const before = await engineBytes(db);
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < executions) {
        begun += 1;
        await engine.run();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    return { ours: ((await engineBytes(db)) - before) / (executions * steps), plain: (await plainBytes(db)) / (executions * steps) };
  } finally {
    await engine.close();
  }
}
