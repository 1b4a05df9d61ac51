// The same steps for each element of a list, one after the other or in a window: what loop and scatter share. Combines no results.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import { forEachIndex } from "../ParallelExecutor.ts";
import type { StepContext, StepOutcome, Wait, WalkOutcome } from "../types.ts";
import { endUnfinished, prefixOf } from "./innerSteps.ts";

export interface ItemWalk {
  readonly items: readonly JsonValue[];
  readonly steps: readonly WorkflowStep[];
  /** Elements at the same time. */
  readonly limit: number;
  /** Further name of the element in templates. */
  readonly itemVariable?: string;
  /** A failed element ends the whole; otherwise it is left out. */
  readonly stopsOnFailure: boolean;
  /** Nothing after an element that waits may start: order matters. */
  readonly stopsOnWait: boolean;
}

export type ItemFailure = Extract<WalkOutcome, { readonly status: "failed" }> & { readonly index: number };
export type ItemsOutcome =
  | { readonly status: "ended"; readonly failures: readonly ItemFailure[] }
  | { readonly status: "unfinished"; readonly outcome: StepOutcome };

export async function walkItems(context: StepContext, walk: ItemWalk): Promise<ItemsOutcome> {
  const { items, steps, limit } = walk;
  // Between the elements' scopes and the step's: one mark stops all elements, also those that are under way.
  const frame = context.scope.child({ prefix: prefixOf(context), steps: [], signal: context.signal });
  const waits: Wait[] = [];
  const failures: ItemFailure[] = [];
  let isHalted = false;
  await forEachIndex(items.length, limit, async (index) => {
    const variables = variablesOf(items[index] ?? null, index, walk.itemVariable);
    const scope = frame.child({ prefix: prefixOf(context, index), steps, variables });
    const outcome = await context.walk(steps, scope);
    if (outcome.status === "waiting") waits.push(...outcome.waits);
    if (outcome.status === "failed") failures.push({ ...outcome, index });
    if (outcome.status === "halted") isHalted = true;
    if (outcome.status === "failed" && walk.stopsOnFailure) {
      frame.markFailed();
      return false;
    }
    return outcome.status !== "halted" && !(outcome.status === "waiting" && walk.stopsOnWait);
  });
  failures.sort((left, right) => left.index - right.index);
  const [first] = failures;
  if (first !== undefined && walk.stopsOnFailure) return { status: "unfinished", outcome: { status: "failed", error: first.error } };
  if (isHalted) return { status: "unfinished", outcome: endUnfinished(context, { status: "halted" }) };
  if (waits.length > 0) return { status: "unfinished", outcome: { status: "waiting", waits } };
  return { status: "ended", failures };
}

/** `loop.iteration` counts from 1, `index` from 0. */
function variablesOf(item: JsonValue, index: number, itemVariable?: string): JsonObject {
  const variables = { loop: { item, index, iteration: index + 1 }, current: item, item, index };
  return itemVariable === undefined ? variables : { ...variables, [itemVariable]: item };
}
