// SQL of workflow_executions: insert, claim, load, suspend, end, cancel, signals. Decides nothing. What the sweep asks is in SweepStore.ts.
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import { bindRows } from "../db/bindRows.ts";
import { fewRows } from "../db/fewRows.ts";
import type { Binder, Fragment, PartWriter } from "../db/UnitPart.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import type { AuditRow } from "../audit/AuditRow.ts";
import { QUEUE_NAME, QUEUE_SCHEMA } from "./queueNames.ts";

/** Channel of the hint that a wake-up was made. */
export const WAKE_CHANNEL = "neuronforge_wake";

/** @param sender comes back as the payload, so that who made the wake-up does not look twice */
export async function notifyWake(db: Queryable, sender: string): Promise<void> {
  await db.query(`SELECT pg_notify('${WAKE_CHANNEL}', $1)`, [sender], "wake_notified");
}

export type Status = "queued" | "running" | "suspended" | "completed" | "failed" | "cancelled" | "uncertain";

export interface NewExecution {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly definitionHash: Buffer;
  readonly snapshotHash: Buffer;
  readonly inputHash: Buffer;
  readonly inputContent: Buffer;
  readonly runMode: string;
  readonly totalSteps: number;
  readonly wakeId: string;
  readonly forkedFrom: string | null;
}

/** Column, SQL type, where its value is in a row, and whether executions that start together mostly share it. */
const NEW_COLUMNS: readonly (readonly [name: string, type: string, pick: (row: NewExecution) => unknown, repeats: boolean])[] = [
  ["id", "uuid", (row) => row.id, false],
  ["workspace_id", "uuid", (row) => row.workspaceId, true],
  ["agent_id", "uuid", (row) => row.agentId, true],
  ["definition_hash", "bytea", (row) => row.definitionHash, true],
  ["snapshot_hash", "bytea", (row) => row.snapshotHash, true],
  ["input_hash", "bytea", (row) => row.inputHash, false],
  ["input_content", "bytea", (row) => row.inputContent, false],
  ["run_mode", "text", (row) => row.runMode, true],
  ["total_steps", "int", (row) => row.totalSteps, true],
  ["wake_id", "uuid", (row) => row.wakeId, false],
  ["forked_from", "uuid", (row) => row.forkedFrom, true],
];

/**
 * Rows, inputs and their first audit rows in one statement.
 *
 * @param audits ids must follow from the execution's, so that a start that was there already adds none
 * @returns ids that are new; an id that exists was started before (same idempotency key)
 */
export async function insertExecutions(tx: Queryable, rows: readonly NewExecution[], audits: readonly AuditRow[]): Promise<Set<string>> {
  const values: unknown[] = [];
  const binder: Binder = {
    bind: (value, cast) => {
      values.push(value);
      return `$${values.length}::${cast}`;
    },
  };
  const source = bindRows(
    binder,
    "g",
    NEW_COLUMNS.map(([name, type, pick, repeats]) => ({ name, type, values: rows.map(pick), repeats })),
  );
  const audited = auditWriter.fragments(audits, binder);
  const { rows: inserted } = await tx.query<{ id: string }>(
    `WITH given AS (SELECT ${NEW_COLUMNS.map(([name]) => `${source.column(name)} AS ${name}`).join(", ")} FROM ${source.from}),
       made AS (INSERT INTO workflow_executions (id, workspace_id, agent_id, definition_hash, snapshot_hash, input_hash, run_mode, total_steps, wake_id, forked_from, status)
         SELECT id, workspace_id, agent_id, definition_hash, snapshot_hash, input_hash, run_mode, total_steps, wake_id, forked_from, 'queued' FROM given
         ON CONFLICT (id) DO NOTHING RETURNING id),
       stored AS (INSERT INTO execution_values (execution_id, hash, content)
         SELECT g.id, g.input_hash, g.input_content FROM given g JOIN made m ON m.id = g.id),
       ${audited.map(({ name, sql }) => `${name} AS (${sql})`).join(", ")}
     SELECT id FROM made`,
    values,
    // One row is bound otherwise than several: two texts, two prepared statements.
    rows.length === 1 ? "execution_inserted" : "executions_inserted",
  );
  return new Set(inserted.map((row) => row.id));
}

