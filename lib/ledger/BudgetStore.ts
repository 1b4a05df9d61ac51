// SQL of limits as people set them: set, top up, list, reconcile. Reservations and settlements are LedgerStore's.
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import { settlementFragments, WINDOW_START } from "./LedgerStore.ts";
import type { AccountKind, OnLimit, WindowKind } from "./types.ts";

export interface AccountKey {
  readonly workspaceId: WorkspaceId;
  readonly kind: AccountKind;
  /** Workspace id, agent id, execution id, tag or key name. */
  readonly subject: string;
  readonly windowKind: WindowKind;
}

export interface AccountLimits {
  /** null: no limit in this unit. */
  readonly limitTokens: bigint | null;
  readonly limitUsd: NanoUsd | null;
  readonly onLimit: OnLimit;
}

/** Root first: workspaces before tags and keys, those before agents, those before executions. */
const DEPTH: Record<AccountKind, number> = { workspace: 0, tag: 1, key: 1, agent: 2, execution: 3 };

/**
 * A new account begins with what its subject's model calls have come to in the present window, and with what they hold open: a limit
 * is on what is spent, not on what is spent from now on. Calls whose price nobody knows count as nothing in money, and those of
 * pruned executions not at all.
 *
 * @param options.lockExecutions locks the executions that are alive, so that no call of theirs begins unseen
 * @param options.keepsStored true: a limit that is there already, or is being set by somebody else, stays
 * @returns false when it stayed
 */
export async function setAccount(
  tx: Transaction,
  key: AccountKey,
  limits: AccountLimits,
  { lockExecutions, keepsStored = false }: { readonly lockExecutions: () => Promise<void>; readonly keepsStored?: boolean },
): Promise<boolean> {
  // Before anything else is locked, and by who reserves likewise (LedgerStore.lockOwned): a settlement that began before this would not
  // see what is booked here, so those under way end first and others wait.
  if (!(await hasAccount(tx, key))) await tx.query("LOCK TABLE step_attempts IN SHARE MODE");
  await lockExecutions();
  const id = await insertAccount(tx, key, limits);
  if (id !== null) {
    await bookPast(tx, key, id);
    return true;
  }
  const { rowCount } = await tx.query(
    `UPDATE ledger_accounts SET limit_tokens = $5, limit_usd = $6, on_limit = $7, updated_at = NOW()
     WHERE workspace_id = $1 AND kind = $2 AND subject = $3 AND window_kind = $4
       AND (NOT $8::boolean OR (limit_tokens IS NULL AND limit_usd IS NULL))`,
    [key.workspaceId, key.kind, key.subject, key.windowKind, ...limitValues(limits), keepsStored],
  );
  return rowCount > 0;
}

async function hasAccount(db: Queryable, key: AccountKey): Promise<boolean> {
  const { rows } = await db.query(
    "SELECT 1 FROM ledger_accounts WHERE workspace_id = $1 AND kind = $2 AND subject = $3 AND window_kind = $4",
    [key.workspaceId, key.kind, key.subject, key.windowKind],
  );
  return rows.length === 1;
}

/** An account of a subject that has called nothing yet. @returns its id; null when it was there already */
export async function insertAccount(tx: Queryable, key: AccountKey, limits: AccountLimits): Promise<string | null> {
  const id = uuidv7();
  const { rowCount } = await tx.query(
    `INSERT INTO ledger_accounts (id, workspace_id, kind, subject, window_kind, limit_tokens, limit_usd, on_limit, depth)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, kind, subject, window_kind) DO NOTHING`,
    [id, key.workspaceId, key.kind, key.subject, key.windowKind, ...limitValues(limits), DEPTH[key.kind]],
  );
  return rowCount === 1 ? id : null;
}

function limitValues({ limitTokens, limitUsd, onLimit }: AccountLimits): readonly unknown[] {
  return [limitTokens === null ? null : limitTokens.toString(), limitUsd === null ? null : nanoToNumeric(limitUsd), onLimit];
}

