// SQL of memory: what an execution is told, memories, facts about people. Selects and decides nothing.
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import type { BuiltMemory, MemoryBlock, MemoryCounts, MemoryMode, Recall, RunMemory, ToldRow, UserFact, UserFactType } from "./types.ts";

/** Newest memories that are looked at for one start; consolidation keeps an agent's number near 50. */
const MAX_RECALLED = 200;
const MAX_FACTS = 50;

export interface MemoryRow {
  readonly id: string;
  readonly run_number: number;
  readonly status: string;
  readonly run_timestamp: Date;
  readonly summary: string;
  readonly key_outcomes: string[];
  readonly patterns_detected: string[];
  readonly suggestions: string[];
  readonly importance_score: number;
  readonly counts: Buffer | null;
}

export const MEMORY_COLUMNS =
  "id, run_number, status, run_timestamp, summary, key_outcomes, patterns_detected, suggestions, importance_score, counts";

export function toMemory(row: MemoryRow): RunMemory {
  return {
    id: row.id,
    number: row.run_number,
    status: row.status,
    at: row.run_timestamp,
    summary: row.summary,
    outcomes: row.key_outcomes,
    patterns: row.patterns_detected,
    suggestions: row.suggestions,
    importance: row.importance_score,
    counts: row.counts === null ? null : (JSON.parse(row.counts.toString("utf8")) as MemoryCounts),
  };
}

/** Whose memory is meant. `userId` null: no person is known, so no memory of one is read. */
export interface MemoryOwner {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly userId: string | null;
}

/**
 * The agent's newest memories, and the facts about the person. Memories of executions for one person are told to that person's
 * executions only. Indexes: run_memories (agent_id, run_number), user_memory (workspace_id, user_id, memory_key).
 */
export async function loadRecall(db: Queryable, { workspaceId, agentId, userId }: MemoryOwner, mode: MemoryMode): Promise<Recall> {
  if (mode === "off") return { facts: [], memories: [] };
  const { rows } = await db.query<MemoryRow>(
    `SELECT ${MEMORY_COLUMNS} FROM run_memories
     WHERE workspace_id = $1 AND agent_id = $2 AND (user_id IS NULL OR user_id = $3::uuid)
     ORDER BY run_number DESC LIMIT ${MAX_RECALLED}`,
    [workspaceId, agentId, userId],
    "memories_recalled",
  );
  const facts = mode === "user" && userId !== null ? await loadFacts(db, workspaceId, userId) : [];
  return { facts, memories: rows.map(toMemory) };
}

async function loadFacts(db: Queryable, workspaceId: WorkspaceId, userId: string): Promise<UserFact[]> {
  const { rows } = await db.query<{ memory_key: string; memory_value: string; memory_type: UserFactType; importance: number }>(
    `SELECT memory_key, memory_value, memory_type, importance FROM user_memory
     WHERE workspace_id = $1 AND user_id = $2 ORDER BY importance DESC, memory_key LIMIT ${MAX_FACTS}`,
    [workspaceId, userId],
    "user_facts_recalled",
  );
  return rows.map((row) => ({ key: row.memory_key, value: row.memory_value, type: row.memory_type, importance: row.importance }));
}

/** Executions of one agent that end together, and merges, must not take the same number. */
export async function lockNumbers(tx: Transaction, agentId: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext('run_memories'), hashtext($1))", [agentId], "memory_number_locked");
}

export interface NewExecutionMemory extends MemoryOwner {
  readonly executionId: string;
  readonly block: BuiltMemory | null;
  readonly model: string;
  readonly tags: readonly string[];
  /** False: a rehearsal, of which nothing is remembered. */
  readonly isRemembered: boolean;
}

/**
 * In the transaction that inserts the execution. Facts that are told count as used.
 *
 * @returns whether the execution is told the block: not when a row that a line comes from was forgotten since it was recalled
 */
