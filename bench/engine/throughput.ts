// steps_ratio, steps_per_second: executions of ten no-op steps kept in flight, queue, journal and audit included, against plain batched inserts.
import type { Database } from "../../lib/db/Database.ts";
import { createBenchEngine } from "./benchEngine.ts";
import { median, row, type Row } from "../measure.ts";
import { createPlainTable, plainBatchedInserts } from "./plainInserts.ts";

const IN_FLIGHT = 100;
const STEPS = 10;
const OUTPUT_BYTES = 1_000;

export interface ThroughputOptions {
  readonly executions: number;
  readonly rounds: number;
  /** @defaultValue none */
  readonly goal?: string;
}

export async function measureThroughput(
  db: Database,
  kind: "postgres" | "embedded" | "pglite",
  { executions, rounds, goal }: ThroughputOptions,
): Promise<Row[]> {
  await createPlainTable(db);
  const shape = { executions, steps: STEPS, outputBytes: OUTPUT_BYTES, concurrency: IN_FLIGHT };
  const engine = await createBenchEngine(db, { steps: STEPS, outputBytes: OUTPUT_BYTES, concurrency: IN_FLIGHT });
  const ratios: number[] = [];
  const ours: number[] = [];
  const plain: number[] = [];
  try {
    await keepInFlight(engine.run, Math.min(executions, 500));
    for (let round = 0; round < rounds; round += 1) {
      const baseline = await plainBatchedInserts(db, shape);
      const started = performance.now();
      await keepInFlight(engine.run, executions);
      const rate = (executions * STEPS * 1000) / (performance.now() - started);
      plain.push(baseline);
      ours.push(rate);
      ratios.push(rate / baseline);
    }
  } finally {
    await engine.close();
  }
  return [
    row(`steps_ratio.${kind}`, median(ratios), "ratio", { baseline: 1, ...(goal === undefined ? {} : { goal }) }),
    row(`steps_per_second.${kind}`, median(ours), "steps/s", { baseline: median(plain) }),
  ];
}

async function keepInFlight(run: () => Promise<void>, executions: number): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < executions) {
      begun += 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
