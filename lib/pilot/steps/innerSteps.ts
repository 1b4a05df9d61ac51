// What steps that hold steps share: the scope of their children, how a walk that did not complete ends them, and what their children left. Runs nothing.
import { AppError, asAppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { StepContext, StepOutcome, WalkOutcome } from "../types.ts";

/** How the step ends when its children did not complete. */
export function endUnfinished(
  { signal, state }: StepContext,
  outcome: Exclude<WalkOutcome, { readonly status: "completed" }>,
): StepOutcome {
  if (outcome.status === "failed") return { status: "failed", error: outcome.error };
  if (outcome.status === "waiting") return { status: "waiting", waits: outcome.waits };
  // The step's own time limit stopped its children; otherwise the execution, or a walk around this one, is being stopped.
  if (signal.aborted && state.haltReason === null) return { status: "failed", error: asAppError(signal.reason, "STEP_TIMEOUT") };
  return { status: "halted" };
}

/** Runs a list in a scope of its own under the step's path. */
export async function walkNested(context: StepContext, steps: readonly WorkflowStep[], maxConcurrency?: number): Promise<WalkOutcome> {
  const scope = context.scope.child({ prefix: prefixOf(context), steps, signal: context.signal });
  return context.walk(steps, scope, maxConcurrency === undefined ? {} : { maxConcurrency });
}

export function prefixOf({ path }: Pick<StepContext, "path">, index?: number): string {
  return index === undefined ? `${path}.` : `${path}[${index}].`;
}

/** Paths of the children whose outputs {@link outputsOf} reads, so that they can be loaded in one query. */
export function pathsOf(steps: readonly WorkflowStep[], prefix: string): string[] {
  return steps.map((step) => `${prefix}${step.id}`);
}

/** `{innerStepId: data}`, under `output_variable` too; null for what was skipped or failed and tolerated. Load first. */
export function outputsOf({ state }: StepContext, steps: readonly WorkflowStep[], prefix: string): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const step of steps) {
    const known = state.step(`${prefix}${step.id}`);
    if (known === undefined) continue;
    const value = state.output(`${prefix}${step.id}`);
    entries.push([step.id, value]);
    if (step.output_variable !== undefined) entries.push([step.output_variable, value]);
  }
  return Object.fromEntries(entries);
}

/** Loads and reads in one go, for a list that ran once. */
export async function loadOutputs(context: StepContext, steps: readonly WorkflowStep[], prefix: string): Promise<JsonObject> {
  await context.state.load(context.services.db, pathsOf(steps, prefix));
  return outputsOf(context, steps, prefix);
}

/** @throws AppError `STEP_FAILED` naming what came instead */
export function requireItems({ path }: StepContext, value: JsonValue, field: string): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[];
  const got =
    value === null
      ? "nothing"
      : isJsonObject(value)
        ? `an object with ${Object.keys(value).slice(0, 10).join(", ") || "no keys"}`
        : `a ${typeof value}`;
  throw new AppError("STEP_FAILED", `step ${path}, ${field}: expected a list, got ${got}`, {
    details: { step: path, field, expected: "a list", got },
    hint: "name the list itself, for example {{step1.data.items}}",
  });
}
