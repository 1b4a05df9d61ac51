// SQL of old memories: removes what is past its time, merges the oldest where there are many; a bounded part per call. What a merged one says is consolidate.ts's work.
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import { consolidate } from "./consolidate.ts";
import { LOW_IMPORTANCE } from "./importance.ts";
import { lockNumbers, MEMORY_COLUMNS, toMemory, type MemoryRow } from "./MemoryStore.ts";

export interface RetentionRule {
  readonly workspaceId: WorkspaceId;
  /** Days that a memory is kept; one of low importance a third of them. */
  readonly days: number;
}

/** Above this the oldest memories of an agent, for one person, are merged, so that half as many are left. */
export const MANY_MEMORIES = 50;
const KEPT_MEMORIES = MANY_MEMORIES / 2;
/** Of the days: 90 give 30. */
const LOW_SHARE = 1 / 3;
/** Rows of one transaction: starts and summaries wait for no more than that, and comparing texts is quadratic. */
const MOST_AT_ONCE = 200;

/** Index: run_memories_age. */
const EXPIRED = `(run_timestamp < NOW() - make_interval(days => CASE WHEN importance_score <= ${LOW_IMPORTANCE} THEN $3::int ELSE $2::int END)
  AND run_timestamp < NOW() - make_interval(days => $3::int))`;

function ruleValues({ workspaceId, days }: RetentionRule): readonly unknown[] {
  return [workspaceId, days, Math.ceil(days * LOW_SHARE)];
}

/** The oldest of what is past its time. @returns 0: nothing is left of it */
export async function deleteExpired(tx: Transaction, rule: RetentionRule): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM run_memories WHERE id IN (SELECT id FROM run_memories WHERE workspace_id = $1 AND ${EXPIRED}
       ORDER BY run_timestamp, id LIMIT ${MOST_AT_ONCE} FOR UPDATE)`,
    ruleValues(rule),
  );
  return rowCount;
}

/** An agent's memories of executions for one person, or for nobody known: what is told together, and merged together. */
export interface MemoryPile {
  readonly agentId: string;
  readonly userId: string | null;
  readonly count: number;
}

/** Piles that are merged once what is past its time is gone. */
export async function findManyMemories(db: Queryable, rule: RetentionRule): Promise<MemoryPile[]> {
  const { rows } = await db.query<{ agent_id: string; user_id: string | null; count: number }>(
    `SELECT agent_id, user_id, COUNT(*)::int AS count FROM run_memories WHERE workspace_id = $1 AND NOT ${EXPIRED}
     GROUP BY agent_id, user_id HAVING COUNT(*) > ${MANY_MEMORIES} ORDER BY agent_id, user_id`,
    ruleValues(rule),
  );
  return rows.map((row) => ({ agentId: row.agent_id, userId: row.user_id, count: row.count }));
}

/** What pruning now would remove. */
export async function countPrunable(db: Queryable, rule: RetentionRule): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT COUNT(*)::int AS count FROM run_memories WHERE workspace_id = $1 AND ${EXPIRED}`,
    ruleValues(rule),
  );
  const piles = await findManyMemories(db, rule);
  return (rows[0]?.count ?? 0) + piles.reduce((sum, { count }) => sum + mergedAway(count), 0);
}

function mergedAway(count: number): number {
  let left = count;
  for (let merging = mergedAtOnce(left); merging > 0; merging = mergedAtOnce(left)) left -= merging - 1;
  return count - left;
}

function mergedAtOnce(count: number): number {
  return count > MANY_MEMORIES ? Math.min(count - KEPT_MEMORIES, MOST_AT_ONCE) : 0;
}

/** Merges the oldest of a pile into one, in their place. @returns how many fewer there are; 0: they are few enough */
export async function mergeOldest(
  tx: Transaction,
  workspaceId: WorkspaceId,
  { agentId, userId }: Pick<MemoryPile, "agentId" | "userId">,
): Promise<number> {
  await lockNumbers(tx, agentId);
  const pile = "workspace_id = $1 AND agent_id = $2 AND user_id IS NOT DISTINCT FROM $3::uuid";
  const owner = [workspaceId, agentId, userId];
  const { rows: counts } = await tx.query<{ count: number }>(`SELECT COUNT(*)::int AS count FROM run_memories WHERE ${pile}`, owner);
  const merging = mergedAtOnce(counts[0]?.count ?? 0);
  if (merging === 0) return 0;
  const { rows } = await tx.query<MemoryRow>(
    `SELECT ${MEMORY_COLUMNS} FROM run_memories WHERE ${pile} ORDER BY run_number LIMIT $4 FOR UPDATE`,
    [...owner, merging],
  );
  const memories = rows.map(toMemory);
  const made = consolidate(memories);
  await tx.query("DELETE FROM run_memories WHERE workspace_id = $1 AND id = ANY($2::uuid[])", [workspaceId, memories.map(({ id }) => id)]);
  await tx.query(
    `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, status, summary, key_outcomes,
       patterns_detected, suggestions, counts, importance_score)
     VALUES ($1, $2, $3, $4, NULL, $5, $6, 'merged', $7, $8, $9, $10, $11, $12)`,
    [
      uuidv7(),
      ...owner,
      Math.max(...memories.map(({ number }) => number)),
      made.at,
      made.summary,
      made.outcomes,
      made.patterns,
      made.suggestions,
      Buffer.from(JSON.stringify(made.counts), "utf8"),
      made.importance,
    ],
  );
  return memories.length - 1;
}
