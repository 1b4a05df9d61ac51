// SQL of sessions: rows of workflow_executions whose calls a process outside of any workflow makes. No worker claims them. Decides nothing.
import type { WorkspaceId } from "../../core/ids.ts";
import { parseUsd, type NanoUsd } from "../../core/money.ts";
import type { Queryable, Transaction } from "../../db/Database.ts";
import type { Status } from "../ExecutionStore.ts";
import { SESSION_MODE } from "./sessionMode.ts";

/** A new row begins to run at once, in the transaction that inserts it: there is nothing to be claimed. */
export async function beginSession(
  tx: Transaction,
  { id, owner, silenceMs }: { readonly id: string; readonly owner: string; readonly silenceMs: number },
): Promise<void> {
  await tx.query(
    `UPDATE workflow_executions SET status = 'running', epoch = 1, owner = $2, started_at = NOW(), wake_at = NOW() + make_interval(secs => $3)
     WHERE id = $1 AND run_mode = '${SESSION_MODE}'`,
    [id, owner, silenceMs / 1_000],
    "session_begun",
  );
}

/** @returns those that are still their owner's; `wake_at` of a session is when its silence has lasted too long */
export async function renewSessions(
  db: Queryable,
  held: readonly { readonly id: string; readonly epoch: number }[],
  silenceMs: number,
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `WITH ours AS (SELECT e.id FROM workflow_executions e JOIN unnest($1::uuid[], $2::int[]) AS u(id, epoch) ON e.id = u.id AND e.epoch = u.epoch
       WHERE e.finished_at IS NULL ORDER BY e.id FOR UPDATE OF e)
     UPDATE workflow_executions e SET wake_at = NOW() + make_interval(secs => $3) FROM ours WHERE e.id = ours.id RETURNING e.id`,
    [held.map(({ id }) => id), held.map(({ epoch }) => epoch), silenceMs / 1_000],
    "sessions_renewed",
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Sessions whose process has been silent for too long. Index: workflow_executions_alive.
 *
 * @param soleOwner set for the only process that can have a session in this database: every other owner's is dead
 */
export async function findSilent(db: Queryable, soleOwner: string | null, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM workflow_executions WHERE finished_at IS NULL AND status = 'running' AND run_mode = '${SESSION_MODE}'
       AND (wake_at < NOW() OR ($1::text IS NOT NULL AND owner <> $1)) ORDER BY id LIMIT $2`,
    [soleOwner, limit],
    "sessions_silent",
  );
  return rows.map(({ id }) => id);
}

/** Whose session may be ended: its owner's own, one that is silent, or whichever it is. */
export type EndCondition =
  | { readonly by: "owner"; readonly epoch: number }
  | { readonly by: "sweep"; readonly soleOwner: string | null }
  | { readonly by: "person"; readonly workspaceId: WorkspaceId };

export interface FencedSession {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  /** The epoch that the end is written under: no reservation of the one before it gets in any more. */
  readonly epoch: number;
}

/** Locks the row. null: it is none, has ended, or the condition does not hold any more. */
export async function fenceSession(tx: Transaction, id: string, condition: EndCondition): Promise<FencedSession | null> {
  const [epoch, soleOwner, workspaceId] = [
    condition.by === "owner" ? condition.epoch : null,
    condition.by === "sweep" ? condition.soleOwner : null,
    condition.by === "person" ? condition.workspaceId : null,
  ];
  const { rows } = await tx.query<{ workspace_id: string; agent_id: string; epoch: number }>(
    // The part that does nothing takes the lock that booking the open calls will need, in the order of who sets a limit (LedgerStore.lockOwned).
    `WITH attempts AS (DELETE FROM step_attempts WHERE FALSE)
     UPDATE workflow_executions SET epoch = epoch + 1, cancel_requested_at = CASE WHEN $2 = 'person' THEN NOW() ELSE cancel_requested_at END
     WHERE id = $1 AND run_mode = '${SESSION_MODE}' AND finished_at IS NULL AND status = 'running'
       AND CASE $2 WHEN 'owner' THEN epoch = $3 WHEN 'person' THEN workspace_id = $5
         ELSE wake_at < NOW() OR ($4::text IS NOT NULL AND owner <> $4) END
     RETURNING workspace_id, agent_id, epoch`,
    [id, condition.by, epoch, soleOwner, workspaceId],
    "session_fenced",
  );
  const row = rows[0];
  return row === undefined ? null : { id, workspaceId: row.workspace_id as WorkspaceId, agentId: row.agent_id, epoch: row.epoch };
}

export interface OpenCall {
  readonly attemptId: string;
  readonly stepPath: string;
  readonly provider: string;
  readonly model: string;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
  readonly outputCapTokens: number;
}

/** Calls of which nobody said what became of them. Index: step_attempts_assumed. */
export async function loadOpenCalls(db: Queryable, id: string): Promise<OpenCall[]> {
  const { rows } = await db.query<{
    id: string;
    step_path: string;
    provider: string | null;
    model: string | null;
    reserved_tokens: string;
    reserved_usd: string | null;
    output_cap_tokens: string | null;
  }>(
    `SELECT id, step_path, provider, model, reserved_tokens, reserved_usd, output_cap_tokens FROM step_attempts
     WHERE execution_id = $1 AND state = 'open' AND kind = 'model' ORDER BY dispatched_at, id`,
    [id],
    "session_open_calls",
  );
  return rows.map((row) => ({
    attemptId: row.id,
    stepPath: row.step_path,
    provider: row.provider ?? "",
    model: row.model ?? "",
    reservedTokens: Number(row.reserved_tokens),
    reservedUsd: row.reserved_usd === null ? null : parseUsd(row.reserved_usd),
    outputCapTokens: Number(row.output_cap_tokens ?? 0),
  }));
}

/** How many calls were answered, and how many were not. */
export async function countCalls(db: Queryable, id: string): Promise<{ readonly completed: number; readonly failed: number }> {
  const { rows } = await db.query<{ completed: string; failed: string }>(
    `SELECT COUNT(*) FILTER (WHERE status = 'completed') AS completed, COUNT(*) FILTER (WHERE status = 'failed') AS failed
     FROM workflow_step_executions WHERE workflow_execution_id = $1`,
    [id],
    "session_calls_counted",
  );
  return { completed: Number(rows[0]?.completed ?? 0), failed: Number(rows[0]?.failed ?? 0) };
}

/** null: it is gone, by `prune`. */
export async function loadSessionStatus(db: Queryable, id: string): Promise<Status | null> {
  const { rows } = await db.query<{ status: Status }>("SELECT status FROM workflow_executions WHERE id = $1", [id], "session_status");
  return rows[0]?.status ?? null;
}
