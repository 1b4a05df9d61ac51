// SQL of reservations and settlements. Decides nothing: Ledger.ts does, inside the transactions that it opens.
import type { WorkspaceId } from "../core/ids.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import type { Fragment, PartWriter } from "../db/UnitPart.ts";
import type { AccountKind, OnLimit, Settlement, WindowKind } from "./types.ts";

/** Who a call is charged to, besides its execution. */
export interface ChargeScope {
  readonly workspaceId: WorkspaceId;
  readonly executionId: string;
  readonly agentId: string | null;
  readonly tags: readonly string[];
}

/**
 * Shares the execution's row, if it is still this epoch's: a takeover waits until the reservation is in. The part that does nothing
 * takes the lock that inserting the attempt will need before the row's, in the order of who sets a limit (BudgetStore.setAccount).
 */
export async function lockOwned(tx: Transaction, executionId: string, epoch: number): Promise<boolean> {
  const { rows } = await tx.query(
    "WITH attempts AS (DELETE FROM step_attempts WHERE FALSE) SELECT 1 FROM workflow_executions WHERE id = $1 AND epoch = $2 FOR SHARE",
    [executionId, epoch],
    "ledger_fence",
  );
  return rows.length === 1;
}

export interface LimitedAccount {
  readonly id: string;
  readonly kind: AccountKind;
  readonly subject: string;
  readonly windowKind: WindowKind;
  readonly windowStart: Date;
  readonly limitTokens: bigint | null;
  readonly limitUsd: NanoUsd | null;
  readonly onLimit: OnLimit;
}

interface AccountRecord {
  readonly id: string;
  readonly kind: AccountKind;
  readonly subject: string;
  readonly window_kind: WindowKind;
  readonly window_start: Date;
  readonly limit_tokens: string | null;
  readonly limit_usd: string | null;
  readonly on_limit: OnLimit;
}

/** Start of the account's present window, by the database's clock in the workspace's zone. */
export const WINDOW_START = `CASE a.window_kind WHEN 'total' THEN 'epoch'::timestamptz
  ELSE date_trunc(a.window_kind, now() AT TIME ZONE w.time_zone) AT TIME ZONE w.time_zone END`;

/** Limited accounts of a scope, root first. Served by the unique key on (workspace, kind, subject, window). */
export async function loadLimitedAccounts(db: Queryable, scope: ChargeScope, lock: boolean): Promise<LimitedAccount[]> {
  const { rows } = await db.query<AccountRecord>(
    `SELECT a.id, a.kind, a.subject, a.window_kind, ${WINDOW_START} AS window_start, a.limit_tokens, a.limit_usd, a.on_limit
     FROM ledger_accounts a JOIN workspaces w ON w.id = a.workspace_id
     WHERE a.workspace_id = $1 AND (a.limit_tokens IS NOT NULL OR a.limit_usd IS NOT NULL)
       AND ((a.kind = 'workspace' AND a.subject = $1::text) OR (a.kind = 'agent' AND a.subject = $2)
         OR (a.kind = 'execution' AND a.subject = $3) OR (a.kind = 'tag' AND a.subject = ANY($4::text[])))
     ORDER BY a.depth, a.id${lock ? " FOR UPDATE OF a" : ""}`,
    [scope.workspaceId, scope.agentId ?? "", scope.executionId, scope.tags],
    lock ? "ledger_accounts_locked" : "ledger_accounts",
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    windowKind: row.window_kind,
    windowStart: row.window_start,
    limitTokens: row.limit_tokens === null ? null : BigInt(row.limit_tokens),
    limitUsd: row.limit_usd === null ? null : parseUsd(row.limit_usd),
    onLimit: row.on_limit,
  }));
}

export interface Grant {
  readonly accountId: string;
  readonly windowStart: Date;
  readonly grantedTokens: bigint;
  readonly grantedUsd: NanoUsd;
  readonly openTokens: bigint;
  readonly openUsd: NanoUsd;
  readonly spentTokens: bigint;
  readonly spentUsd: NanoUsd;
}

interface GrantRecord {
  readonly account_id: string;
  readonly window_start: Date;
  readonly granted_tokens: string;
  readonly granted_usd: string;
  readonly open_tokens: string;
  readonly open_usd: string;
  readonly spent_tokens: string;
  readonly spent_usd: string;
}

