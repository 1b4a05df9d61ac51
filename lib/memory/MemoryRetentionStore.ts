// SQL of old memories: removes what is past its time, merges the oldest of agents that have many. What a merged one says is consolidate.ts's work.
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import type { Database, Queryable } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { consolidate } from "./consolidate.ts";
import { LOW_IMPORTANCE } from "./importance.ts";
import { toMemory, MEMORY_COLUMNS, type MemoryRow } from "./MemoryStore.ts";
import type { RunMemory } from "./types.ts";

export interface RetentionRule {
  readonly workspaceId: WorkspaceId;
  /** Days that a memory is kept; one of low importance a third of them. */
  readonly days: number;
}

/** Above this an agent's oldest memories are merged, so that half as many are left. */
export const MANY_MEMORIES = 50;
const KEPT_MEMORIES = MANY_MEMORIES / 2;
/** Of the days: 90 give 30. */
const LOW_SHARE = 1 / 3;

const EXPIRED_MEMORIES = `workspace_id = $1 AND run_timestamp < NOW() - make_interval(days => CASE WHEN importance_score <= ${LOW_IMPORTANCE} THEN $3::int ELSE $2::int END)`;

function ruleValues({ workspaceId, days }: RetentionRule): readonly unknown[] {
  return [workspaceId, days, Math.ceil(days * LOW_SHARE)];
}

export async function countExpired(db: Queryable, rule: RetentionRule): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    `SELECT COUNT(*) AS count FROM run_memories WHERE ${EXPIRED_MEMORIES}`,
    ruleValues(rule),
  );
  return Number(rows[0]?.count ?? 0);
}

export async function deleteExpired(db: Queryable, rule: RetentionRule): Promise<number> {
  return (await db.query(`DELETE FROM run_memories WHERE ${EXPIRED_MEMORIES}`, ruleValues(rule))).rowCount;
}

export async function findAgentsWithMany(db: Queryable, workspaceId: WorkspaceId): Promise<string[]> {
  const { rows } = await db.query<{ agent_id: string }>(
    "SELECT agent_id FROM run_memories WHERE workspace_id = $1 GROUP BY agent_id HAVING COUNT(*) > $2 ORDER BY agent_id",
    [workspaceId, MANY_MEMORIES],
  );
  return rows.map((row) => row.agent_id);
}

/**
 * Merges the agent's oldest memories into one, in their place, per person they belong to: what is of one person must not be told to
 * another. @returns memories that were merged away
 */
export function mergeOldest(db: Database, workspaceId: WorkspaceId, agentId: string): Promise<number> {
  return retriedTransaction(db, async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock(hashtext('run_memories'), hashtext($1))", [agentId]);
    const { rows } = await tx.query<MemoryRow & { user_id: string | null }>(
      `SELECT ${MEMORY_COLUMNS}, user_id FROM run_memories WHERE workspace_id = $1 AND agent_id = $2 ORDER BY run_number DESC OFFSET $3 FOR UPDATE`,
      [workspaceId, agentId, KEPT_MEMORIES],
    );
    const byUser = new Map<string | null, RunMemory[]>();
    for (const row of rows) byUser.set(row.user_id, [...(byUser.get(row.user_id) ?? []), toMemory(row)]);
    let merged = 0;
    for (const [userId, memories] of byUser) {
      if (memories.length < 2) continue;
      const made = consolidate(memories);
      await tx.query("DELETE FROM run_memories WHERE workspace_id = $1 AND id = ANY($2::uuid[])", [
        workspaceId,
        memories.map(({ id }) => id),
      ]);
      await tx.query(
        `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, memory_type, status, summary,
           patterns_detected, suggestions, importance_score, token_count)
         VALUES ($1, $2, $3, $4, NULL, $5, $6, 'consolidated', 'merged', $7, $8, $9, $10, $11)`,
        [
          uuidv7(),
          workspaceId,
          agentId,
          userId,
          Math.max(...memories.map(({ number }) => number)),
          made.at,
          made.summary,
          made.patterns,
          made.suggestions,
          made.importance,
          0,
        ],
      );
      merged += memories.length - 1;
    }
    return merged;
  });
}
