// SQL of forgetting: memories, facts about people, and the blocks that may quote them. Who is told what meanwhile is MemoryStore.ts's.
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable, Transaction } from "../db/Database.ts";

/** Ids of an agent's memories that begin so, three at most: one is meant, several are told. */
export async function findMemoryIds(
  db: Queryable,
  { workspaceId, agentId, prefix }: { readonly workspaceId: WorkspaceId; readonly agentId: string; readonly prefix: string },
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT id FROM run_memories WHERE workspace_id = $1 AND agent_id = $2 AND starts_with(id::text, $3) ORDER BY id LIMIT 3",
    [workspaceId, agentId, prefix],
  );
  return rows.map(({ id }) => id);
}

export interface Forgotten {
  readonly memories: number;
  readonly facts: number;
  readonly blocks: number;
}

/** One memory, or all of an agent; and what its executions were told: a block may quote what is forgotten. */
export async function forgetAgent(
  tx: Transaction,
  { workspaceId, agentId, memoryId }: { readonly workspaceId: WorkspaceId; readonly agentId: string; readonly memoryId: string | null },
): Promise<Forgotten> {
  await holdOffStarts(tx, agentId);
  const blocks = await blankBlocks(tx, "agent_id", [workspaceId, agentId], memoryId === null);
  const { rowCount } = await tx.query(
    "DELETE FROM run_memories WHERE workspace_id = $1 AND agent_id = $2 AND ($3::uuid IS NULL OR id = $3::uuid)",
    [workspaceId, agentId, memoryId],
  );
  return { memories: rowCount, facts: 0, blocks };
}

/** Everything about a person: facts, memories of executions for them, and what these were told. */
export async function forgetUser(tx: Transaction, workspaceId: WorkspaceId, userId: string): Promise<Forgotten> {
  await holdOffStarts(tx, userId);
  const blocks = await blankBlocks(tx, "user_id", [workspaceId, userId], true);
  // In the order of who else locks facts: starts, and summaries that are stored.
  await tx.query("SELECT 1 FROM user_memory WHERE workspace_id = $1 AND user_id = $2 ORDER BY memory_key FOR UPDATE", [
    workspaceId,
    userId,
  ]);
  const facts = await tx.query("DELETE FROM user_memory WHERE workspace_id = $1 AND user_id = $2", [workspaceId, userId]);
  const memories = await tx.query("DELETE FROM run_memories WHERE workspace_id = $1 AND user_id = $2", [workspaceId, userId]);
  return { memories: memories.rowCount, facts: facts.rowCount, blocks };
}

/** First, in the order of who stores a summary: one that is under way waits here, or finds its task gone. */
async function blankBlocks(
  tx: Transaction,
  column: "agent_id" | "user_id",
  owner: readonly [WorkspaceId, string],
  dropsTasks: boolean,
): Promise<number> {
  const { rows } = await tx.query<{ had_block: boolean }>(
    `WITH held AS (SELECT execution_id, block IS NOT NULL AS had_block FROM execution_memory WHERE workspace_id = $1 AND ${column} = $2
       ORDER BY execution_id FOR UPDATE)
     UPDATE execution_memory m SET block = NULL, token_count = 0,
       summary_state = CASE WHEN $3 AND m.summary_state = 'pending' THEN 'skipped' ELSE m.summary_state END
     FROM held h WHERE m.execution_id = h.execution_id RETURNING h.had_block`,
    [...owner, dropsTasks],
  );
  return rows.filter(({ had_block: hadBlock }) => hadBlock).length;
}

/** Against `holdOffForgetting` of MemoryStore.ts. */
async function holdOffStarts(tx: Transaction, owner: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext('execution_memory'), hashtext($1))", [owner], "execution_memory_alone");
}