export interface ClaimedExecution {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly epoch: number;
  readonly jobId: string;
  readonly retryCount: number;
  readonly definitionHash: Buffer;
  readonly snapshotHash: Buffer;
  /** JSON text. */
  readonly inputs: Buffer;
  readonly runMode: string;
  readonly forkedFrom: string | null;
  readonly startedAt: Date;
  readonly isCancelRequested: boolean;
  readonly fruitlessEpochs: number;
  readonly begunSteps: readonly string[];
  /** True on the first claim: no row, attempt or signal can exist yet, so none is looked for. */
  readonly isFirstClaim: boolean;
}

export interface Claims {
  readonly claimed: readonly ClaimedExecution[];
  /** Other wake-ups were due; unknown when nothing was claimed, and then true. */
  readonly hasMore: boolean;
}

/**
 * Claims the executions whose wake-up is exactly the fetched job. A claim that ended without one journal row, while steps
 * were under way at its last touch, counts as fruitless: five in a row mean that a step kills its worker. One that ended
 * before a touch says nothing: a process that something else ends again and again must not take all it holds with it.
 */
export async function claimExecutions(
  tx: Transaction,
  owner: string,
  jobs: readonly { readonly id: string; readonly executionId: string; readonly retryCount: number }[],
): Promise<Claims> {
  const { rows } = await tx.query<{
    id: string;
    workspace_id: string;
    agent_id: string;
    epoch: number;
    wake_id: string;
    definition_hash: Buffer;
    snapshot_hash: Buffer;
    inputs: Buffer;
    run_mode: string;
    forked_from: string | null;
    started_at: Date;
    cancel_requested_at: Date | null;
    fruitless_epochs: number;
    begun_steps: string[] | null;
    more: boolean;
  }>(
    `UPDATE workflow_executions e SET epoch = e.epoch + 1, owner = $1, status = 'running', wake_at = NULL, waiting_for = NULL,
       started_at = COALESCE(e.started_at, NOW()),
       fruitless_epochs = CASE WHEN e.status = 'running' AND NOT EXISTS (SELECT 1 FROM workflow_step_executions s
           WHERE s.workflow_execution_id = e.id AND s.epoch = e.epoch)
         THEN e.fruitless_epochs + CASE WHEN e.begun_steps IS NULL THEN 0 ELSE 1 END ELSE 0 END,
       begun_steps = NULL
     FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS j(job_id, execution_id, n)
       JOIN workflow_executions before ON before.id = j.execution_id
     WHERE ${fewRows("j.n")} AND e.id = j.execution_id AND e.wake_id = j.job_id
       AND (e.status IN ('queued', 'running') OR (e.status = 'suspended' AND e.wake_at <= NOW()))
     RETURNING e.id, e.workspace_id, e.agent_id, e.epoch, e.wake_id, e.definition_hash, e.snapshot_hash, e.run_mode, e.forked_from,
       (SELECT v.content FROM execution_values v WHERE v.execution_id = e.id AND v.hash = e.input_hash) AS inputs,
       e.started_at, e.cancel_requested_at, e.fruitless_epochs, before.begun_steps,
       EXISTS (SELECT 1 FROM ${QUEUE_SCHEMA}.job q WHERE q.name = '${QUEUE_NAME}' AND q.state IN ('created', 'retry') AND q.start_after <= NOW()) AS more`,
    [owner, jobs.map((job) => job.id), jobs.map((job) => job.executionId)],
    "executions_claimed",
  );
  const retryCounts = new Map(jobs.map((job) => [job.id, job.retryCount]));
  const claimed = rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id as WorkspaceId,
    agentId: row.agent_id,
    epoch: row.epoch,
    jobId: row.wake_id,
    retryCount: retryCounts.get(row.wake_id) ?? 0,
    definitionHash: row.definition_hash,
    snapshotHash: row.snapshot_hash,
    inputs: row.inputs,
    runMode: row.run_mode,
    forkedFrom: row.forked_from,
    startedAt: row.started_at,
    isCancelRequested: row.cancel_requested_at !== null,
    fruitlessEpochs: row.fruitless_epochs,
    begunSteps: row.begun_steps ?? [],
    isFirstClaim: row.epoch === 1 && row.forked_from === null,
  }));
  return { claimed, hasMore: rows[0]?.more ?? true };
}

