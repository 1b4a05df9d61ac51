// SQL of making memories: tasks to claim, what is known of an ended execution, and the one transaction that ends a task. Decides nothing.
import { createAuditRow, type AuditInput } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { uuidv5, uuidv7, type WorkspaceId } from "../core/ids.ts";
import type { Database, Queryable, Transaction } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { writeFacts } from "../db/UnitPart.ts";
import { returnGrants, settlementWriter } from "../ledger/LedgerStore.ts";
import type { Settlement } from "../ledger/types.ts";
import { usageWriter } from "../tokens/TokenUsageStore.ts";
import type { TokenUsageRow } from "../tokens/types.ts";
import type { EndedExecution, MemoryTask } from "./EndedExecution.ts";
import { importanceOf } from "./importance.ts";
import { lockNumbers } from "./MemoryStore.ts";
import { maskedJson } from "./maskedJson.ts";
import { memoryLine } from "./memoryLine.ts";
import type { JudgedFact } from "./summaryPrompt.ts";
import type { MemoryMode, Summary } from "./types.ts";

/** Path that a summary's call is booked under. */
export const MEMORY_PATH = "~memory";

const CLAIM_SECONDS = 120;
/** Of inputs and outputs; more is not looked at. */
const READ_BYTES = 6_000;
const FEEDBACK_CHARACTERS = 500;

/**
 * Tasks of ended executions, whoever ran them; each is nobody else's for two minutes. Index: execution_memory_pending.
 *
 * @param only null: of all executions
 */
export async function claimTasks(db: Queryable, limit: number, only: readonly string[] | null = null): Promise<MemoryTask[]> {
  const { rows } = await db.query<{
    execution_id: string;
    workspace_id: string;
    agent_id: string;
    user_id: string | null;
    model: string;
    tags: string[];
    tries: number;
  }>(
    `WITH due AS (SELECT m.execution_id FROM execution_memory m JOIN workflow_executions e ON e.id = m.execution_id
       WHERE m.summary_state = 'pending' AND m.not_before <= NOW() AND e.finished_at IS NOT NULL
         AND ($2::uuid[] IS NULL OR m.execution_id = ANY($2::uuid[]))
       ORDER BY m.not_before LIMIT $1 FOR UPDATE OF m SKIP LOCKED)
     UPDATE execution_memory m SET tries = m.tries + 1, not_before = NOW() + interval '${CLAIM_SECONDS} seconds'
     FROM due d WHERE m.execution_id = d.execution_id
     RETURNING m.execution_id, m.workspace_id, m.agent_id, m.user_id, m.model, m.tags, m.tries`,
    [limit, only],
    "memory_tasks_claimed",
  );
  return rows.map((row) => ({
    executionId: row.execution_id,
    workspaceId: row.workspace_id as WorkspaceId,
    agentId: row.agent_id,
    userId: row.user_id,
    model: row.model,
    tags: row.tags,
    tries: row.tries,
  }));
}

/** undefined: it is gone, or not at its end. */
export async function loadEnded(db: Queryable, task: MemoryTask): Promise<EndedExecution | undefined> {
  const { executionId, workspaceId, agentId, userId } = task;
  const { rows } = await db.query<{
    memory: MemoryMode;
    epoch: number;
    agent_name: string;
    status: EndedExecution["status"];
    finished_at: Date;
    inputs: Buffer | null;
    output: Buffer | null;
    error: Buffer | null;
  }>(
    `SELECT a.memory, e.epoch, a.agent_name, e.status, e.finished_at, e.error,
       (SELECT substring(v.content FROM 1 FOR ${READ_BYTES}) FROM execution_values v WHERE v.execution_id = e.id AND v.hash = e.input_hash) AS inputs,
       (SELECT substring(v.content FROM 1 FOR ${READ_BYTES}) FROM execution_values v WHERE v.execution_id = e.id AND v.hash = e.output_hash) AS output
     FROM workflow_executions e JOIN agents a ON a.id = e.agent_id
     WHERE e.id = $1 AND e.workspace_id = $2 AND e.status IN ('completed', 'failed', 'cancelled') AND e.finished_at IS NOT NULL`,
    [executionId, workspaceId],
    "memory_execution_loaded",
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    mode: row.memory,
    epoch: row.epoch,
    workflow: row.agent_name,
    status: row.status,
    finishedAt: row.finished_at,
    inputs: jsonOf(row.inputs),
    output: jsonOf(row.output),
    error: row.error === null ? null : errorText(row.error),
    comments: await loadComments(db, executionId),
    earlier: await loadEarlier(db, { workspaceId, agentId, userId }),
  };
}

