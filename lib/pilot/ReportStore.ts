// SQL of reading executions for people: one whole, many in a list, sums of calls. Writes nothing but prune's deletes.
import type { WorkspaceId } from "../core/ids.ts";
import { parseUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import type { Status } from "./ExecutionStore.ts";

export interface ExecutionRecord {
  readonly id: string;
  readonly agentId: string;
  readonly workflow: string;
  readonly status: Status;
  readonly waitingFor: string | null;
  readonly definitionHash: Buffer;
  readonly snapshotHash: Buffer;
  readonly inputHash: Buffer;
  readonly outputHash: Buffer | null;
  /** JSON text of the error record. */
  readonly error: string | null;
  readonly forkedFrom: string | null;
  readonly runMode: string;
  readonly wakeAt: Date | null;
  readonly isCancelRequested: boolean;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

interface ExecutionRow {
  readonly id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly status: Status;
  readonly waiting_for: string | null;
  readonly definition_hash: Buffer;
  readonly snapshot_hash: Buffer;
  readonly input_hash: Buffer;
  readonly output_hash: Buffer | null;
  readonly error: Buffer | null;
  readonly forked_from: string | null;
  readonly run_mode: string;
  readonly wake_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

export async function findExecution(db: Queryable, workspaceId: WorkspaceId, id: string): Promise<ExecutionRecord | undefined> {
  const { rows } = await db.query<ExecutionRow>(
    `SELECT e.id, e.agent_id, a.agent_name, e.status, e.waiting_for, e.definition_hash, e.snapshot_hash, e.input_hash, e.output_hash, e.error,
       e.forked_from, e.run_mode, e.wake_at, e.cancel_requested_at, e.created_at, e.started_at, e.finished_at
     FROM workflow_executions e JOIN agents a ON a.id = e.agent_id WHERE e.id = $1 AND e.workspace_id = $2`,
    [id, workspaceId],
    "execution_found",
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    id: row.id,
    agentId: row.agent_id,
    workflow: row.agent_name,
    status: row.status,
    waitingFor: row.waiting_for,
    definitionHash: row.definition_hash,
    snapshotHash: row.snapshot_hash,
    inputHash: row.input_hash,
    outputHash: row.output_hash,
    error: row.error === null ? null : row.error.toString("utf8"),
    forkedFrom: row.forked_from,
    runMode: row.run_mode,
    wakeAt: row.wake_at,
    isCancelRequested: row.cancel_requested_at !== null,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

/** Just the status: what a waiting caller polls. */
export async function loadStatus(
  db: Queryable,
  workspaceId: WorkspaceId,
  id: string,
): Promise<{ readonly status: Status; readonly waitingFor: string | null } | undefined> {
  const { rows } = await db.query<{ status: Status; waiting_for: string | null }>(
    "SELECT status, waiting_for FROM workflow_executions WHERE id = $1 AND workspace_id = $2",
    [id, workspaceId],
    "execution_status",
  );
  return rows[0] === undefined ? undefined : { status: rows[0].status, waitingFor: rows[0].waiting_for };
}

/** Ids that begin with the given text, at most two: enough to know whether it is unique. */
export async function findByPrefix(db: Queryable, workspaceId: WorkspaceId, prefix: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM workflow_executions WHERE workspace_id = $1 AND starts_with(id::text, $2) ORDER BY created_at DESC, id DESC LIMIT 2",
    [workspaceId, prefix],
  );
  return rows.map((row) => row.id);
}

export interface CallSum {
  readonly tokens: number;
  /** null: at least one call has no known price. */
  readonly usd: NanoUsd | null;
  readonly model: string | null;
}

/** Calls by step path: what was used, by the ledger's attempts (open ones at nothing yet). */
export async function sumCalls(db: Queryable, executionId: string): Promise<Map<string, CallSum>> {
  const { rows } = await db.query<{ step_path: string; tokens: string | null; usd: string | null; unknown: boolean; model: string | null }>(
    `SELECT step_path, SUM(used_tokens) AS tokens, SUM(used_usd) AS usd, BOOL_OR(state IN ('settled', 'assumed') AND used_usd IS NULL) AS unknown,
       (array_agg(model ORDER BY dispatched_at DESC))[1] AS model
     FROM step_attempts WHERE execution_id = $1 AND kind = 'model' GROUP BY step_path`,
    [executionId],
  );
  return new Map(
    rows.map((row) => [
      row.step_path,
      { tokens: Number(row.tokens ?? 0), usd: row.unknown ? null : parseUsd(row.usd ?? "0"), model: row.model },
    ]),
  );
}

export interface SummaryRecord {
  readonly id: string;
  readonly workflow: string;
  readonly status: Status;
  readonly waitingFor: string | null;
  readonly tokens: number;
  readonly usd: NanoUsd | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface SummaryFilter {
  readonly status?: Status;
  readonly agent?: string;
  /** Newest first, beginning after this id. */
  readonly before?: string;
  readonly limit: number;
}

/** Newest first. Served by workflow_executions_listed. */
export async function listExecutions(db: Queryable, workspaceId: WorkspaceId, filter: SummaryFilter): Promise<SummaryRecord[]> {
  const { rows } = await db.query<{
    id: string;
    agent_name: string;
    status: Status;
    waiting_for: string | null;
    tokens: string | null;
    usd: string | null;
    unknown: boolean | null;
    created_at: Date;
    finished_at: Date | null;
  }>(
    `SELECT e.id, a.agent_name, e.status, e.waiting_for, s.tokens, s.usd, s.unknown, e.created_at, e.finished_at
     FROM workflow_executions e JOIN agents a ON a.id = e.agent_id
     LEFT JOIN LATERAL (SELECT SUM(used_tokens) AS tokens, SUM(used_usd) AS usd, BOOL_OR(state IN ('settled', 'assumed') AND used_usd IS NULL) AS unknown
       FROM step_attempts t WHERE t.execution_id = e.id AND t.kind = 'model') s ON TRUE
     WHERE e.workspace_id = $1 AND ($2::text IS NULL OR e.status = $2) AND ($3::text IS NULL OR a.agent_name = $3 OR a.id::text = $3)
       AND ($4::uuid IS NULL OR (e.created_at, e.id) < (SELECT b.created_at, b.id FROM workflow_executions b WHERE b.id = $4))
     ORDER BY e.created_at DESC, e.id DESC LIMIT $5`,
    [workspaceId, filter.status ?? null, filter.agent ?? null, filter.before ?? null, filter.limit],
  );
  return rows.map((row) => ({
    id: row.id,
    workflow: row.agent_name,
    status: row.status,
    waitingFor: row.waiting_for,
    tokens: Number(row.tokens ?? 0),
    usd: row.unknown === true ? null : parseUsd(row.usd ?? "0"),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  }));
}

/** Alive executions that a changed budget may concern: of one execution, an agent, a tag's agents are not known, so all of the workspace. */
export async function findAlive(
  db: Queryable,
  workspaceId: WorkspaceId,
  scope: { readonly executionId?: string; readonly agentId?: string },
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM workflow_executions WHERE workspace_id = $1 AND finished_at IS NULL AND (status = 'running' OR (status = 'suspended' AND waiting_for = 'budget'))
       AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR agent_id = $3) ORDER BY id`,
    [workspaceId, scope.executionId ?? null, scope.agentId ?? null],
  );
  return rows.map((row) => row.id);
}

export interface PruneCount {
  readonly executions: number;
  readonly bytes: number;
}

const PRUNABLE = `e.workspace_id = $1 AND e.status IN ('completed', 'failed', 'cancelled') AND e.finished_at < NOW() - make_interval(days => $2)
  AND NOT EXISTS (SELECT 1 FROM workflow_step_executions s WHERE s.output_execution_id = e.id AND s.workflow_execution_id <> e.id)`;

export async function countPrunable(db: Queryable, workspaceId: WorkspaceId, olderThanDays: number): Promise<PruneCount> {
  const { rows } = await db.query<{ executions: string; bytes: string | null }>(
    `SELECT COUNT(*) AS executions, (SELECT SUM(octet_length(v.content)) FROM execution_values v JOIN workflow_executions e ON e.id = v.execution_id WHERE ${PRUNABLE}) AS bytes
     FROM workflow_executions e WHERE ${PRUNABLE}`,
    [workspaceId, olderThanDays],
  );
  return { executions: Number(rows[0]?.executions ?? 0), bytes: Number(rows[0]?.bytes ?? 0) };
}

/** Steps, values, attempts, grants and signals go with their execution; usage and audit stay: they are the books. @returns how many went */
export async function deletePrunable(db: Queryable, workspaceId: WorkspaceId, olderThanDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `WITH doomed AS (SELECT e.id FROM workflow_executions e WHERE ${PRUNABLE} ORDER BY e.id LIMIT $3 FOR UPDATE SKIP LOCKED),
       steps AS (DELETE FROM workflow_step_executions s USING doomed d WHERE s.workflow_execution_id = d.id),
       contents AS (DELETE FROM execution_values v USING doomed d WHERE v.execution_id = d.id),
       budgets AS (DELETE FROM token_budgets b USING doomed d WHERE b.execution_id = d.id)
     DELETE FROM workflow_executions e USING doomed d WHERE e.id = d.id`,
    [workspaceId, olderThanDays, limit],
  );
  return rowCount;
}