export interface EndRow {
  readonly executionId: string;
  readonly status: Extract<Status, "completed" | "failed" | "cancelled" | "uncertain">;
  readonly outputHash: Buffer | null;
  /** JSON text of the error record. */
  readonly error: string | null;
  readonly completedSteps: number;
  readonly failedSteps: number;
  readonly skippedSteps: number;
}

/** The terminal status: progress, so only the present owner writes it, and the first terminal write wins. */
export const endWriter: PartWriter<EndRow> = {
  kind: "ends",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const source = bindRows(binder, "u", [
      { name: "id", type: "uuid", values: rows.map((row) => row.executionId) },
      { name: "status", type: "text", values: rows.map((row) => row.status), repeats: true },
      { name: "output_hash", type: "bytea", values: rows.map((row) => row.outputHash) },
      { name: "error", type: "bytea", values: rows.map((row) => row.error) },
      { name: "completed", type: "int", values: rows.map((row) => row.completedSteps), repeats: true },
      { name: "failed", type: "int", values: rows.map((row) => row.failedSteps), repeats: true },
      { name: "skipped", type: "int", values: rows.map((row) => row.skippedSteps), repeats: true },
    ]);
    const { column } = source;
    return [
      {
        name: "ends_written",
        sql: `UPDATE workflow_executions e SET status = ${column("status")}, output_hash = ${column("output_hash")}, error = ${column("error")},
            completed_steps_count = ${column("completed")}, failed_steps_count = ${column("failed")}, skipped_steps_count = ${column("skipped")},
            finished_at = CASE WHEN ${column("status")} = 'uncertain' THEN NULL ELSE NOW() END,
            waiting_for = CASE WHEN ${column("status")} = 'uncertain' THEN 'uncertain' ELSE NULL END, begun_steps = NULL
          FROM ${source.from} JOIN fence f ON f.id = u.id WHERE ${source.areFew} AND e.id = u.id AND e.status = 'running'`,
      },
    ];
  },
};

export interface ExecutionLock {
  readonly status: Status;
  readonly epoch: number;
  readonly waitingFor: string | null;
  readonly isCancelRequested: boolean;
}

/** Locks the row for a suspension or an answer; null when it is gone. Signals are read in a statement of their own, after this one. */
export async function lockExecution(tx: Transaction, workspaceId: WorkspaceId, id: string): Promise<ExecutionLock | null> {
  const { rows } = await tx.query<{ status: Status; epoch: number; waiting_for: string | null; cancelled: boolean }>(
    "SELECT status, epoch, waiting_for, cancel_requested_at IS NOT NULL AS cancelled FROM workflow_executions WHERE id = $1 AND workspace_id = $2 FOR UPDATE",
    [id, workspaceId],
    "execution_locked",
  );
  const row = rows[0];
  return row === undefined ? null : { status: row.status, epoch: row.epoch, waitingFor: row.waiting_for, isCancelRequested: row.cancelled };
}

export async function markSuspended(
  tx: Transaction,
  id: string,
  suspension: { readonly wakeId: string; readonly wakeAt: Date | null; readonly waitingFor: string },
): Promise<void> {
  await tx.query(
    "UPDATE workflow_executions SET status = 'suspended', wake_id = $2, wake_at = $3, waiting_for = $4, owner = NULL, fruitless_epochs = 0, begun_steps = NULL WHERE id = $1",
    [id, suspension.wakeId, suspension.wakeAt, suspension.waitingFor],
    "execution_suspended",
  );
}