export async function lockGrants(tx: Transaction, executionId: string): Promise<Grant[]> {
  const { rows } = await tx.query<GrantRecord>(
    `SELECT account_id, window_start, granted_tokens, granted_usd, open_tokens, open_usd, spent_tokens, spent_usd
     FROM ledger_grants WHERE execution_id = $1 ORDER BY account_id, window_start FOR UPDATE`,
    [executionId],
    "ledger_grants_locked",
  );
  return rows.map((row) => ({
    accountId: row.account_id,
    windowStart: row.window_start,
    grantedTokens: BigInt(row.granted_tokens),
    grantedUsd: parseUsd(row.granted_usd),
    openTokens: BigInt(row.open_tokens),
    openUsd: parseUsd(row.open_usd),
    spentTokens: BigInt(row.spent_tokens),
    spentUsd: parseUsd(row.spent_usd),
  }));
}

export interface Amount {
  readonly tokens: bigint;
  readonly usd: NanoUsd;
}

/** Creates missing balances of the accounts' present windows and locks them; callers hold the accounts' locks. */
export async function lockBalances(tx: Transaction, accounts: readonly LimitedAccount[]): Promise<Map<string, Amount>> {
  const ids = accounts.map((account) => account.id);
  const windows = accounts.map((account) => account.windowStart.toISOString());
  await tx.query(
    "INSERT INTO ledger_balances (account_id, window_start) SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) ON CONFLICT DO NOTHING",
    [ids, windows],
    "ledger_balances_created",
  );
  const { rows } = await tx.query<{ account_id: string; granted_tokens: string; granted_usd: string }>(
    `SELECT b.account_id, b.granted_tokens, b.granted_usd FROM ledger_balances b
     JOIN unnest($1::uuid[], $2::timestamptz[]) AS u(account_id, window_start) ON b.account_id = u.account_id AND b.window_start = u.window_start
     ORDER BY b.account_id FOR UPDATE OF b`,
    [ids, windows],
    "ledger_balances_locked",
  );
  return new Map(rows.map((row) => [row.account_id, { tokens: BigInt(row.granted_tokens), usd: parseUsd(row.granted_usd) }]));
}

/** One change of one grant: what it gets more, and what of it becomes open. */
export interface GrantChange {
  readonly accountId: string;
  readonly windowStart: Date;
  readonly extra: Amount;
  readonly open: Amount;
}

export async function changeGrants(tx: Transaction, executionId: string, changes: readonly GrantChange[]): Promise<void> {
  if (changes.length === 0) return;
  const columns = [
    changes.map((change) => change.accountId),
    changes.map((change) => change.windowStart.toISOString()),
    changes.map((change) => change.extra.tokens.toString()),
    changes.map((change) => nanoToNumeric(change.extra.usd)),
    changes.map((change) => change.open.tokens.toString()),
    changes.map((change) => nanoToNumeric(change.open.usd)),
  ];
  await tx.query(
    `WITH change AS (SELECT * FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[], $5::numeric[], $6::bigint[], $7::numeric[])
         AS u(account_id, window_start, extra_tokens, extra_usd, open_tokens, open_usd)),
       balanced AS (UPDATE ledger_balances b SET granted_tokens = b.granted_tokens + c.extra_tokens, granted_usd = b.granted_usd + c.extra_usd
         FROM change c WHERE b.account_id = c.account_id AND b.window_start = c.window_start AND (c.extra_tokens <> 0 OR c.extra_usd <> 0))
     INSERT INTO ledger_grants AS g (execution_id, account_id, window_start, granted_tokens, granted_usd, open_tokens, open_usd)
     SELECT $1::uuid, account_id, window_start, extra_tokens, extra_usd, open_tokens, open_usd FROM change
     ON CONFLICT (execution_id, account_id, window_start) DO UPDATE SET
       granted_tokens = g.granted_tokens + excluded.granted_tokens, granted_usd = g.granted_usd + excluded.granted_usd,
       open_tokens = g.open_tokens + excluded.open_tokens, open_usd = g.open_usd + excluded.open_usd`,
    [executionId, ...columns],
    "ledger_grants_changed",
  );
}

export interface AttemptRow {
  readonly id: string;
  readonly executionId: string;
  readonly epoch: number;
  readonly stepPath: string;
  readonly attempt: number;
  readonly call: number;
  readonly kind: "model" | "effect";
  readonly provider: string | null;
  readonly model: string | null;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
  readonly outputCapTokens: number | null;
  readonly idempotencyKey: string | null;
  readonly viewHash: Buffer | null;
}

