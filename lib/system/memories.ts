// The API of memory: switch, list, forget, prune. Each act is audited in the transaction that does it; no text of a memory is.
import { findAgent, type AgentRecord } from "../agents/AgentStore.ts";
import { createAuditRow, type AuditInput } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { AppError } from "../core/errors.ts";
import { isUuid } from "../core/ids.ts";
import type { Transaction } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { writeFacts } from "../db/UnitPart.ts";
import { countExpired, deleteExpired, findAgentsWithMany, mergeOldest } from "../memory/MemoryRetentionStore.ts";
import { forgetAgent, forgetUser, listFacts, listMemories, setMemoryMode, type StoredMemory } from "../memory/MemoryStore.ts";
import type { MemoryApi, MemoryMode, MemoryReport } from "../memoryApi.ts";
import type { SystemParts } from "./SystemParts.ts";

type Of = Parameters<MemoryApi["forgetMemories"]>[0];

/** @throws AppError `NOT_FOUND` */
export async function setAgentMemory(
  parts: SystemParts,
  { nameOrId, mode, actor }: { readonly nameOrId: string; readonly mode: MemoryMode; readonly actor: string },
): ReturnType<MemoryApi["setAgentMemory"]> {
  const { id, name } = await requireAgent(parts, nameOrId);
  const { workspaceId } = parts.config;
  await parts.engine.db.transaction(async (tx) => {
    const before = await setMemoryMode(tx, workspaceId, id, mode);
    if (before === mode) return;
    const about = { action: AUDIT_EVENTS.MEMORY_SWITCHED, entityType: "agent", entityId: id, actor };
    await audit(parts, tx, { ...about, details: { before: before ?? null, mode } });
  });
  return { id, name, memory: mode };
}

/** @throws AppError `NOT_FOUND`, `USAGE` */
export async function reportMemories(parts: SystemParts, of: Parameters<MemoryApi["listMemories"]>[0]): Promise<MemoryReport> {
  const { db } = parts.engine;
  const { workspaceId } = parts.config;
  if ("agent" in of) {
    const { id } = await requireAgent(parts, of.agent);
    return { memories: (await listMemories(db, workspaceId, { agentId: id })).map(toReport), facts: [] };
  }
  const userId = requireUser(of.userId);
  const facts = await listFacts(db, workspaceId, userId);
  return {
    memories: (await listMemories(db, workspaceId, { userId })).map(toReport),
    facts: facts.map(({ key, value, type, importance, confidence, usageCount, sourceExecutionId, updatedAt }) => ({
      key,
      value,
      type,
      importance,
      confidence,
      usageCount,
      sourceExecutionId,
      updatedAt: updatedAt.toISOString(),
    })),
  };
}

function toReport({ sentiment: _sentiment, tokens: _tokens, at, ...memory }: StoredMemory): MemoryReport["memories"][number] {
  return { ...memory, at: at.toISOString() };
}

/** @throws AppError `NOT_FOUND`, `USAGE` */
export async function forgetMemories(parts: SystemParts, of: Of, actor: string): ReturnType<MemoryApi["forgetMemories"]> {
  const { workspaceId } = parts.config;
  const target = "agent" in of ? { agentId: (await requireAgent(parts, of.agent)).id } : { userId: requireUser(of.userId) };
  const memoryId = "agent" in of ? (of.memoryId ?? null) : null;
  if (memoryId !== null && !isUuid(memoryId)) throw noSuchMemory(memoryId);
  return retriedTransaction(parts.engine.db, async (tx) => {
    const { memories, facts, blocks } =
      "agentId" in target
        ? await forgetAgent(tx, { workspaceId, agentId: target.agentId, memoryId })
        : await forgetUser(tx, workspaceId, target.userId);
    if (memoryId !== null && memories === 0) throw noSuchMemory(memoryId);
    const about = "agentId" in target ? { entityType: "agent", entityId: target.agentId } : { entityType: "user", entityId: target.userId };
    await audit(parts, tx, { action: AUDIT_EVENTS.MEMORY_FORGOTTEN, ...about, actor, details: { memories, facts, blocks } });
    return { memories, facts };
  });
}

/** Those past their time go, and the oldest of agents that have many become one. @returns memories that are gone, or would be */
export async function pruneMemories(parts: SystemParts, isDry: boolean): Promise<number> {
  const { engine, config } = parts;
  const { workspaceId, memoryRetentionDays: days } = config;
  if (isDry) return countExpired(engine.db, { workspaceId, days });
  const expired = await deleteExpired(engine.db, { workspaceId, days });
  let merged = 0;
  for (const agentId of await findAgentsWithMany(engine.db, workspaceId)) merged += await mergeOldest(engine.db, workspaceId, agentId);
  if (expired + merged > 0) {
    parts.audit.log({ workspaceId, action: AUDIT_EVENTS.MEMORY_PRUNED, entityType: "workspace", details: { expired, merged, days } });
  }
  return expired + merged;
}

async function requireAgent({ engine, config }: SystemParts, nameOrId: string): Promise<AgentRecord> {
  const agent = await findAgent(engine.db, config.workspaceId, nameOrId);
  if (agent !== undefined) return agent;
  throw new AppError("NOT_FOUND", `there is no agent ${nameOrId}`, { details: { agent: nameOrId }, hint: "list them with `agents ls`" });
}

function requireUser(userId: string): string {
  if (isUuid(userId)) return userId;
  throw new AppError("USAGE", `not the id of a person: ${userId}`, { details: { expected: "a UUID in lower case", got: userId } });
}

function noSuchMemory(id: string): AppError {
  return new AppError("NOT_FOUND", `the agent has no memory ${id}`, {
    details: { memory: id },
    hint: "list them with `agents memory NAME`",
  });
}

function audit({ config, clock }: SystemParts, tx: Transaction, input: Omit<AuditInput, "workspaceId">): Promise<void> {
  return writeFacts(tx, auditWriter, [createAuditRow({ workspaceId: config.workspaceId, ...input }, clock.nowMs())]);
}
