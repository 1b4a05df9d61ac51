// `transform`: one pure operation on raw data; without an operation, a CEL expression over the input.
import { AppError, asAppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { applyTransform, requireTransform } from "../../operations/transforms/registry.ts";
import type { StepOf } from "../../workflow/types.ts";
import type { StepContext, StepPerformer } from "../types.ts";

type Context = StepContext<StepOf<"transform">>;

export const performTransform: StepPerformer<"transform"> = async (context) => {
  const { step, scope, services, path } = context;
  const input = step.input === undefined ? inputOfNone(context) : context.resolve(step.input, "input");
  try {
    const { operation, config } = settingsOf(context);
    const output = applyTransform(operation, input, config, { nowMs: services.clock.nowMs(), scope });
    return { status: "completed", output, facts: Array.isArray(output) ? { itemCount: output.length } : {} };
  } catch (thrown) {
    const cause = asAppError(thrown, "TRANSFORM_FAILED");
    const error = new AppError(cause.code, `step ${path}: ${cause.message}`, {
      details: { ...cause.details, step: path },
      hint: cause.hint,
      cause,
    });
    return { status: "failed", error };
  }
};

/** A formula that was given no input still says `input` as all other formulas do: for what the execution was started with. */
function inputOfNone({ step, scope }: Context): JsonValue {
  if (requireTransform(step.operation ?? "expression").name !== "expression") return null;
  const found = scope.get("input");
  return found.found ? found.value : null;
}

/** Templates of fields that the operation fills for each element itself are left to it. */
function settingsOf(context: Context): { readonly operation: string; readonly config: JsonObject } {
  const { operation = "expression", config = {}, expression } = context.step;
  const { perItemFields } = requireTransform(operation);
  const resolved = Object.entries(config).flatMap(([key, value]): [string, JsonValue][] => {
    if (value === undefined) return [];
    return [[key, perItemFields.includes(key) ? value : context.resolve(value, `config.${key}`)]];
  });
  const own = expression === undefined || config["expression"] !== undefined ? [] : [["expression", expression] as const];
  return { operation, config: Object.fromEntries([...resolved, ...own]) };
}