/** A beginning may end within a character. */
function jsonOf(bytes: Buffer | null): string {
  return bytes === null ? "" : maskedJson(bytes.toString("utf8").replace(/\uFFFD$/, ""));
}

function errorText(bytes: Buffer): string {
  const record = JSON.parse(bytes.toString("utf8")) as JsonValue;
  if (!isJsonObject(record)) return "";
  return [record["code"], record["message"]].filter((part) => typeof part === "string").join(": ");
}

async function loadComments(db: Queryable, executionId: string): Promise<string[]> {
  const { rows } = await db.query<{ payload: Buffer }>(
    "SELECT payload FROM execution_signals WHERE execution_id = $1 AND key LIKE 'approval:%' ORDER BY created_at, key LIMIT 20",
    [executionId],
    "memory_comments_loaded",
  );
  return rows.flatMap(({ payload }) => {
    const answer = JSON.parse(payload.toString("utf8")) as JsonValue;
    const comment = isJsonObject(answer) ? answer["comment"] : undefined;
    return typeof comment === "string" && comment.trim() !== "" ? [comment] : [];
  });
}

async function loadEarlier(db: Queryable, { workspaceId, agentId, userId }: Pick<MemoryTask, "workspaceId" | "agentId" | "userId">) {
  const { rows } = await db.query<{ summary: string }>(
    `SELECT summary FROM run_memories WHERE workspace_id = $1 AND agent_id = $2 AND (user_id IS NULL OR user_id = $3::uuid)
     ORDER BY run_number DESC LIMIT 2`,
    [workspaceId, agentId, userId],
    "memory_earlier_loaded",
  );
  return rows.map(({ summary }) => summary);
}

/** What a call came to. */
export interface Booked {
  readonly settlement: Settlement;
  readonly usage: TokenUsageRow;
}

export interface MadeMemory {
  readonly summary: Summary;
  readonly ended: EndedExecution;
  readonly facts: readonly JudgedFact[];
  /** null: extracted without a model. */
  readonly model: string | null;
}

export type TaskEnd =
  | { readonly state: "done"; readonly memory: MadeMemory; readonly why: string | null }
  | { readonly state: "refused" | "skipped"; readonly why: string };

/** What was spent is booked whatever became of the task; the rest only while the task is still to be done. All or nothing. */
export function endTask(
  db: Database,
  task: MemoryTask,
  { booked, end, nowMs }: { readonly booked: readonly Booked[]; readonly end: TaskEnd | null; readonly nowMs: number },
): Promise<void> {
  return retriedTransaction(db, async (tx) => {
    const { rows } = await tx.query<{ summary_state: string }>(
      "SELECT summary_state FROM execution_memory WHERE execution_id = $1 AND workspace_id = $2 FOR UPDATE",
      [task.executionId, task.workspaceId],
      "memory_task_locked",
    );
    const settlements = booked.map(({ settlement }) => settlement);
    await writeFacts(tx, settlementWriter, settlements);
    await dropAssumedUsage(tx, task.executionId, booked);
    await writeFacts(
      tx,
      usageWriter,
      booked.map(({ usage }) => usage),
    );
    if (booked.length > 0) await returnGrants(tx, [task.executionId]);
    if (end === null || rows[0]?.summary_state !== "pending") return;
    const audit: AuditInput[] = end.state === "done" ? await storeMemory(tx, task, end) : [];
    if (end.state !== "done") audit.push(aboutTask(task, `memory.summary_${end.state}`, { reason: end.why }));
    await writeFacts(
      tx,
      auditWriter,
      audit.map((input) => createAuditRow(input, nowMs, uuidv5(`${input.action}/${task.executionId}`))),
    );
    await tx.query(
      "UPDATE execution_memory SET summary_state = $2 WHERE execution_id = $1",
      [task.executionId, end.state],
      "memory_task_ended",
    );
  });
}

