// `scatter_gather`: the same steps for every element at once, their results combined. Failed elements are left out only with `continueOnError`.
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { gatherResults, type GatherEntry } from "../../operations/gather.ts";
import type { StepOf } from "../../workflow/types.ts";
import type { StepContext, StepFacts, StepPerformer } from "../types.ts";
import { outputsOf, pathsOf, prefixOf, requireItems } from "./innerSteps.ts";
import { walkItems, type ItemFailure } from "./walkItems.ts";

/** What is kept of failed elements beside the step's output; the rest is in their own rows. */
const MAX_KEPT_FAILURES = 100;
const MAX_KEPT_ITEM_CHARACTERS = 2_000;

type Context = StepContext<StepOf<"scatter_gather">>;

export const performScatterGather: StepPerformer<"scatter_gather"> = async (context) => {
  const { step, state, services, scope } = context;
  const { scatter, gather } = step;
  const items = requireItems(context, context.resolve(scatter.input, "scatter.input"), "scatter.input");
  const walked = await walkItems(context, {
    items,
    steps: scatter.steps,
    limit: scatter.maxConcurrency ?? state.definition.maxConcurrency,
    itemVariable: scatter.itemVariable,
    stopsOnFailure: scatter.continueOnError !== true,
    stopsOnWait: false,
  });
  if (walked.status === "unfinished") return walked.outcome;
  const { failures } = walked;
  if (items.length > 0 && failures.length === items.length)
    return { status: "failed", error: allFailed(context, failures), facts: factsOf(items, failures) };
  const failed = new Set(failures.map(({ index }) => index));
  const kept = items.flatMap((item, index) => (failed.has(index) ? [] : [{ item, index }]));
  await state.load(
    services.db,
    kept.flatMap(({ index }) => pathsOf(scatter.steps, prefixOf(context, index))),
  );
  const entries = kept.map(({ item, index }) => entryOf(context, item, index));
  return { status: "completed", output: gatherResults(entries, gather, scope), facts: factsOf(items, failures) };
};

function entryOf(context: Context, item: JsonValue, index: number): GatherEntry {
  const { steps } = context.step.scatter;
  const outputs = outputsOf(context, steps, prefixOf(context, index)) as Readonly<Record<string, JsonValue>>;
  const last = steps.at(-1);
  return { item, outputs, last: last === undefined ? null : (outputs[last.id] ?? null) };
}

function factsOf(items: readonly JsonValue[], failures: readonly ItemFailure[]): StepFacts {
  if (failures.length === 0) return { itemCount: items.length };
  const kept = failures.slice(0, MAX_KEPT_FAILURES).map(({ index, error, path }): JsonObject => {
    const item = items[index] ?? null;
    const isSmall = JSON.stringify(item).length <= MAX_KEPT_ITEM_CHARACTERS;
    return { index, path, error: { code: error.code, message: error.message }, ...(isSmall ? { item } : {}) };
  });
  return {
    itemCount: items.length,
    warnings: [`${failures.length} of ${items.length} elements failed and were left out`],
    more: { failedItems: failures.length, failures: kept },
  };
}

function allFailed({ path }: Context, failures: readonly ItemFailure[]): AppError {
  const first = failures[0]?.error;
  const code = first?.code ?? "STEP_FAILED";
  return new AppError(code, `step ${path}: all ${failures.length} elements failed; the first: ${first?.message ?? "unknown"}`, {
    details: { ...first?.details, step: path, failedItems: failures.length },
    ...(first === undefined ? {} : { retry: first.retry, hint: first.hint, cause: first }),
  });
}
