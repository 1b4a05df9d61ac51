// A fork: a new execution that takes over an old one's outcomes up to a step, with settings and a grant of its own.
import { saveExecutionRoute } from "../orchestration/routing/RoutingStore.ts";
import { executionRoute } from "../orchestration/routing/routingSnapshot.ts";
import { findAgent } from "../agents/AgentStore.ts";
import { AppError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { decodeJson, isJsonObject, type JsonObject } from "../core/json.ts";
import { loadSteps, loadValues } from "../journal/JournalStore.ts";
import { DocumentCache, makeDocument } from "../pilot/DocumentStore.ts";
import type { ConfigSnapshot } from "../pilot/ExecutionState.ts";
import { stepsBefore, takeOver } from "../pilot/forkExecution.ts";
import { requireExecution } from "../pilot/reportExecution.ts";
import { SESSION_MODE } from "../pilot/sessions/sessionMode.ts";
import type { ForkRequest } from "../systemApi.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { checkInputs } from "./checkInputs.ts";
import type { FlaggedAgent } from "../flags/rollout.ts";
import { rememberFork } from "./rememberStart.ts";
import { governStart } from "./governStart.ts";
import { accountLimits } from "./startExecution.ts";
import type { SystemParts } from "./SystemParts.ts";

const documents = new DocumentCache();

/** @returns the new execution, and the steps whose effects it will only preview */
export async function forkExecution(
  parts: SystemParts,
  request: ForkRequest,
): Promise<{ readonly executionId: string; readonly previewed: readonly string[] }> {
  const { engine, config, manager } = parts;
  const { workspaceId } = config;
  const source = await requireExecution(engine.db, workspaceId, request.executionId);
  if (source.runMode === SESSION_MODE) {
    throw new AppError("CONFLICT", `execution ${source.id} is a session of model calls, not a workflow: there is nothing to fork`, {
      details: { execution: source.id },
    });
  }
  const definition = (await documents.load(engine.db, workspaceId, source.definitionHash)) as unknown as WorkflowDefinition;
  const before = (await documents.load(engine.db, workspaceId, source.snapshotHash)) as unknown as ConfigSnapshot;
  const kept =
    request.fromStart === true
      ? new Set<string>()
      : stepsBefore(definition, request.fromStep ?? (await firstOpenStep(parts, source.id, definition)));
  const inputs = checkInputs(definition, { ...(await inputsOf(parts, source.id, source.inputHash)), ...request.inputs });
  const executionId = uuidv7();
  const agent = await findAgent(engine.db, workspaceId, source.agentId);
  const flagged = {
    id: source.agentId,
    name: definition.name,
    createdAtMs: agent?.createdAt.getTime() ?? 0,
    orchestration: agent?.orchestration ?? null,
  };
  const previewEffects = request.allowEffects !== true;
  const now =
    request.sameConfig === true
      ? before
      : await settingsNow(parts, before, { agent: flagged, tokenLimit: agent?.tokenLimit ?? 0, executionId, definition });
  const snapshot = forkSnapshot(now, { previewEffects, remembers: agent !== undefined && agent.memory !== "off" });
  await engine.starter.start({
    executionId,
    workspaceId,
    agentId: source.agentId,
    definition: makeDocument("definition", definition as unknown as JsonObject),
    snapshot: makeDocument("snapshot", snapshot as unknown as JsonObject),
    inputs,
    runMode: source.runMode,
    totalSteps: [...walkSteps(definition)].length,
    tags: before.tags,
    limits: accountLimits(definition, request.limits),
    firstNeed: { tokens: 0, usd: 0n },
    forkedFrom: source.id,
    afterInsert: async (tx) => {
      await takeOver(tx, source.id, executionId, kept);
      const route = snapshot.governance?.route;
      if (route !== undefined) await saveExecutionRoute(tx, workspaceId, executionId, executionRoute(route));
      await rememberFork(parts, { source: source.id, executionId, snapshot, isRehearsal: previewEffects })(tx);
    },
  });
  const previewed = previewEffects ? effectsAfter(definition, kept, (plugin, action) => manager.action(plugin, action)?.effect) : [];
  return { executionId, previewed };
}

/** Whose agent was switched off is told nothing any more, whatever its source was told. */
function forkSnapshot(
  now: ConfigSnapshot,
  { previewEffects, remembers }: { readonly previewEffects: boolean; readonly remembers: boolean },
): ConfigSnapshot {
  const { memory, ...rest } = now;
  return { ...rest, previewEffects, ...(memory === undefined || !remembers ? {} : { memory }) };
}

async function settingsNow(
  parts: SystemParts,
  before: ConfigSnapshot,
  start: {
    readonly agent: FlaggedAgent;
    readonly tokenLimit: number;
    readonly executionId: string;
    readonly definition: WorkflowDefinition;
  },
): Promise<ConfigSnapshot> {
  const { governance: _before, ...rest } = before;
  const { flags, governance } = await governStart(parts, start);
  return {
    ...rest,
    defaultModel: parts.config.defaultModel,
    flags: flags as unknown as JsonObject,
    ...(governance === undefined ? {} : { governance }),
  };
}

/** Default of `fromStep`: the first step that did not end well; with none, the last one. */
async function firstOpenStep({ engine }: SystemParts, executionId: string, definition: WorkflowDefinition): Promise<string> {
  const done = new Set(
    (await loadSteps(engine.db, executionId))
      .filter(({ status }) => status === "completed" || status === "skipped")
      .map(({ stepPath }) => stepPath),
  );
  return (definition.steps.find(({ id }) => !done.has(id)) ?? definition.steps.at(-1))?.id ?? "";
}

async function inputsOf({ engine }: SystemParts, executionId: string, hash: Buffer): Promise<JsonObject> {
  const content = (await loadValues(engine.db, executionId, [hash])).get(hash.toString("hex"));
  const inputs = content === undefined ? {} : decodeJson(content);
  return isJsonObject(inputs) ? inputs : {};
}

function effectsAfter(
  definition: WorkflowDefinition,
  kept: ReadonlySet<string>,
  effectOf: (plugin: string, action: string) => string | undefined,
): string[] {
  const previewed: string[] = [];
  for (const top of definition.steps) {
    if (kept.has(top.id)) continue;
    for (const { step } of walkSteps({ steps: [top] })) {
      if (step.type !== "action") continue;
      const effect = effectOf(step.plugin, step.action);
      if (effect === "write" || effect === "destructive") previewed.push(step.id);
    }
  }
  return previewed;
}
