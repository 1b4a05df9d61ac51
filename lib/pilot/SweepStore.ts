// SQL of the sweep: executions that nobody would ever wake, and new wake-ups for them. Decides nothing.
import type { Queryable, Transaction } from "../db/Database.ts";
import { QUEUE_NAME, QUEUE_SCHEMA } from "./queueNames.ts";
import { SESSION_MODE } from "./sessions/sessionMode.ts";

/** Whether any wake-up is due: for who only looks whether there is something to fetch. */
export async function isWakeUpDue(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ due: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM ${QUEUE_SCHEMA}.job WHERE name = '${QUEUE_NAME}' AND state IN ('created', 'retry') AND start_after <= NOW()) AS due`,
    [],
    "wake_up_due",
  );
  return rows[0]?.due === true;
}

/** Executions, sessions apart, that should have a live wake-up and have none: `job` states below `completed` are alive. */
export async function findWithoutWakeUp(tx: Queryable, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT e.id FROM workflow_executions e
     WHERE e.finished_at IS NULL AND e.run_mode <> '${SESSION_MODE}' AND (e.status IN ('queued', 'running') OR (e.status = 'suspended' AND e.wake_at IS NOT NULL))
       AND NOT EXISTS (SELECT 1 FROM ${QUEUE_SCHEMA}.job j WHERE j.name = '${QUEUE_NAME}' AND j.id = e.wake_id AND j.state IN ('created', 'retry', 'active'))
     ORDER BY e.id LIMIT $1 FOR UPDATE OF e SKIP LOCKED`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Executions that rest for the sake of an uncertain effect of which nothing is uncertain any more: its lost owner reported late. */
export async function findResolved(tx: Queryable, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT e.id FROM workflow_executions e
     WHERE e.finished_at IS NULL AND (e.status = 'uncertain' OR (e.status = 'suspended' AND e.waiting_for = 'uncertain'))
       AND EXISTS (SELECT 1 FROM workflow_step_executions s WHERE s.workflow_execution_id = e.id AND s.status = 'uncertain'
         AND NOT EXISTS (SELECT 1 FROM step_attempts a WHERE a.execution_id = e.id AND a.step_path = s.step_path AND a.state IN ('open', 'uncertain')))
     ORDER BY e.id LIMIT $1 FOR UPDATE OF e SKIP LOCKED`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** For the owner of an embedded folder at boot: every claim of the process before is dead. */
export async function findInterrupted(tx: Queryable, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM workflow_executions WHERE finished_at IS NULL AND status = 'running' AND run_mode <> '${SESSION_MODE}' ORDER BY id LIMIT $1 FOR UPDATE`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** New wake-ups for executions that keep their status; a suspended one keeps its time. */
export async function renewWakeUps(
  tx: Transaction,
  wakeUps: readonly { readonly id: string; readonly wakeId: string }[],
): Promise<Map<string, Date | null>> {
  const { rows } = await tx.query<{ id: string; wake_at: Date | null }>(
    `UPDATE workflow_executions e SET wake_id = u.wake_id FROM unnest($1::uuid[], $2::uuid[]) AS u(id, wake_id) WHERE e.id = u.id RETURNING e.id, e.wake_at`,
    [wakeUps.map(({ id }) => id), wakeUps.map(({ wakeId }) => wakeId)],
  );
  return new Map(rows.map((row) => [row.id, row.wake_at]));
}
