// Steps, installations and outcomes that tests of routing share.
import type { ModelFactsSource, RoutableStep } from "../../../../lib/orchestration/AISRouter.ts";
import { SuccessModel, type RouteOutcome } from "../../../../lib/orchestration/routing/SuccessModel.ts";
import type { ModelFacts } from "../../../../lib/orchestration/routing/types.ts";

export const SCHEMA = { type: "object", properties: { total: { type: "number" } } };

export function step(fields: Readonly<Record<string, unknown>> = {}): RoutableStep {
  return { id: "s1", type: "ai_processing", prompt: "Say it", ...fields };
}

/** Served, healthy and unpriced unless said otherwise, by name or by rule. */
export function factsOf(
  byName: Readonly<Record<string, Partial<ModelFacts>>>,
  byRule: (callModel: string) => Partial<ModelFacts> = () => ({}),
): ModelFactsSource {
  return (callModel) => ({
    state: "served",
    windowTokens: null,
    takesTools: null,
    modalities: null,
    isHealthy: true,
    costUsd: null,
    ...byRule(callModel),
    ...(Object.hasOwn(byName, callModel) ? byName[callModel] : {}),
  });
}

export function outcome(fields: Partial<RouteOutcome> = {}): RouteOutcome {
  return {
    intent: "",
    tool: "ai_processing",
    signature: "a/s1",
    version: "",
    model: "gpt-4o-mini",
    kind: "first",
    isSuccess: true,
    buckets: [],
    ...fields,
  };
}

/** So many first attempts, of which so many passed, evenly mixed. */
export function tries(count: number, passed: number, fields: Partial<RouteOutcome> = {}): readonly RouteOutcome[] {
  return Array.from({ length: count }, (_, index) =>
    outcome({ ...fields, isSuccess: Math.floor(((index + 1) * passed) / count) > Math.floor((index * passed) / count) }),
  );
}

export function trained(outcomes: readonly RouteOutcome[] = tries(20, 18)): SuccessModel {
  return new SuccessModel(outcomes);
}