export async function insertAttempt(tx: Transaction, row: AttemptRow, accounts: readonly LimitedAccount[]): Promise<void> {
  await tx.query(
    `WITH attempt AS (INSERT INTO step_attempts (id, execution_id, step_path, attempt, call, epoch, kind, provider, model,
         reserved_tokens, reserved_usd, output_cap_tokens, idempotency_key, view_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id)
     INSERT INTO ledger_reservations (attempt_id, account_id, window_start)
     SELECT a.id, u.account_id, u.window_start FROM attempt a, unnest($15::uuid[], $16::timestamptz[]) AS u(account_id, window_start)`,
    [
      row.id,
      row.executionId,
      row.stepPath,
      row.attempt,
      row.call,
      row.epoch,
      row.kind,
      row.provider,
      row.model,
      row.reservedTokens,
      row.reservedUsd === null ? null : nanoToNumeric(row.reservedUsd),
      row.outputCapTokens,
      row.idempotencyKey,
      row.viewHash,
      accounts.map((account) => account.id),
      accounts.map((account) => account.windowStart.toISOString()),
    ],
    "ledger_attempt_inserted",
  );
}

/**
 * Attempts of effects that cost nothing: progress, so that a fenced owner cannot even begin. Only the very same row may be
 * written twice: one whose number another attempt has must fail, or its effect would leave without a row.
 */
export const attemptWriter: PartWriter<AttemptRow> = {
  kind: "attempts",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const column = (pick: (row: AttemptRow) => unknown, cast: string): string => binder.bind(rows.map(pick), cast);
    const sources = [
      column((row) => row.id, "uuid[]"),
      column((row) => row.executionId, "uuid[]"),
      column((row) => row.stepPath, "text[]"),
      column((row) => row.attempt, "int[]"),
      column((row) => row.call, "int[]"),
      column((row) => row.epoch, "int[]"),
      column((row) => row.kind, "text[]"),
      column((row) => row.idempotencyKey, "text[]"),
    ].join(", ");
    return [
      {
        name: "attempts_written",
        sql: `INSERT INTO step_attempts (id, execution_id, step_path, attempt, call, epoch, kind, idempotency_key)
          SELECT u.id, f.id, u.step_path, u.attempt, u.call, u.epoch, u.kind, u.idempotency_key
          FROM unnest(${sources}) AS u(id, execution_id, step_path, attempt, call, epoch, kind, idempotency_key)
          JOIN fence f ON f.id = u.execution_id ON CONFLICT (id) DO NOTHING`,
      },
    ];
  },
};

export const settlementWriter: PartWriter<Settlement> = {
  kind: "settlements",
  acceptance: "fact",
  fragments(rows, binder): readonly Fragment[] {
    const column = (pick: (row: Settlement) => unknown, cast: string): string => binder.bind(rows.map(pick), cast);
    const sources = [
      column((row) => row.attemptId, "uuid[]"),
      column((row) => row.state, "text[]"),
      column((row) => row.usedTokens, "bigint[]"),
      column((row) => (row.usedUsd === null ? null : nanoToNumeric(row.usedUsd)), "numeric[]"),
      column((row) => (row.message === undefined ? null : Buffer.from(row.message, "utf8")), "bytea[]"),
    ].join(", ");
    return settlementFragments(`SELECT * FROM unnest(${sources}) AS u(id, state, used_tokens, used_usd, message)`);
  },
};

/**
 * attempt → grants → balances. An open attempt may become anything; an assumed or uncertain one may be corrected by what
 * really happened; a settled one never moves again, which makes the statement safe to replay.
 */
