// The API of memory: switch, list, forget, prune. Each act is audited in the transaction that does it; no text of a memory is.
import { createAuditRow, type AuditInput } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { AppError } from "../core/errors.ts";
import type { Transaction } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { writeFacts } from "../db/UnitPart.ts";
import { countPrunable, deleteExpired, findManyMemories, mergeOldest } from "../memory/MemoryRetentionStore.ts";
import { findMemoryIds, forgetAgent, forgetUser } from "../memory/MemoryForgetStore.ts";
import { listFacts, listMemories, setMemoryMode, type StoredMemory } from "../memory/MemoryStore.ts";
import { tellPatterns } from "../memory/selectMemories.ts";
import type { MemoryApi, MemoryMode, MemoryReport } from "../memoryApi.ts";
import { checkUser } from "./checkUser.ts";
import { requireAgent } from "./requireAgent.ts";
import type { SystemParts } from "./SystemParts.ts";

type Of = Parameters<MemoryApi["forgetMemories"]>[0];

/** @throws AppError `NOT_FOUND` */
export async function setAgentMemory(
  parts: SystemParts,
  { nameOrId, mode, actor }: { readonly nameOrId: string; readonly mode: MemoryMode; readonly actor: string },
): ReturnType<MemoryApi["setAgentMemory"]> {
  const { workspaceId } = parts.config;
  const { id, name } = await requireAgent(parts.engine.db, workspaceId, nameOrId);
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
    const { id } = await requireAgent(db, workspaceId, of.agent);
    return { memories: (await listMemories(db, workspaceId, { agentId: id })).map(toReport), facts: [] };
  }
  const userId = checkUser(of.userId);
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

function toReport({ counts, at, patterns, ...memory }: StoredMemory): MemoryReport["memories"][number] {
  return { ...memory, patterns: tellPatterns({ patterns, counts }), at: at.toISOString() };
}

/** @throws AppError `NOT_FOUND`, `USAGE` */
export async function forgetMemories(parts: SystemParts, of: Of, actor: string): ReturnType<MemoryApi["forgetMemories"]> {
  const { workspaceId } = parts.config;
  const { db } = parts.engine;
  const target: { readonly agentId: string } | { readonly userId: string } =
    "agent" in of ? { agentId: (await requireAgent(db, workspaceId, of.agent)).id } : { userId: checkUser(of.userId) };
  const prefix = "agent" in of ? of.memoryId : undefined;
  return retriedTransaction(db, async (tx) => {
    const { memories, facts, blocks } =
      "userId" in target
        ? await forgetUser(tx, workspaceId, target.userId)
        : await forgetAgent(tx, {
            workspaceId,
            agentId: target.agentId,
            memoryId: prefix === undefined ? null : await findMemory(tx, { workspaceId, agentId: target.agentId, prefix }),
          });
    const about = "agentId" in target ? { entityType: "agent", entityId: target.agentId } : { entityType: "user", entityId: target.userId };
    await audit(parts, tx, { action: AUDIT_EVENTS.MEMORY_FORGOTTEN, ...about, actor, details: { memories, facts, blocks } });
    return { memories, facts };
  });
}

async function findMemory(tx: Transaction, sought: Parameters<typeof findMemoryIds>[1]): Promise<string> {
  const found = await findMemoryIds(tx, { ...sought, prefix: sought.prefix.toLowerCase() });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new AppError(
    only === undefined ? "NOT_FOUND" : "USAGE",
    `${only === undefined ? "no memory begins" : "several memories begin"} with ${sought.prefix}`,
    { details: { memory: sought.prefix, matches: found }, hint: "list them with `agents memory NAME --json`" },
  );
}

/** Those past their time go, and the oldest where there are many become one. @returns memories that are gone, or would be */
export async function pruneMemories(parts: SystemParts, isDry: boolean): Promise<number> {
  const { db } = parts.engine;
  const { workspaceId, memoryRetentionDays: days } = parts.config;
  const rule = { workspaceId, days };
  if (isDry) return countPrunable(db, rule);
  const partly = (what: "expired" | "merged", work: (tx: Transaction) => Promise<number>): Promise<number> =>
    retriedTransaction(db, async (tx) => {
      const gone = await work(tx);
      const details = { expired: 0, merged: 0, [what]: gone, days };
      if (gone > 0) await audit(parts, tx, { action: AUDIT_EVENTS.MEMORY_PRUNED, entityType: "workspace", details });
      return gone;
    });
  let pruned = await untilNone(() => partly("expired", (tx) => deleteExpired(tx, rule)));
  for (const pile of await findManyMemories(db, rule)) {
    // oxlint-disable-next-line no-await-in-loop -- one bounded transaction after the other
    pruned += await untilNone(() => partly("merged", (tx) => mergeOldest(tx, workspaceId, pile)));
  }
  return pruned;
}

async function untilNone(work: () => Promise<number>): Promise<number> {
  let total = 0;
  // oxlint-disable-next-line no-await-in-loop -- as above
  for (let last = await work(); last > 0; last = await work()) total += last;
  return total;
}

function audit({ config, clock }: SystemParts, tx: Transaction, input: Omit<AuditInput, "workspaceId">): Promise<void> {
  return writeFacts(tx, auditWriter, [createAuditRow({ workspaceId: config.workspaceId, ...input }, clock.nowMs())]);
}