/** Gives an execution a new wake-up; whatever job it had before is stale from then on. */
export async function markQueued(tx: Transaction, id: string, wakeId: string): Promise<void> {
  await tx.query(
    "UPDATE workflow_executions SET status = 'queued', wake_id = $2, wake_at = NULL, waiting_for = NULL WHERE id = $1",
    [id, wakeId],
    "execution_queued",
  );
}

export interface Signal {
  readonly key: string;
  readonly actor: string;
  /** JSON text. */
  readonly payload: string;
  readonly createdAt: Date;
}

export async function loadSignals(db: Queryable, executionId: string): Promise<Signal[]> {
  const { rows } = await db.query<{ key: string; actor: string; payload: Buffer; created_at: Date }>(
    "SELECT key, actor, payload, created_at FROM execution_signals WHERE execution_id = $1 ORDER BY created_at, key",
    [executionId],
    "execution_signals_loaded",
  );
  return rows.map((row) => ({ key: row.key, actor: row.actor, payload: row.payload.toString("utf8"), createdAt: row.created_at }));
}

/** First wins. @returns false when the key was answered before */
export async function insertSignal(
  tx: Transaction,
  executionId: string,
  signal: { readonly key: string; readonly actor: string; readonly payload: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "INSERT INTO execution_signals (execution_id, key, actor, payload) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [executionId, signal.key, signal.actor, Buffer.from(signal.payload, "utf8")],
    "execution_signal_inserted",
  );
  return rowCount === 1;
}

export async function requestCancel(tx: Transaction, id: string): Promise<void> {
  await tx.query("UPDATE workflow_executions SET cancel_requested_at = COALESCE(cancel_requested_at, NOW()) WHERE id = $1", [id]);
}

/** For the owner's tick: which of the held executions are still his, and which are to be cancelled or have new answers. */
export async function loadHeld(
  db: Queryable,
  held: readonly { readonly id: string; readonly epoch: number }[],
): Promise<Map<string, { readonly isCancelRequested: boolean; readonly signals: number }>> {
  const { rows } = await db.query<{ id: string; cancelled: boolean; signals: string }>(
    `SELECT e.id, e.cancel_requested_at IS NOT NULL AS cancelled, (SELECT COUNT(*) FROM execution_signals s WHERE s.execution_id = e.id) AS signals
     FROM workflow_executions e JOIN unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS u(id, epoch, n) ON e.id = u.id AND e.epoch = u.epoch
     WHERE ${fewRows("u.n")} AND e.status = 'running'`,
    [held.map(({ id }) => id), held.map(({ epoch }) => epoch)],
    "executions_held",
  );
  return new Map(rows.map((row) => [row.id, { isCancelRequested: row.cancelled, signals: Number(row.signals) }]));
}

/** Steps begun as of now: what a dead worker's successor blames. */
export async function recordBegun(
  db: Queryable,
  begun: readonly { readonly id: string; readonly epoch: number; readonly paths: readonly string[] }[],
): Promise<void> {
  if (begun.length === 0) return;
  await db.query(
    // Locked in id order, like the journal's fence: two who want each other's rows would wait crosswise.
    `WITH u AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[]) AS u(id, epoch, paths)),
       ours AS (SELECT e.id FROM workflow_executions e JOIN u ON e.id = u.id AND e.epoch = u.epoch ORDER BY e.id FOR UPDATE OF e)
     UPDATE workflow_executions e SET begun_steps = string_to_array(u.paths, chr(10))
     FROM ours JOIN u ON u.id = ours.id WHERE e.id = ours.id`,
    [begun.map(({ id }) => id), begun.map(({ epoch }) => epoch), begun.map(({ paths }) => paths.join("\n"))],
    "executions_begun",
  );
}