/** Which executions a subject's calls belong to. Keys come with the server; nothing is charged to them yet. */
const OF_SUBJECT: Record<AccountKind, string> = {
  workspace: "$3::text IS NOT NULL",
  agent: "e.agent_id = $3::text::uuid",
  execution: "e.id = $3::text::uuid",
  tag: `EXISTS (SELECT 1 FROM stored_documents d, json_array_elements_text(convert_from(d.content, 'UTF8')::json -> 'tags') t(tag)
     WHERE d.workspace_id = e.workspace_id AND d.hash = e.snapshot_hash AND t.tag = $3::text)`,
  key: "$3::text IS NULL",
};

/** Every call gets a reservation: what is still open is settled here, too, and what was assumed may be corrected. */
async function bookPast(tx: Queryable, { workspaceId, kind, subject }: AccountKey, accountId: string): Promise<void> {
  await tx.query(
    `WITH account AS (SELECT a.id, ${WINDOW_START} AS window_start FROM ledger_accounts a JOIN workspaces w ON w.id = a.workspace_id WHERE a.id = $1),
       past AS (SELECT s.id, s.execution_id, s.state, a.id AS account_id, a.window_start,
           CASE s.state WHEN 'open' THEN s.reserved_tokens ELSE 0 END AS open_tokens,
           CASE s.state WHEN 'open' THEN COALESCE(s.reserved_usd, 0) ELSE 0 END AS open_usd,
           COALESCE(s.used_tokens, 0) AS spent_tokens, COALESCE(s.used_usd, 0) AS spent_usd
         FROM workflow_executions e JOIN step_attempts s ON s.execution_id = e.id CROSS JOIN account a
         WHERE e.workspace_id = $2 AND ${OF_SUBJECT[kind]} AND s.kind = 'model' AND s.dispatched_at >= a.window_start),
       reserved AS (INSERT INTO ledger_reservations (attempt_id, account_id, window_start)
         SELECT id, account_id, window_start FROM past),
       granted AS (INSERT INTO ledger_grants
           (execution_id, account_id, window_start, granted_tokens, granted_usd, open_tokens, open_usd, spent_tokens, spent_usd)
         SELECT execution_id, account_id, window_start, SUM(open_tokens + spent_tokens), SUM(open_usd + spent_usd),
           SUM(open_tokens), SUM(open_usd), SUM(spent_tokens), SUM(spent_usd)
         FROM past GROUP BY execution_id, account_id, window_start RETURNING account_id, window_start, granted_tokens, granted_usd)
     INSERT INTO ledger_balances (account_id, window_start, granted_tokens, granted_usd)
     SELECT account_id, window_start, SUM(granted_tokens), SUM(granted_usd) FROM granted GROUP BY account_id, window_start`,
    [accountId, workspaceId, subject],
  );
}

/** Several executions' own accounts; callers know that none exists yet. */
export async function insertExecutionAccounts(
  tx: Queryable,
  rows: readonly { readonly workspaceId: WorkspaceId; readonly executionId: string; readonly limits: AccountLimits }[],
): Promise<void> {
  for (const { workspaceId, executionId, limits } of rows) {
    await insertAccount(tx, { workspaceId, kind: "execution", subject: executionId, windowKind: "total" }, limits);
  }
}

