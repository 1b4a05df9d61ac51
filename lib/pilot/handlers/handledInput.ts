// A step's input as its handler sees it and may replace it, and the facts of several calls as those of one step. Performs nothing.
import type { JsonValue } from "../../core/json.ts";
import type { PerformOptions } from "../../orchestration/types.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { StepContext, StepFacts } from "../types.ts";

/** The field that holds what a step works on. */
function fieldOf({ type }: WorkflowStep): "input" | "params" {
  return type === "action" ? "params" : "input";
}

/** null for steps that have none. */
export function inputOf({ step, resolve }: Pick<StepContext, "step" | "resolve">): JsonValue {
  const field = fieldOf(step);
  const written = (step as { readonly input?: JsonValue; readonly params?: JsonValue })[field];
  return written === undefined ? null : resolve(written, field);
}

/** The context in which the direct path's performer sees another input, or has its answers reviewed. */
export function contextWith(context: StepContext, { input, review }: PerformOptions): StepContext {
  const reviewed = review === undefined ? context : { ...context, review };
  if (input === undefined) return reviewed;
  const field = fieldOf(context.step);
  const resolve: StepContext["resolve"] = (value, of) => (of === field ? input : context.resolve(value, of));
  // A performer that finds no such field asks for none.
  const step = field in context.step ? context.step : { ...context.step, [field]: null };
  return { ...reviewed, step, resolve };
}

/** Later facts stand; what was spent adds up, and what is unknown stays unknown. */
export function addFacts(before: StepFacts, later: StepFacts): StepFacts {
  const warnings = [...(before.warnings ?? []), ...(later.warnings ?? [])];
  const more = { ...before.more, ...later.more };
  const hasSpent = before.tokensUsed !== undefined || later.tokensUsed !== undefined;
  const costs = [before.costUsd, later.costUsd].filter((cost) => cost !== undefined);
  const costUsd = costs.reduce<bigint | null>((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0n);
  return {
    ...before,
    ...later,
    ...(hasSpent ? { tokensUsed: (before.tokensUsed ?? 0) + (later.tokensUsed ?? 0) } : {}),
    ...(costs.length === 0 ? {} : { costUsd }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(Object.keys(more).length === 0 ? {} : { more }),
  };
}
