// What the start of an execution settles for memory: what it is told, stored with it. Without memory it reads and writes nothing.
import type { AgentMemory } from "../agents/AgentStore.ts";
import { createAuditRow } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { encodeJson, type JsonObject } from "../core/json.ts";
import type { Transaction } from "../db/Database.ts";
import { writeFacts } from "../db/UnitPart.ts";
import { copyExecutionMemory, insertExecutionMemory, loadRecall, type MemoryOwner } from "../memory/MemoryStore.ts";
import type { BuiltMemory } from "../memory/types.ts";
import type { ConfigSnapshot } from "../pilot/ExecutionState.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import type { SystemParts } from "./SystemParts.ts";

/** What is told may not crowd out what is asked. */
const MOST_OF_PLANNED = 1 / 4;

export interface RememberedStart {
  /** undefined: memory is off. */
  readonly snapshot: ConfigSnapshot["memory"];
  /** In the transaction that inserts the execution. */
  readonly record: ((tx: Transaction) => Promise<void>) | undefined;
}

const NOTHING: RememberedStart = { snapshot: undefined, record: undefined };

export async function rememberStart(
  parts: SystemParts,
  start: {
    readonly executionId: string;
    readonly agent: { readonly id: string; readonly memory: AgentMemory; readonly tokenLimit: number };
    /** Whom the execution is for; null: nobody is known. */
    readonly userId: string | null;
    readonly definition: WorkflowDefinition;
    readonly inputs: JsonObject;
    readonly tags: readonly string[];
    /** Rehearsals are told what the real thing would be, and are not remembered. */
    readonly isRehearsal: boolean;
  },
): Promise<RememberedStart> {
  const { executionId, agent, userId, definition, tags, isRehearsal } = start;
  if (agent.memory === "off") return NOTHING;
  const { workspaceId, defaultModel } = parts.config;
  const owner: MemoryOwner = { workspaceId, agentId: agent.id, userId };
  const model = definition.model ?? defaultModel;
  const block = await recall(parts, { owner, ...start, model });
  return {
    snapshot: { mode: agent.memory },
    record: async (tx) => {
      const isTold = await insertExecutionMemory(tx, { ...owner, executionId, block, model, tags, isRemembered: !isRehearsal });
      if (block === null || !isTold) return;
      const entries = block.sections.reduce((sum, { lines }) => sum + lines.length, 0);
      const types = block.sections.map(({ title }) => title);
      const about = { action: AUDIT_EVENTS.MEMORY_INJECTED, entityType: "execution", entityId: executionId };
      const details = { tokens: block.tokens, entries, types };
      await writeFacts(tx, auditWriter, [createAuditRow({ workspaceId, executionId, ...about, details }, parts.clock.nowMs())]);
    },
  };
}

/** Memory is a help: what goes wrong with it stops no start. */
async function recall(
  { engine, memory, config, logger }: SystemParts,
  start: {
    readonly owner: MemoryOwner;
    readonly agent: { readonly memory: AgentMemory; readonly tokenLimit: number };
    readonly inputs: JsonObject;
    readonly model: string;
  },
): Promise<BuiltMemory | null> {
  const maxTokens = Math.min(config.memoryMaxTokens, Math.floor(start.agent.tokenLimit * MOST_OF_PLANNED));
  if (maxTokens === 0) return null;
  try {
    const found = await loadRecall(engine.db, start.owner, start.agent.memory);
    const { provider, model } = engine.services.providers.resolve(start.model);
    const about = Object.keys(start.inputs).length === 0 ? "" : encodeJson(start.inputs);
    return await memory.injector.build(found, { about, maxTokens, model: { provider: provider.name, model } });
  } catch (error) {
    logger.warn({ agentId: start.owner.agentId, error: String(error) }, "memory could not be recalled: the execution starts without it");
    return null;
  }
}

/** A fork is told what its source was told. */
export function rememberFork(
  { config }: SystemParts,
  fork: { readonly source: string; readonly executionId: string; readonly snapshot: ConfigSnapshot; readonly isRehearsal: boolean },
): (tx: Transaction) => Promise<void> {
  const { source, executionId, snapshot, isRehearsal } = fork;
  return async (tx) => {
    if (snapshot.memory === undefined) return;
    const copy = { workspaceId: config.workspaceId, source, fork: executionId, isRemembered: !isRehearsal };
    await copyExecutionMemory(tx, copy);
  };
}