/** @returns false when the account has no limit in a unit that something is added to; then nothing is changed */
export async function addToLimit(
  tx: Transaction,
  key: AccountKey,
  amount: { readonly tokens: bigint; readonly usd: NanoUsd },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE ledger_accounts SET limit_tokens = limit_tokens + $5, limit_usd = limit_usd + $6, updated_at = NOW()
     WHERE workspace_id = $1 AND kind = $2 AND subject = $3 AND window_kind = $4
       AND ($5::bigint = 0 OR limit_tokens IS NOT NULL) AND ($6::numeric = 0 OR limit_usd IS NOT NULL)`,
    [key.workspaceId, key.kind, key.subject, key.windowKind, amount.tokens.toString(), nanoToNumeric(amount.usd)],
  );
  return rowCount > 0;
}

export interface AccountState extends AccountLimits {
  readonly kind: AccountKind;
  readonly subject: string;
  readonly windowKind: WindowKind;
  readonly granted: { readonly tokens: bigint; readonly usd: NanoUsd };
  readonly spent: { readonly tokens: bigint; readonly usd: NanoUsd };
  readonly open: { readonly tokens: bigint; readonly usd: NanoUsd };
}

interface AccountStateRecord {
  readonly kind: AccountKind;
  readonly subject: string;
  readonly window_kind: WindowKind;
  readonly limit_tokens: string | null;
  readonly limit_usd: string | null;
  readonly on_limit: OnLimit;
  readonly granted_tokens: string;
  readonly granted_usd: string;
  readonly spent_tokens: string;
  readonly spent_usd: string;
  readonly open_tokens: string;
  readonly open_usd: string;
}

/** Accounts with what stands on them in their present window; the newest 200 of those without executions', or the one asked for. */
export async function loadAccountStates(
  db: Queryable,
  workspaceId: WorkspaceId,
  only?: { readonly kind: AccountKind; readonly subject: string },
): Promise<AccountState[]> {
  const { rows } = await db.query<AccountStateRecord>(
    `SELECT a.kind, a.subject, a.window_kind, a.limit_tokens, a.limit_usd, a.on_limit,
       COALESCE(b.granted_tokens, 0) AS granted_tokens, COALESCE(b.granted_usd, 0) AS granted_usd,
       COALESCE(g.spent_tokens, 0)::bigint AS spent_tokens, COALESCE(g.spent_usd, 0) AS spent_usd,
       COALESCE(g.open_tokens, 0)::bigint AS open_tokens, COALESCE(g.open_usd, 0) AS open_usd
     FROM ledger_accounts a JOIN workspaces w ON w.id = a.workspace_id
     LEFT JOIN ledger_balances b ON b.account_id = a.id AND b.window_start = ${WINDOW_START}
     LEFT JOIN LATERAL (SELECT SUM(spent_tokens) AS spent_tokens, SUM(spent_usd) AS spent_usd, SUM(open_tokens) AS open_tokens, SUM(open_usd) AS open_usd
       FROM ledger_grants g WHERE g.account_id = a.id AND g.window_start = ${WINDOW_START}) g ON TRUE
     WHERE a.workspace_id = $1 AND (a.limit_tokens IS NOT NULL OR a.limit_usd IS NOT NULL)
       AND (($2::text IS NULL AND a.kind <> 'execution') OR (a.kind = $2 AND a.subject = $3))
     ORDER BY a.depth, a.subject, a.window_kind LIMIT 200`,
    [workspaceId, only?.kind ?? null, only?.subject ?? null],
  );
  return rows.map((row) => ({
    kind: row.kind,
    subject: row.subject,
    windowKind: row.window_kind,
    limitTokens: row.limit_tokens === null ? null : BigInt(row.limit_tokens),
    limitUsd: row.limit_usd === null ? null : parseUsd(row.limit_usd),
    onLimit: row.on_limit,
    granted: { tokens: BigInt(row.granted_tokens), usd: parseUsd(row.granted_usd) },
    spent: { tokens: BigInt(row.spent_tokens), usd: parseUsd(row.spent_usd) },
    open: { tokens: BigInt(row.open_tokens), usd: parseUsd(row.open_usd) },
  }));
}

export interface StoredAttempt {
  readonly id: string;
  readonly stepPath: string;
  readonly attempt: number;
  readonly call: number;
  readonly epoch: number;
  readonly kind: "model" | "effect";
  readonly state: "open" | "settled" | "assumed" | "failed" | "uncertain";
  readonly provider: string | null;
  readonly model: string | null;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
  readonly usedTokens: number | null;
  readonly usedUsd: NanoUsd | null;
  readonly idempotencyKey: string | null;
  readonly dispatchedAt: Date;
  readonly message: string | null;
}

const OF_UNFINISHED = `AND (state IN ('open', 'uncertain') OR message IS NOT NULL OR NOT EXISTS (SELECT 1 FROM workflow_step_executions s
  WHERE s.workflow_execution_id = a.execution_id AND s.step_path = a.step_path AND s.status IN ('completed', 'skipped')))`;

/**
 * Attempts of an execution in order of dispatch; `ofUnfinished`: what a takeover needs: those of steps without an outcome, whose numbers are
 * taken and whose effects may have happened, and a tool loop's messages. Served by the unique key on (execution, path, …).
 */
export async function loadAttempts(
  db: Queryable,
  executionId: string,
  options: { readonly ofUnfinished?: boolean } = {},
): Promise<StoredAttempt[]> {
  const { rows } = await db.query<{
    id: string;
    step_path: string;
    attempt: number;
    call: number;
    epoch: number;
    kind: StoredAttempt["kind"];
    state: StoredAttempt["state"];
    provider: string | null;
    model: string | null;
    reserved_tokens: string;
    reserved_usd: string | null;
    used_tokens: string | null;
    used_usd: string | null;
    idempotency_key: string | null;
    dispatched_at: Date;
    message: Buffer | null;
  }>(
    `SELECT id, step_path, attempt, call, epoch, kind, state, provider, model, reserved_tokens, reserved_usd, used_tokens, used_usd,
       idempotency_key, dispatched_at, message
     FROM step_attempts a WHERE execution_id = $1 ${options.ofUnfinished === true ? OF_UNFINISHED : ""} ORDER BY dispatched_at, id`,
    [executionId],
  );
  return rows.map((row) => ({
    id: row.id,
    stepPath: row.step_path,
    attempt: row.attempt,
    call: row.call,
    epoch: row.epoch,
    kind: row.kind,
    state: row.state,
    provider: row.provider,
    model: row.model,
    reservedTokens: Number(row.reserved_tokens),
    reservedUsd: row.reserved_usd === null ? null : parseUsd(row.reserved_usd),
    usedTokens: row.used_tokens === null ? null : Number(row.used_tokens),
    usedUsd: row.used_usd === null ? null : parseUsd(row.used_usd),
    idempotencyKey: row.idempotency_key,
    dispatchedAt: row.dispatched_at,
    message: row.message === null ? null : row.message.toString("utf8"),
  }));
}

/** Books what a provider's export says on calls that were assumed. @returns ids that were corrected */
export async function correctAssumed(
  db: Queryable,
  workspaceId: WorkspaceId,
  rows: readonly { readonly attemptId: string; readonly tokens: number; readonly usd: NanoUsd }[],
): Promise<string[]> {
  const fragments = settlementFragments(
    `SELECT u.id, 'settled'::text AS state, u.used_tokens, u.used_usd, NULL::bytea AS message
     FROM unnest($1::uuid[], $2::bigint[], $3::numeric[]) AS u(id, used_tokens, used_usd)
     JOIN step_attempts s ON s.id = u.id AND s.state = 'assumed' JOIN workflow_executions e ON e.id = s.execution_id AND e.workspace_id = $4`,
  );
  const ctes = fragments.map(({ name, sql }) => `${name} AS (${sql})`).join(",\n");
  const { rows: corrected } = await db.query<{ id: string }>(`WITH ${ctes} SELECT id FROM settlements_booked`, [
    rows.map((row) => row.attemptId),
    rows.map((row) => row.tokens),
    rows.map((row) => nanoToNumeric(row.usd)),
    workspaceId,
  ]);
  return corrected.map((row) => row.id);
}

export async function listAssumed(db: Queryable, workspaceId: WorkspaceId): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT s.id FROM step_attempts s JOIN workflow_executions e ON e.id = s.execution_id
     WHERE s.state = 'assumed' AND e.workspace_id = $1 ORDER BY s.id LIMIT 1000`,
    [workspaceId],
  );
  return rows.map((row) => row.id);
}
