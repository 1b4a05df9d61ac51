// The same steps for each element of a list, one after the other or in a window: what loop and scatter share. Combines no results.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import { forEachIndex } from "../ParallelExecutor.ts";
import type { StepContext, StepOutcome, Wait, WalkOutcome } from "../types.ts";
import { templateReferences } from "../../operations/templates.ts";
import { MIN_CACHED_CHARACTERS } from "../governance/sharedContent.ts";
import { endUnfinished, prefixOf } from "./innerSteps.ts";
import { textOf } from "./prompts.ts";

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

/** Fewer elements than this do not pay for the wait. */
const MIN_WARMED = 4;

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
  const first = warmUp(context, walk);
  await forEachIndex(items.length, limit, async (index) => {
    if (index > 0) await first?.arrived;
    const variables = variablesOf(items[index] ?? null, index, walk.itemVariable);
    const scope = frame.child({ prefix: prefixOf(context, index), steps, variables, elements: items.length });
    const outcome = await context.walk(steps, scope);
    if (index === 0) first?.release();
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
  const [failure] = failures;
  if (failure !== undefined && walk.stopsOnFailure) return { status: "unfinished", outcome: { status: "failed", error: failure.error } };
  if (isHalted) return { status: "unfinished", outcome: endUnfinished(context, { status: "halted" }) };
  if (waits.length > 0) return { status: "unfinished", outcome: { status: "waiting", waits } };
  return { status: "ended", failures };
}

/**
 * Where elements share a long beginning of their prompts, the first goes alone until its first token: by then the provider
 * has cached what the others send again. Without it a hundred elements write the same cache a hundred times.
 */
function warmUp(context: StepContext, walk: ItemWalk): ReturnType<ExecutionState["firstTokens"]["wait"]> | null {
  const { items, steps, limit } = walk;
  if (context.state.snapshot.governance?.tokens !== "on" || items.length < MIN_WARMED || limit < 2) return null;
  // A step before the model's may take any time: by then the elements have long drifted apart.
  const [step] = steps;
  if (step === undefined || !beginsAlike(context, step, walk)) return null;
  return context.state.firstTokens.wait(prefixOf(context, 0));
}

/** True when the step asks a model about the same long content for every element. */
function beginsAlike(context: StepContext, step: WorkflowStep, { steps, itemVariable }: ItemWalk): boolean {
  if ((step.type !== "ai_processing" && step.type !== "llm_decision") || step.input === undefined) return false;
  const ofElement = new Set([
    "loop",
    "current",
    "item",
    "index",
    itemVariable,
    ...steps.flatMap(({ id, output_variable }) => [id, output_variable]),
  ]);
  const references = templateReferences(step.input);
  if (references.length === 0 || references.some(({ root }) => ofElement.has(root))) return false;
  try {
    return textOf(context.resolve(step.input, "input")).length >= MIN_CACHED_CHARACTERS;
  } catch {
    // The step itself will say what is wrong with it.
    return false;
  }
}

/** `loop.iteration` counts from 1, `index` from 0. */
function variablesOf(item: JsonValue, index: number, itemVariable?: string): JsonObject {
  const variables = { loop: { item, index, iteration: index + 1 }, current: item, item, index };
  return itemVariable === undefined ? variables : { ...variables, [itemVariable]: item };
}
