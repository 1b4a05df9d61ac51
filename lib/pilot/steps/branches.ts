// One branch of several, run as a nested list: what conditional and switch share. Knows which branch was begun before a restart.
import type { JsonObject } from "../../core/json.ts";
import { nestedLists } from "../../workflow/nestedSteps.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { StepContext, StepOutcome } from "../types.ts";
import { endUnfinished, loadOutputs, prefixOf, walkNested } from "./innerSteps.ts";

export interface Branch {
  readonly name: string;
  readonly steps: readonly WorkflowStep[];
}

/**
 * The branch that an earlier claim began. A choice may depend on the time of day; once made, it stands.
 *
 * @returns undefined when none was begun
 */
export function begunBranch({ state, path }: StepContext, branches: readonly Branch[]): Branch | undefined {
  return branches.find(({ steps }) => hasBegun(state, steps, `${path}.`));
}

function hasBegun(state: ExecutionState, steps: readonly WorkflowStep[], prefix: string): boolean {
  return steps.some((step) => {
    const path = `${prefix}${step.id}`;
    if (state.step(path) !== undefined || state.attemptsOf(path).length > 0) return true;
    return nestedLists(step).some((list) => hasBegun(state, list.steps, list.kind === "each" ? `${path}[0].` : `${path}.`));
  });
}

/** The step's output is `{innerStepId: data}` of the branch that ran. */
export async function runBranch(context: StepContext, { name, steps }: Branch, more: JsonObject = {}): Promise<StepOutcome> {
  const outcome = await walkNested(context, steps);
  if (outcome.status !== "completed") return endUnfinished(context, outcome);
  const output = await loadOutputs(context, steps, prefixOf(context));
  return { status: "completed", output, facts: { more: { ...more, branch: name } } };
}
