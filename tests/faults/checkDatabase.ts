// What must be true of a database after any number of kills: nothing lost, nothing repeated, no silent double send, the ledger exact.
import type { Queryable } from "../../lib/db/Database.ts";
import type { EffectServer } from "./EffectServer.ts";
import { FAULT_WORKFLOWS } from "./workflows.ts";

export interface CheckOptions {
  readonly effects: EffectServer | null;
  /** Executions of FAULT_WORKFLOWS: they must have completed, or be uncertain about a blind effect. */
  readonly knowsWorkflows?: boolean;
}

/** @returns every fault found, in words; empty when all is well */
export async function checkDatabase(db: Queryable, { effects, knowsWorkflows = true }: CheckOptions): Promise<string[]> {
  const faults: string[] = [];
  if (knowsWorkflows) await checkExecutions(db, faults);
  await checkSteps(db, faults);
  await checkLedger(db, faults);
  if (effects !== null) await checkEffects(db, effects, faults);
  return faults;
}

/** Effects of FAULT_WORKFLOWS that nobody can look after. */
const BLIND_PATHS = new Set(["blind", "pay"]);

async function checkExecutions(db: Queryable, faults: string[]): Promise<void> {
  const { rows } = await db.query<{ id: string; name: string; status: string; error: Buffer | null }>(
    "SELECT e.id, a.agent_name AS name, e.status, e.error FROM workflow_executions e JOIN agents a ON a.id = e.agent_id",
  );
  if (rows.length === 0) faults.push("no execution at all: the check saw nothing");
  const paths = await pathsByExecution(db, "completed");
  const uncertain = await pathsByExecution(db, "uncertain");
  for (const { id, name, status, error } of rows) {
    if (status === "uncertain") {
      const needless = (uncertain.get(id) ?? []).filter((path) => !BLIND_PATHS.has(path));
      faults.push(...needless.map((path) => `${name} ${id}: ${path} is uncertain, although it can be verified or repeated`));
      continue;
    }
    if (status !== "completed") {
      faults.push(`${name} ${id}: lost, it is ${status}: ${error?.toString("utf8").slice(0, 600) ?? ""}`);
      continue;
    }
    const expected = FAULT_WORKFLOWS.find(({ definition }) => definition["name"] === name)?.completedPaths ?? [];
    const found = paths.get(id) ?? [];
    const missing = expected.filter((path) => !found.includes(path));
    if (missing.length > 0) faults.push(`${name} ${id}: completed without ${missing.join(", ")}; it has ${await describeSteps(db, id)}`);
  }
}

async function describeSteps(db: Queryable, executionId: string): Promise<string> {
  const { rows } = await db.query<{ step: string }>(
    `SELECT step_path || ' ' || status || ' ' || attempt || '@' || epoch || ' ' || COALESCE(convert_from(detail, 'UTF8'), '') AS step
     FROM workflow_step_executions WHERE workflow_execution_id = $1 ORDER BY completed_at`,
    [executionId],
  );
  return rows.map(({ step }) => step).join("; ");
}

async function pathsByExecution(db: Queryable, status: string): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ id: string; path: string }>(
    "SELECT workflow_execution_id AS id, step_path AS path FROM workflow_step_executions WHERE status = $1",
    [status],
  );
  const paths = new Map<string, string[]>();
  for (const { id, path } of rows) paths.set(id, [...(paths.get(id) ?? []), path]);
  return paths;
}

async function checkSteps(db: Queryable, faults: string[]): Promise<void> {
  const repeated = await db.query<{ id: string; path: string; times: string }>(
    `SELECT workflow_execution_id AS id, step_path AS path, COUNT(*) AS times FROM workflow_step_executions
     WHERE status = 'completed' GROUP BY 1, 2 HAVING COUNT(*) > 1`,
  );
  for (const { id, path, times } of repeated.rows) faults.push(`${id}: ${path} completed ${times} times`);
  const audited = await db.query<{ id: string; steps: string; audits: string }>(
    `SELECT e.id, (SELECT COUNT(*) FROM workflow_step_executions s WHERE s.workflow_execution_id = e.id AND s.status = 'completed') AS steps,
       (SELECT COUNT(*) FROM audit_trail a WHERE a.execution_id = e.id AND a.action = 'pilot.step_executed') AS audits
     FROM workflow_executions e`,
  );
  for (const { id, steps, audits } of audited.rows)
    if (steps !== audits) faults.push(`${id}: ${steps} completed steps, ${audits} audit rows of them`);
  const foreign = await db.query<{ id: string; path: string }>(
    `SELECT s.workflow_execution_id AS id, s.step_path AS path FROM workflow_step_executions s JOIN workflow_executions e ON e.id = s.workflow_execution_id WHERE s.epoch > e.epoch`,
  );
  for (const { id, path } of foreign.rows) faults.push(`${id}: ${path} has an epoch of the future`);
}

