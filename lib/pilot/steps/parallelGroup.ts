// `parallel_group`: runs its steps at the same time, in the order of their own dependencies.
import type { StepPerformer } from "../types.ts";
import { endUnfinished, loadOutputs, prefixOf, walkNested } from "./innerSteps.ts";

export const performParallelGroup: StepPerformer<"parallel_group"> = async (context) => {
  const { steps, maxConcurrency } = context.step;
  const outcome = await walkNested(context, steps, maxConcurrency);
  if (outcome.status !== "completed") return endUnfinished(context, outcome);
  return { status: "completed", output: await loadOutputs(context, steps, prefixOf(context)) };
};
