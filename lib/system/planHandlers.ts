// Which handlers an execution started now would use, for its plan. Asks what a decision asks; performs nothing.
import type { AgentRecord } from "../agents/AgentStore.ts";
import { randomId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { parseFlagOverrides } from "../flags/FeatureFlags.ts";
import type { IntentClassification } from "../orchestration/types.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import type { SystemParts } from "./SystemParts.ts";

/** By step id; empty where routing by intent is not on. @param about.agent undefined: it has never run */
export async function planHandlers(
  { engine, config, flags, handlers, clock }: SystemParts,
  about: {
    readonly definition: WorkflowDefinition;
    readonly agent: AgentRecord | undefined;
    readonly classifications: ReadonlyMap<string, IntentClassification>;
    readonly overrides: JsonObject;
  },
): Promise<ReadonlyMap<string, string>> {
  const { definition, agent, classifications, overrides } = about;
  const flagged = {
    id: agent?.id ?? randomId(),
    name: definition.name,
    createdAtMs: agent?.createdAt.getTime() ?? clock.nowMs(),
    orchestration: agent?.orchestration ?? null,
  };
  const snapshot = await flags.snapshot(engine.db, config.workspaceId);
  const decided = flags.evaluate(snapshot, flagged, randomId(), parseFlagOverrides(overrides));
  const found = new Map<string, string>();
  if (decided.intent_routing_enabled.state !== "on") return found;
  for (const { step } of walkSteps(definition)) {
    const intent = definition.labels?.[step.id]?.intent ?? classifications.get(step.id)?.intent;
    const handler = intent === undefined ? null : (await handlers.find(step, intent, config.workspaceId)).handler;
    if (handler !== null) found.set(step.id, handler);
  }
  return found;
}