/** Also used after schedules that only touch the ledger. */
export async function checkLedger(db: Queryable, faults: string[], { allEnded = true } = {}): Promise<void> {
  const ask = async (sql: string, say: (row: Record<string, string>) => string): Promise<void> => {
    for (const row of (await db.query<Record<string, string>>(sql)).rows) faults.push(say(row));
  };
  await ask(
    `SELECT b.account_id, b.granted_tokens, b.granted_usd, COALESCE(SUM(g.granted_tokens), 0) AS tokens, COALESCE(SUM(g.granted_usd), 0) AS usd
     FROM ledger_balances b LEFT JOIN ledger_grants g ON g.account_id = b.account_id AND g.window_start = b.window_start
     GROUP BY b.account_id, b.window_start, b.granted_tokens, b.granted_usd
     HAVING b.granted_tokens <> COALESCE(SUM(g.granted_tokens), 0) OR b.granted_usd <> COALESCE(SUM(g.granted_usd), 0)`,
    (row) =>
      `account ${row["account_id"]}: balance ${row["granted_tokens"]} tokens ${row["granted_usd"]} USD, its grants sum to ${row["tokens"]} and ${row["usd"]}`,
  );
  // Spent and open are what the attempts booked on the grant say.
  await ask(
    `SELECT g.execution_id, g.account_id, g.spent_tokens, g.spent_usd, g.open_tokens, g.open_usd,
       COALESCE(x.spent_tokens, 0) AS should_spent_tokens, COALESCE(x.spent_usd, 0) AS should_spent_usd, COALESCE(x.open_tokens, 0) AS should_open_tokens, COALESCE(x.open_usd, 0) AS should_open_usd
     FROM ledger_grants g LEFT JOIN (
       SELECT a.execution_id, r.account_id, r.window_start,
         SUM(CASE WHEN a.state = 'open' THEN 0 ELSE COALESCE(a.used_tokens, 0) END) AS spent_tokens, SUM(CASE WHEN a.state = 'open' THEN 0 ELSE COALESCE(a.used_usd, 0) END) AS spent_usd,
         SUM(CASE WHEN a.state = 'open' THEN a.reserved_tokens ELSE 0 END) AS open_tokens, SUM(CASE WHEN a.state = 'open' THEN COALESCE(a.reserved_usd, 0) ELSE 0 END) AS open_usd
       FROM step_attempts a JOIN ledger_reservations r ON r.attempt_id = a.id GROUP BY 1, 2, 3) x
       ON x.execution_id = g.execution_id AND x.account_id = g.account_id AND x.window_start = g.window_start
     WHERE g.spent_tokens <> COALESCE(x.spent_tokens, 0) OR g.spent_usd <> COALESCE(x.spent_usd, 0) OR g.open_tokens <> COALESCE(x.open_tokens, 0) OR g.open_usd <> COALESCE(x.open_usd, 0)`,
    (row) => `grant of ${row["execution_id"]} on ${row["account_id"]} does not say what its attempts say: ${JSON.stringify(row)}`,
  );
  await ask(
    "SELECT execution_id, account_id, granted_tokens, spent_tokens, open_tokens FROM ledger_grants WHERE spent_tokens + open_tokens > granted_tokens OR spent_usd + open_usd > granted_usd OR open_tokens < 0 OR open_usd < 0",
    (row) => `grant of ${row["execution_id"]} on ${row["account_id"]} holds more than it was given: ${JSON.stringify(row)}`,
  );
  if (!allEnded) return;
  await ask(
    "SELECT a.id, a.kind, a.step_path, a.execution_id, e.status FROM step_attempts a JOIN workflow_executions e ON e.id = a.execution_id WHERE a.state = 'open'",
    (row) =>
      `${row["kind"]} attempt ${row["id"]} at ${row["step_path"]} of ${row["execution_id"]} (${row["status"]}) is open after the end`,
  );
  await ask(
    "SELECT execution_id, account_id, granted_tokens, spent_tokens, granted_usd, spent_usd FROM ledger_grants WHERE granted_tokens <> spent_tokens OR granted_usd <> spent_usd",
    (row) => `grant of ${row["execution_id"]} on ${row["account_id"]} was not given back: ${JSON.stringify(row)}`,
  );
  await ask(
    "SELECT a.kind, a.subject, a.limit_tokens, b.granted_tokens, a.limit_usd, b.granted_usd FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id WHERE b.granted_tokens > a.limit_tokens OR b.granted_usd > a.limit_usd",
    (row) => `the limit of ${row["kind"]} ${row["subject"]} was passed: ${JSON.stringify(row)}`,
  );
}

async function checkEffects(db: Queryable, effects: EffectServer, faults: string[]): Promise<void> {
  const { rows } = await db.query<{ id: string; path: string; action: string }>(
    "SELECT workflow_execution_id AS id, step_path AS path, action FROM workflow_step_executions WHERE status = 'completed' AND plugin = 'outside' AND action IN ('keyed', 'verified', 'blind')",
  );
  const counts = new Map<string, { kind: string; times: number; keys: Set<string> }>();
  for (const { executionId, path, kind, key } of effects.sent) {
    const name = `${executionId} ${path}`;
    const count = counts.get(name) ?? { kind, times: 0, keys: new Set<string>() };
    count.times += 1;
    count.keys.add(key);
    counts.set(name, count);
  }
  for (const { id, path, action } of rows)
    if (!counts.has(`${id} ${path}`)) faults.push(`${id} ${path}: ${action} is recorded as done and never happened`);
  for (const [name, { kind, times, keys }] of counts) {
    if (keys.size > 1) faults.push(`${name}: ${kind} was sent under ${keys.size} keys`);
    if (kind !== "keyed" && times > 1) faults.push(`${name}: ${kind} was sent ${times} times: a silent double send`);
  }
}