export async function insertExecutionMemory(tx: Transaction, memory: NewExecutionMemory): Promise<boolean> {
  const { executionId, workspaceId, agentId, userId, model, tags, isRemembered } = memory;
  await holdOffForgetting(tx, agentId, userId);
  const block = memory.block !== null && (await isAllThere(tx, memory, memory.block)) ? memory.block : null;
  await tx.query(
    `INSERT INTO execution_memory (execution_id, workspace_id, agent_id, user_id, block, token_count, model, tags, summary_state)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      executionId,
      workspaceId,
      agentId,
      userId,
      block === null ? null : Buffer.from(JSON.stringify(block.sections), "utf8"),
      block?.tokens ?? 0,
      model,
      tags,
      isRemembered ? "pending" : "skipped",
    ],
    "execution_memory_inserted",
  );
  const keys = factKeys(block?.from ?? []);
  if (userId !== null && keys.length > 0) {
    await tx.query(
      `WITH used AS (SELECT id FROM user_memory WHERE workspace_id = $1 AND user_id = $2 AND memory_key = ANY($3::text[])
         ORDER BY memory_key FOR UPDATE)
       UPDATE user_memory m SET usage_count = m.usage_count + 1 FROM used WHERE m.id = used.id`,
      [workspaceId, userId, keys],
      "user_facts_used",
    );
  }
  return block !== null;
}

const factKeys = (from: readonly ToldRow[]): string[] => from.flatMap((row) => ("factKey" in row ? [row.factKey] : []));

async function isAllThere(tx: Transaction, { workspaceId, agentId, userId }: MemoryOwner, { from }: BuiltMemory): Promise<boolean> {
  const memoryIds = new Set(from.flatMap((row) => ("memoryId" in row ? [row.memoryId] : [])));
  const keys = factKeys(from);
  const { rows } = await tx.query<{ found: number }>(
    `SELECT ((SELECT COUNT(*) FROM run_memories WHERE workspace_id = $1 AND agent_id = $2 AND id = ANY($3::uuid[]))
       + (SELECT COUNT(*) FROM user_memory WHERE workspace_id = $1 AND user_id = $4 AND memory_key = ANY($5::text[])))::int AS found`,
    [workspaceId, agentId, [...memoryIds], userId, keys],
    "memory_still_there",
  );
  return rows[0]?.found === memoryIds.size + keys.length;
}

/** Starts hold it together, whoever forgets holds it alone: a start either commits before, or sees that the rows are gone. */
async function holdOffForgetting(tx: Transaction, agentId: string, userId: string | null): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock_shared(hashtext('execution_memory'), hashtext(owner))
     FROM unnest($1::text[]) WITH ORDINALITY AS o(owner, place) ORDER BY place`,
    [userId === null ? [agentId] : [agentId, userId]],
    "execution_memory_shared",
  );
}

/** A fork is told what its source was told, unless that was forgotten meanwhile. */
export async function copyExecutionMemory(
  tx: Transaction,
  {
    workspaceId,
    source,
    fork,
    isRemembered,
  }: {
    readonly workspaceId: WorkspaceId;
    readonly source: string;
    readonly fork: string;
    readonly isRemembered: boolean;
  },
): Promise<void> {
  const { rows } = await tx.query<{ agent_id: string; user_id: string | null }>(
    "SELECT agent_id, user_id FROM execution_memory WHERE workspace_id = $1 AND execution_id = $2",
    [workspaceId, source],
    "execution_memory_owner",
  );
  const owner = rows[0];
  if (owner === undefined) return;
  await holdOffForgetting(tx, owner.agent_id, owner.user_id);
  await tx.query(
    `INSERT INTO execution_memory (execution_id, workspace_id, agent_id, user_id, block, token_count, model, tags, summary_state)
     SELECT $3, workspace_id, agent_id, user_id, block, token_count, model, tags, $4 FROM execution_memory
     WHERE workspace_id = $1 AND execution_id = $2`,
    [workspaceId, source, fork, isRemembered ? "pending" : "skipped"],
    "execution_memory_copied",
  );
}

