// PGlite's one connection with a stream of failing statements beside every transaction: none of ours is lost or split.
import { systemClock } from "../../../lib/core/clock.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { checkDatabase } from "../checkDatabase.ts";
import { createOutsidePlugin } from "../child/outsidePlugin.ts";
import { createFaultModel } from "../child/faultModel.ts";
import { createFaultEngine, until } from "../createFaultEngine.ts";
import { EffectServer } from "../EffectServer.ts";
import { FAULT_WORKFLOWS } from "../workflows.ts";

/** What a queue's maintenance may send when its tables are not what it thinks. */
const FAILING = ["SELECT * FROM pgboss.no_such_table", "INSERT INTO pgboss.job (name) VALUES (NULL)", "SELECT 1 / 0", "this is not SQL"];

export async function hostileQueue(
  db: Database,
  { transactions, executions }: { readonly transactions: number; readonly executions: number },
): Promise<string[]> {
  const over = new AbortController();
  let failed = 0;
  let passed = 0;
  const hostile = async (): Promise<void> => {
    for (let index = 0; !over.signal.aborted; index += 1) {
      await db.pool.query(FAILING[index % FAILING.length] ?? "").then(
        () => (passed += 1),
        () => (failed += 1),
      );
      await systemClock.sleep(0);
    }
  };
  const streams = [hostile(), hostile()];
  const faults = await splitTransactions(db, transactions);
  const effects = await EffectServer.start();
  const fault = await createFaultEngine(db, {
    plugins: [createOutsidePlugin({ url: effects.url, pass: () => undefined })],
    provider: createFaultModel(() => undefined),
  });
  await fault.engine.worker.start();
  const workflows = FAULT_WORKFLOWS.filter(({ definition }) => definition["name"] !== "approval");
  const ids: string[] = [];
  for (let index = 0; index < executions; index += 1)
    ids.push(await fault.start(workflows[index % workflows.length]?.definition["steps"] as object[]));
  await until(
    "all have ended",
    async () => (await Promise.all(ids.map((id) => fault.statusOf(id)))).every((status) => ["completed", "failed"].includes(status)),
    60_000,
  );
  over.abort();
  await Promise.all(streams);
  if (failed < transactions / 4 || passed > 0) faults.push(`the stream was not hostile: ${failed} failed, ${passed} passed`);
  for (const id of ids) if ((await fault.statusOf(id)) !== "completed") faults.push(`${id} is ${await fault.statusOf(id)}`);
  faults.push(...(await checkDatabase(db, { effects, knowsWorkflows: false })));
  await fault.close();
  await effects.stop();
  return faults;
}

/** Both rows of each transaction, or neither, whatever fails next to it. */
async function splitTransactions(db: Database, count: number): Promise<string[]> {
  await db.query("CREATE TABLE IF NOT EXISTS pairs (round int, half int)");
  const rolledBack = new Set<number>();
  await Promise.all(
    Array.from({ length: count }, async (_, round) =>
      db
        .transaction(async (tx) => {
          await tx.query("INSERT INTO pairs VALUES ($1, 1)", [round]);
          await systemClock.sleep(0);
          if (round % 10 === 0) throw new Error("given up");
          await tx.query("INSERT INTO pairs VALUES ($1, 2)", [round]);
        })
        .catch(() => rolledBack.add(round)),
    ),
  );
  const { rows } = await db.query<{ round: number; halves: string }>("SELECT round, COUNT(*) AS halves FROM pairs GROUP BY round");
  const faults = rows
    .filter(({ round, halves }) => rolledBack.has(round) || halves !== "2")
    .map(({ round, halves }) => `transaction ${round} left ${halves} of 2 rows`);
  if (rows.length + rolledBack.size !== count) faults.push(`${count - rows.length - rolledBack.size} committed transactions left nothing`);
  return faults;
}
