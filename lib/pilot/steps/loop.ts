// `loop`: runs its steps for each element, in order unless `parallel`; its data is a list of `{innerStepId: data}`.
import { AppError } from "../../core/errors.ts";
import type { StepPerformer } from "../types.ts";
import { outputsOf, pathsOf, prefixOf, requireItems } from "./innerSteps.ts";
import { walkItems } from "./walkItems.ts";

export const performLoop: StepPerformer<"loop"> = async (context) => {
  const { step, path, state, services } = context;
  const items = requireItems(context, context.resolve(step.iterateOver, "iterateOver"), "iterateOver");
  if (items.length > step.maxIterations) {
    throw new AppError("LOOP_LIMIT", `step ${path}: iterateOver has ${items.length} elements, maxIterations is ${step.maxIterations}`, {
      details: { step: path, field: "maxIterations", expected: `at most ${step.maxIterations} elements`, got: String(items.length) },
    });
  }
  const steps = step.loopSteps;
  const limit = step.parallel ? (step.maxConcurrency ?? state.definition.maxConcurrency) : 1;
  const walked = await walkItems(context, { items, steps, limit, stopsOnFailure: true, stopsOnWait: !step.parallel });
  if (walked.status === "unfinished") return walked.outcome;
  await state.load(
    services.db,
    items.flatMap((_item, index) => pathsOf(steps, prefixOf(context, index))),
  );
  const output = items.map((_item, index) => outputsOf(context, steps, prefixOf(context, index)));
  return { status: "completed", output, facts: { itemCount: items.length } };
};
