// Which handlers and models an execution started now would use, for its plan. Asks what a decision asks; performs nothing.
import type { AgentRecord } from "../agents/AgentStore.ts";
import { randomId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { parseFlagOverrides } from "../flags/FeatureFlags.ts";
import { loadGovernanceSettings } from "../orchestration/budgets/GovernanceSettingsStore.ts";
import { loadRoutingSnapshot } from "../orchestration/routing/routingSnapshot.ts";
import type { IntentClassification } from "../orchestration/types.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import { plannedAis } from "./agentAis.ts";
import type { SystemParts } from "./SystemParts.ts";

export interface PlannedRoutes {
  /** Handlers by step id; empty where routing by intent is not on. */
  readonly handlers: ReadonlyMap<string, string>;
  /** undefined: models are not routed. */
  readonly modelOf: ((step: WorkflowStep) => string | undefined) | undefined;
}

/** @param about.agent undefined: it has never run */
export async function planRoutes(
  parts: SystemParts,
  about: {
    readonly definition: WorkflowDefinition;
    readonly agent: AgentRecord | undefined;
    readonly classifications: ReadonlyMap<string, IntentClassification>;
    readonly overrides: JsonObject;
  },
): Promise<PlannedRoutes> {
  const { engine, config, flags, clock } = parts;
  const { definition, agent, classifications, overrides } = about;
  const flagged = {
    id: agent?.id ?? randomId(),
    name: definition.name,
    createdAtMs: agent?.createdAt.getTime() ?? clock.nowMs(),
    orchestration: agent?.orchestration ?? null,
  };
  const snapshot = await flags.snapshot(engine.db, config.workspaceId);
  const decided = flags.evaluate(snapshot, flagged, randomId(), parseFlagOverrides(overrides));
  const handlers =
    decided.intent_routing_enabled.state === "on" ? await handlersOf(parts, definition, classifications) : new Map<string, string>();
  const modelOf = decided.ais_routing_enabled.state === "on" ? await modelsOf(parts, definition, flagged.id) : undefined;
  return { handlers, modelOf };
}

async function handlersOf(
  { handlers, config }: SystemParts,
  definition: WorkflowDefinition,
  classifications: ReadonlyMap<string, IntentClassification>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { step } of walkSteps(definition)) {
    const intent = definition.labels?.[step.id]?.intent ?? classifications.get(step.id)?.intent;
    const handler = intent === undefined ? null : (await handlers.find(step, intent, config.workspaceId)).handler;
    if (handler !== null) found.set(step.id, handler);
  }
  return found;
}

async function modelsOf(
  { engine, config, models }: SystemParts,
  definition: WorkflowDefinition,
  agentId: string,
): Promise<PlannedRoutes["modelOf"]> {
  const { workspaceId, defaultModel } = config;
  const ais = await plannedAis(engine.db, { workspaceId, agentId }, definition);
  const { tierBelowScore: cuts } = (await loadGovernanceSettings(engine.db, workspaceId)).settings;
  const { snapshot: route } = await loadRoutingSnapshot(engine.db, { workspaceId, agentId, executionId: randomId(), ais, cuts });
  return models.modelOf({ agentId, definition, defaultModel }, { aisRouting: "on", route });
}
