// SQL of the doctor's questions.
import type { Queryable } from "../db/Database.ts";
import { QUEUE_NAME, QUEUE_SCHEMA } from "./queueNames.ts";
import { SESSION_MODE } from "./sessions/sessionMode.ts";

export async function serverVersion(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ version: string }>("SELECT current_setting('server_version') AS version");
  return rows[0]?.version ?? "unknown";
}

/** Living executions whose wake-up is gone: nobody would ever run them. */
export async function countStranded(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    `SELECT COUNT(*) AS count FROM workflow_executions e
     WHERE e.finished_at IS NULL AND e.run_mode <> '${SESSION_MODE}' AND (e.status IN ('queued', 'running') OR (e.status = 'suspended' AND e.wake_at IS NOT NULL))
       AND NOT EXISTS (SELECT 1 FROM ${QUEUE_SCHEMA}.job j WHERE j.name = '${QUEUE_NAME}' AND j.id = e.wake_id AND j.state IN ('created', 'retry', 'active'))`,
  );
  return Number(rows[0]?.count ?? 0);
}