export function settlementFragments(source: string): readonly Fragment[] {
  return [
    { name: "settlements_given", sql: source },
    {
      name: "settlements_booked",
      sql: `UPDATE step_attempts a SET state = u.state, used_tokens = u.used_tokens, used_usd = u.used_usd, settled_at = NOW(),
          message = COALESCE(u.message, a.message), was_open = (a.state = 'open'),
          before_tokens = COALESCE(a.used_tokens, 0), before_usd = COALESCE(a.used_usd, 0)
        FROM settlements_given u
        WHERE a.id = u.id AND (a.state = 'open' OR (a.state IN ('assumed', 'uncertain') AND u.state IN ('settled', 'failed')))
        RETURNING a.id, a.execution_id, a.was_open, a.reserved_tokens, COALESCE(a.reserved_usd, 0) AS reserved_usd,
          COALESCE(a.used_tokens, 0) - a.before_tokens AS spent_tokens, COALESCE(a.used_usd, 0) - a.before_usd AS spent_usd`,
    },
    {
      name: "settlements_moves",
      sql: `SELECT s.execution_id, r.account_id, r.window_start,
          SUM(CASE WHEN s.was_open THEN s.reserved_tokens ELSE 0 END)::bigint AS release_tokens,
          SUM(CASE WHEN s.was_open THEN s.reserved_usd ELSE 0 END) AS release_usd,
          SUM(s.spent_tokens)::bigint AS spent_tokens, SUM(s.spent_usd) AS spent_usd
        FROM settlements_booked s JOIN ledger_reservations r ON r.attempt_id = s.id GROUP BY 1, 2, 3`,
    },
    {
      name: "settlements_granted",
      sql: `UPDATE ledger_grants g SET
          open_tokens = g.open_tokens - m.release_tokens, open_usd = g.open_usd - m.release_usd,
          spent_tokens = g.spent_tokens + m.spent_tokens, spent_usd = g.spent_usd + m.spent_usd,
          last_overrun_tokens = GREATEST(0, g.spent_tokens + m.spent_tokens + g.open_tokens - m.release_tokens - g.granted_tokens),
          last_overrun_usd = GREATEST(0, g.spent_usd + m.spent_usd + g.open_usd - m.release_usd - g.granted_usd),
          granted_tokens = GREATEST(g.granted_tokens, g.spent_tokens + m.spent_tokens + g.open_tokens - m.release_tokens),
          granted_usd = GREATEST(g.granted_usd, g.spent_usd + m.spent_usd + g.open_usd - m.release_usd)
        FROM settlements_moves m
        WHERE g.execution_id = m.execution_id AND g.account_id = m.account_id AND g.window_start = m.window_start
        RETURNING g.account_id, g.window_start, g.last_overrun_tokens, g.last_overrun_usd`,
    },
    {
      name: "settlements_balanced",
      sql: `UPDATE ledger_balances b SET granted_tokens = b.granted_tokens + x.tokens, granted_usd = b.granted_usd + x.usd
        FROM (SELECT account_id, window_start, SUM(last_overrun_tokens)::bigint AS tokens, SUM(last_overrun_usd) AS usd
              FROM settlements_granted GROUP BY 1, 2) x
        WHERE b.account_id = x.account_id AND b.window_start = x.window_start AND (x.tokens > 0 OR x.usd > 0)`,
    },
  ];
}

/** granted := spent + open for every grant of the executions; the rest goes back to the balances. */
export async function returnGrants(tx: Queryable, executionIds: readonly string[]): Promise<void> {
  await tx.query(
    // Balances before grants, as reservations lock them, and in their order; the count makes the second wait for the first.
    `WITH locked AS MATERIALIZED (
       SELECT b.account_id FROM ledger_balances b WHERE (b.account_id, b.window_start) IN (SELECT account_id, window_start FROM ledger_grants
         WHERE execution_id = ANY($1::uuid[]) AND (granted_tokens > spent_tokens + open_tokens OR granted_usd > spent_usd + open_usd)) ORDER BY b.account_id, b.window_start FOR UPDATE),
     idle AS (
       SELECT execution_id, account_id, window_start, granted_tokens - spent_tokens - open_tokens AS tokens, granted_usd - spent_usd - open_usd AS usd
       FROM ledger_grants WHERE (SELECT COUNT(*) FROM locked) >= 0
         AND execution_id = ANY($1::uuid[]) AND (granted_tokens > spent_tokens + open_tokens OR granted_usd > spent_usd + open_usd)
       ORDER BY account_id FOR UPDATE),
     shrunk AS (
       UPDATE ledger_grants g SET granted_tokens = g.granted_tokens - GREATEST(i.tokens, 0), granted_usd = g.granted_usd - GREATEST(i.usd, 0)
       FROM idle i WHERE g.execution_id = i.execution_id AND g.account_id = i.account_id AND g.window_start = i.window_start)
     UPDATE ledger_balances b SET granted_tokens = b.granted_tokens - x.tokens, granted_usd = b.granted_usd - x.usd
     FROM (SELECT account_id, window_start, SUM(GREATEST(tokens, 0))::bigint AS tokens, SUM(GREATEST(usd, 0)) AS usd FROM idle GROUP BY 1, 2) x
     WHERE b.account_id = x.account_id AND b.window_start = x.window_start`,
    [executionIds],
    "ledger_grants_returned",
  );
}
