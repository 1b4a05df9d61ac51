// Sixty-four calls at once, from several executions and two workers, against one cap: none starts past it, and the sums are exact.
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { retriedTransaction } from "../../../lib/db/retryConflicts.ts";
import { setAccount, type AccountKey } from "../../../lib/ledger/BudgetStore.ts";
import { ScriptedModel } from "../../../lib/testing/ScriptedModel.ts";
import { checkDatabase } from "../checkDatabase.ts";
import { createFaultEngine, until, type FaultEngine } from "../createFaultEngine.ts";

const WIDTH = 64;
const EXECUTIONS = 4;
const WORKSPACE: AccountKey = { workspaceId: DEFAULT_WORKSPACE_ID, kind: "workspace", subject: DEFAULT_WORKSPACE_ID, windowKind: "total" };

/** @param others databases of further workers on the same data; none on PGlite */
export async function parallelCap(db: Database, others: readonly Database[] = [], notify = true): Promise<string[]> {
  const faults: string[] = [];
  const model = new ScriptedModel(() => ({ text: "Yes.", delayMs: 5, usage: { inputTokens: 60, outputTokens: 10 } }), { name: "openai" });
  const workers = await Promise.all([db, ...others].map((one) => createFaultEngine(one, { provider: model, notify })));
  const [first] = workers as [FaultEngine];
  await setLimit(db, first, 6_000n);
  for (const { engine } of workers) await engine.worker.start();
  const ask = { id: "ask", type: "ai_processing", prompt: "Is {{item}} well?", max_output_tokens: 20 };
  const steps = [
    {
      id: "fan",
      type: "scatter_gather",
      scatter: { input: Array.from({ length: WIDTH }, (_, index) => index), maxConcurrency: WIDTH, steps: [ask] },
    },
  ];
  const ids = await Promise.all(Array.from({ length: EXECUTIONS }, () => first.start(steps)));
  const statuses = async (): Promise<string[]> => Promise.all(ids.map((id) => first.statusOf(id)));
  const rest = async (): Promise<boolean> => {
    await checkNow(db, faults);
    return (await statuses()).every((status) => status !== "queued" && status !== "running");
  };
  await until("everything rests at the cap", rest, 60_000);
  if (model.requests.length === 0 || model.requests.length >= WIDTH * EXECUTIONS)
    faults.push(`the cap did not bind: ${model.requests.length} calls were made`);
  // Raised again and again, while some run and others are about to rest.
  for (let limit = 8_000n; !(await statuses()).every((status) => status === "completed"); limit += 2_000n) {
    await setLimit(db, first, limit);
    first.engine.worker.wake();
    await until(`everything rests at ${limit} tokens`, rest, 60_000);
    if (limit > 100_000n) {
      faults.push(`not done at ${limit} tokens: ${(await statuses()).join()}`);
      break;
    }
  }
  const spent = await db.query<{ calls: string; tokens: string }>(
    "SELECT COUNT(*) AS calls, SUM(used_tokens) AS tokens FROM step_attempts WHERE state = 'settled'",
  );
  if (spent.rows[0]?.calls !== String(WIDTH * EXECUTIONS) || spent.rows[0].tokens !== String(WIDTH * EXECUTIONS * 70))
    faults.push(`settled: ${JSON.stringify(spent.rows[0])}`);
  if (model.requests.length !== WIDTH * EXECUTIONS) faults.push(`${model.requests.length} calls for ${WIDTH * EXECUTIONS} questions`);
  faults.push(...(await checkDatabase(db, { effects: null, knowsWorkflows: false })));
  await Promise.all(workers.map((worker) => worker.close()));
  return faults;
}

async function setLimit(db: Database, { control }: FaultEngine, limitTokens: bigint): Promise<void> {
  await retriedTransaction(db, (tx) =>
    setAccount(
      tx,
      WORKSPACE,
      { limitTokens, limitUsd: null, onLimit: "pause" },
      { lockExecutions: () => control.wakeForBudget(tx, DEFAULT_WORKSPACE_ID, {}, "ann") },
    ),
  );
}

/** In one snapshot: what is granted fits the limit, and what is spent or open fits what is granted. */
async function checkNow(db: Database, faults: string[]): Promise<void> {
  const { rows } = await db.query(
    `SELECT a.limit_tokens, b.granted_tokens, (SELECT SUM(g.spent_tokens + g.open_tokens) FROM ledger_grants g WHERE g.account_id = a.id) AS used
     FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
     WHERE b.granted_tokens > a.limit_tokens OR (SELECT SUM(g.spent_tokens + g.open_tokens) FROM ledger_grants g WHERE g.account_id = a.id) > a.limit_tokens`,
  );
  for (const row of rows) faults.push(`past the cap: ${JSON.stringify(row)}`);
}
