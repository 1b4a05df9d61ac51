// The baseline: the same payloads, inserted in batches by a loop that does nothing else. What arrives while an insert is under way goes in the next.
import { randomUUID } from "node:crypto";
import type { Database } from "../../lib/db/Database.ts";
import { payload } from "./payload.ts";

interface Waiting {
  readonly id: string;
  readonly sequence: number;
  readonly data: string;
  readonly resolve: () => void;
}

export async function createPlainTable(db: Database): Promise<void> {
  await db.query("CREATE TABLE IF NOT EXISTS bench_plain (id uuid, sequence int, data text, PRIMARY KEY (id, sequence))");
}

/** @returns rows per second of `executions` × `steps` rows, `concurrency` writers at a time */
export async function plainBatchedInserts(
  db: Database,
  {
    executions,
    steps,
    outputBytes,
    concurrency,
  }: { readonly executions: number; readonly steps: number; readonly outputBytes: number; readonly concurrency: number },
): Promise<number> {
  const pending: Waiting[] = [];
  let isFlushing = false;
  const flush = async (): Promise<void> => {
    isFlushing = true;
    await Promise.resolve();
    while (pending.length > 0) {
      const batch = pending.splice(0);
      await db.query(
        "INSERT INTO bench_plain SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[])",
        [batch.map(({ id }) => id), batch.map(({ sequence }) => sequence), batch.map(({ data }) => data)],
        "bench_plain_insert",
      );
      for (const { resolve } of batch) resolve();
    }
    isFlushing = false;
  };
  const insert = (id: string, sequence: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    pending.push({ id, sequence, data: JSON.stringify(payload(outputBytes)), resolve });
    if (!isFlushing) void flush();
    return promise;
  };
  let next = 0;
  const started = performance.now();
  const lane = async (): Promise<void> => {
    while (next < executions) {
      next += 1;
      const id = randomUUID();
      for (let sequence = 0; sequence < steps; sequence += 1) await insert(id, sequence);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return (executions * steps * 1000) / (performance.now() - started);
}