/** A call that was given up for lost and then answered after all has one row: what was reported. */
async function dropAssumedUsage(tx: Transaction, executionId: string, booked: readonly Booked[]): Promise<void> {
  const reported = booked.filter(({ usage }) => usage.usageState === "reported").map(({ usage }) => usage.attemptId);
  if (reported.length === 0) return;
  await tx.query(
    "DELETE FROM token_usage WHERE execution_id = $1 AND attempt_id = ANY($2::uuid[]) AND usage_state = 'assumed'",
    [executionId, reported],
    "memory_usage_corrected",
  );
}

function aboutTask(task: MemoryTask, action: AuditInput["action"], details: JsonValue): AuditInput {
  const { workspaceId, executionId, agentId } = task;
  return { workspaceId, executionId, action, entityType: "agent", entityId: agentId, details };
}

async function storeMemory(tx: Transaction, task: MemoryTask, end: Extract<TaskEnd, { readonly state: "done" }>): Promise<AuditInput[]> {
  const { summary, ended, facts, model } = end.memory;
  const number = await nextNumber(tx, task.agentId);
  const importance = importanceOf({
    isFailed: ended.status === "failed",
    hasPattern: summary.patterns.length > 0,
    hasFeedback: ended.comments.length > 0,
    runNumber: number,
  });
  await tx.query(
    `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, status, summary,
       key_outcomes, patterns_detected, suggestions, user_feedback, importance_score, model_used)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (execution_id) DO NOTHING`,
    [
      uuidv7(),
      task.workspaceId,
      task.agentId,
      task.userId,
      task.executionId,
      number,
      ended.finishedAt,
      ended.status,
      summary.summary,
      summary.outcomes,
      summary.patterns,
      summary.suggestions,
      memoryLine(ended.comments[0] ?? "", FEEDBACK_CHARACTERS) || null,
      importance,
      model,
    ],
    "memory_stored",
  );
  const stored = await storeFacts(tx, task, facts);
  const details = {
    number,
    importance,
    source: model === null ? "extracted" : "model",
    ...(end.why === null ? {} : { why: end.why }),
  };
  return [
    aboutTask(task, "memory.stored", details),
    ...(stored === 0 ? [] : [aboutTask(task, "memory.user_facts_stored", { facts: stored })]),
  ];
}

export async function nextNumber(tx: Transaction, agentId: string): Promise<number> {
  await lockNumbers(tx, agentId);
  const { rows } = await tx.query<{ next: number }>(
    "SELECT COALESCE(MAX(run_number), 0) + 1 AS next FROM run_memories WHERE agent_id = $1",
    [agentId],
    "memory_number_next",
  );
  return rows[0]?.next ?? 1;
}

/** A person has at most so many facts; the least important go. */
const MAX_FACTS_STORED = 200;

async function storeFacts(tx: Transaction, task: MemoryTask, facts: readonly JudgedFact[]): Promise<number> {
  const { workspaceId, userId, executionId } = task;
  if (userId === null || facts.length === 0) return 0;
  const sorted = [...facts].sort((left, right) => (left.key < right.key ? -1 : 1));
  await tx.query(
    `INSERT INTO user_memory AS held (id, workspace_id, user_id, memory_key, memory_value, memory_type, importance, confidence, source_execution_id)
     SELECT u.id, $1, $2, u.key, u.value, u.type, u.importance, u.confidence, $3
     FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::float8[]) AS u(id, key, value, type, importance, confidence)
     ON CONFLICT (workspace_id, user_id, memory_key) DO UPDATE SET memory_value = excluded.memory_value, memory_type = excluded.memory_type,
       importance = excluded.importance, confidence = excluded.confidence, source_execution_id = excluded.source_execution_id, updated_at = NOW()`,
    [
      workspaceId,
      userId,
      executionId,
      sorted.map(() => uuidv7()),
      sorted.map(({ key }) => key),
      sorted.map(({ value }) => value),
      sorted.map(({ type }) => type),
      sorted.map(({ importance }) => importance),
      sorted.map(({ confidence }) => confidence),
    ],
    "user_facts_stored",
  );
  await tx.query(
    `DELETE FROM user_memory WHERE id IN (SELECT id FROM user_memory WHERE workspace_id = $1 AND user_id = $2
       ORDER BY importance DESC, updated_at DESC, id OFFSET ${MAX_FACTS_STORED})`,
    [workspaceId, userId],
    "user_facts_bounded",
  );
  return facts.length;
}
