// Leaves behind what an owner that died, or stands still, leaves: a claim, attempts in any state. Written as rows, because no process of ours would.
import { uuidv7 } from "../../../lib/core/ids.ts";
import type { Queryable } from "../../../lib/db/Database.ts";

export interface LeftAttempt {
  readonly path: string;
  readonly kind: "model" | "effect";
  readonly state: "open" | "settled" | "assumed" | "failed" | "uncertain";
  readonly call?: number;
  /** How long ago it was dispatched. @defaultValue 0 */
  readonly ageSeconds?: number;
  readonly key?: string;
}

/** The execution looks as if its first owner had begun these attempts and died: whoever is free may claim it. */
export async function leaveBehind(db: Queryable, executionId: string, attempts: readonly LeftAttempt[]): Promise<string[]> {
  await db.query("UPDATE workflow_executions SET status = 'running', epoch = 1, owner = 'dead', started_at = NOW() WHERE id = $1", [
    executionId,
  ]);
  const ids: string[] = [];
  for (const { path, kind, state, call = 1, ageSeconds = 0, key = null } of attempts) {
    const id = uuidv7();
    ids.push(id);
    await db.query(
      `INSERT INTO step_attempts (id, execution_id, step_path, attempt, call, epoch, kind, state, idempotency_key, dispatched_at)
       VALUES ($1, $2, $3, 1, $4, 1, $5, $6, $7, NOW() - make_interval(secs => $8))`,
      [id, executionId, path, call, kind, state, key, ageSeconds],
    );
  }
  return ids;
}

export async function attemptStates(db: Queryable, executionId: string): Promise<string[]> {
  const { rows } = await db.query<{ state: string }>(
    "SELECT state FROM step_attempts WHERE execution_id = $1 ORDER BY dispatched_at, call",
    [executionId],
  );
  return rows.map(({ state }) => state);
}