/** null: nothing was told, it was forgotten, or the agent's memory was switched off meanwhile. */
export async function loadBlock(db: Queryable, workspaceId: WorkspaceId, executionId: string): Promise<MemoryBlock | null> {
  const { rows } = await db.query<{ block: Buffer | null; token_count: number }>(
    `SELECT m.block, m.token_count FROM execution_memory m JOIN agents a ON a.id = m.agent_id AND a.memory <> 'off'
     WHERE m.execution_id = $1 AND m.workspace_id = $2`,
    [executionId, workspaceId],
    "execution_memory_loaded",
  );
  const row = rows[0];
  if (row === undefined || row.block === null) return null;
  return { sections: JSON.parse(row.block.toString("utf8")) as MemoryBlock["sections"], tokens: row.token_count };
}

/** @returns the mode before; undefined: there is no such agent in the workspace */
export async function setMemoryMode(
  tx: Transaction,
  workspaceId: WorkspaceId,
  agentId: string,
  mode: MemoryMode,
): Promise<MemoryMode | undefined> {
  const { rows } = await tx.query<{ before: MemoryMode }>(
    `UPDATE agents a SET memory = $3, updated_at = NOW() FROM (SELECT id, memory FROM agents WHERE workspace_id = $1 AND id = $2 FOR UPDATE) b
     WHERE a.id = b.id RETURNING b.memory AS before`,
    [workspaceId, agentId, mode],
  );
  return rows[0]?.before;
}

export interface StoredMemory extends RunMemory {
  readonly executionId: string | null;
  readonly userId: string | null;
  readonly feedback: string | null;
  /** null: extracted without a model, or merged. */
  readonly model: string | null;
}

/** Rows of one statement: an export has as many as there are. */
const PAGE = 1_000;

/** Everything of an agent or a person, newest first: what `agents memory` lists and exports. */
export async function listMemories(
  db: Queryable,
  workspaceId: WorkspaceId,
  of: { readonly agentId: string } | { readonly userId: string },
): Promise<StoredMemory[]> {
  const [column, owner] = "agentId" in of ? ["agent_id", of.agentId] : ["user_id", of.userId];
  const found: StoredMemory[] = [];
  for (let last: string | null = null; ; last = found.at(-1)?.id ?? null) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins after the last
    const { rows }: { readonly rows: readonly StoredRow[] } = await db.query<StoredRow>(
      `SELECT ${MEMORY_COLUMNS}, execution_id, user_id, user_feedback, model_used FROM run_memories
       WHERE workspace_id = $1 AND ${column} = $2 AND ($3::uuid IS NULL OR id > $3::uuid) ORDER BY id LIMIT ${PAGE}`,
      [workspaceId, owner, last],
    );
    found.push(...rows.map(toStored));
    if (rows.length < PAGE) break;
  }
  return found.sort((left, right) => right.at.getTime() - left.at.getTime() || (left.id < right.id ? 1 : -1));
}

interface StoredRow extends MemoryRow {
  readonly execution_id: string | null;
  readonly user_id: string | null;
  readonly user_feedback: string | null;
  readonly model_used: string | null;
}

function toStored(row: StoredRow): StoredMemory {
  return {
    ...toMemory(row),
    executionId: row.execution_id,
    userId: row.user_id,
    feedback: row.user_feedback,
    model: row.model_used,
  };
}

export interface StoredFact extends UserFact {
  readonly confidence: number;
  readonly usageCount: number;
  readonly sourceExecutionId: string | null;
  readonly updatedAt: Date;
}

export async function listFacts(db: Queryable, workspaceId: WorkspaceId, userId: string): Promise<StoredFact[]> {
  const { rows } = await db.query<{
    memory_key: string;
    memory_value: string;
    memory_type: UserFactType;
    importance: number;
    confidence: number;
    usage_count: string;
    source_execution_id: string | null;
    updated_at: Date;
  }>(
    `SELECT memory_key, memory_value, memory_type, importance, confidence, usage_count, source_execution_id, updated_at
     FROM user_memory WHERE workspace_id = $1 AND user_id = $2 ORDER BY memory_key`,
    [workspaceId, userId],
  );
  return rows.map((row) => ({
    key: row.memory_key,
    value: row.memory_value,
    type: row.memory_type,
    importance: row.importance,
    confidence: row.confidence,
    usageCount: Number(row.usage_count),
    sourceExecutionId: row.source_execution_id,
    updatedAt: row.updated_at,
  }));
}
