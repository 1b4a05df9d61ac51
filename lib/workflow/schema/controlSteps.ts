// Steps that hold steps: conditional, switch, loop, parallel_group, scatter_gather, sub_workflow. The step schema is an argument, because it is made of these.
import { z } from "zod";
import type { WorkflowStep } from "../types.ts";
import { commonFields, concurrency, condition, identifier, milliseconds, strict, templateObject, templateValue } from "./fields.ts";

export type StepSchema = z.ZodType<WorkflowStep>;

export function createControlSteps(step: StepSchema) {
  const steps = z.array(step);
  const someSteps = steps.min(1, { error: "expected at least one step" });

  const conditionalStep = strict({
    ...commonFields,
    type: z.literal("conditional").describe("Evaluates, then runs one of two branches."),
    condition,
    then_steps: steps.default([]).describe("`then` and `steps` are accepted; so is a list of ids under `trueBranch`."),
    else_steps: steps.default([]).describe("`else` is accepted; so is a list of ids under `falseBranch`."),
  });

  const switchStep = strict({
    ...commonFields,
    type: z.literal("switch").describe("Runs the branch whose key equals the value, as text."),
    evaluate: templateValue,
    cases: z.record(z.string(), steps).describe("Value → steps, or ids of steps in the same list, which move into the case."),
    default: steps.default([]).describe("Runs where no case matches."),
  });

  const loopStep = strict({
    ...commonFields,
    type: z.literal("loop").describe("Runs its steps for each element, one after the other unless `parallel`."),
    iterateOver: templateValue,
    loopSteps: someSteps.describe(
      "May name {{loop.item}}, {{loop.index}}, {{loop.iteration}}, {{current}}, {{item}}, {{index}}. `steps` is accepted.",
    ),
    maxIterations: z.int().min(1).max(100_000).default(100).describe("More elements than this are an error."),
    parallel: z.boolean().default(false),
    maxConcurrency: concurrency.exactOptional(),
  });

  const parallelGroupStep = strict({
    ...commonFields,
    type: z
      .literal("parallel_group")
      .describe("Runs its steps at the same time, in the order of their own dependencies. `parallel` is accepted."),
    steps: someSteps,
    maxConcurrency: concurrency.exactOptional(),
  });

  return {
    conditionalStep,
    switchStep,
    loopStep,
    parallelGroupStep,
    scatterGatherStep: createScatterGather(someSteps),
    subWorkflowStep: createSubWorkflow(someSteps),
  };
}

function createScatterGather(someSteps: z.ZodArray<StepSchema>) {
  const scatter = strict({
    input: templateValue.describe("The array. `items` is accepted."),
    steps: someSteps.describe("Run once per element."),
    itemVariable: identifier.default("item").describe("Name of the element in templates. `item_name` is accepted."),
    maxConcurrency: concurrency.exactOptional(),
    continueOnError: z.boolean().describe("Failed elements are left out; only when all fail does the step fail.").exactOptional(),
  });
  const gather = strict({
    operation: z.enum(["collect", "merge", "reduce", "flatten"]).default("collect"),
    outputKey: z.string().min(1).exactOptional(),
    reduceExpression: z.string().min(1).describe("CEL over `accumulator`, `item` (one result) and `index`; with `reduce`.").exactOptional(),
    shape: z.enum(["step_only", "merge_with_item", "merge_as_named_array", "item_only"]).exactOptional(),
    shapeField: z.string().min(1).describe("Field of the array; with `merge_as_named_array`.").exactOptional(),
    from: z.string().min(1).describe("Inner step whose data is gathered; absent: the last one.").exactOptional(),
  });
  return strict({
    ...commonFields,
    type: z.literal("scatter_gather").describe("Fans out over an array and combines the results."),
    scatter,
    gather: gather.prefault({}),
  });
}

function createSubWorkflow(someSteps: z.ZodArray<StepSchema>) {
  return strict({
    ...commonFields,
    type: z.literal("sub_workflow").describe("A nested run with its own context: its steps read {{input.…}} from `inputs`."),
    workflowId: z.string().min(1).describe("Name or id of a stored agent; exactly one of this and `workflowSteps`.").exactOptional(),
    workflowSteps: someSteps.exactOptional(),
    inputs: templateObject.default({}),
    outputMapping: templateObject.describe("Name → value with templates, resolved inside the nested run.").exactOptional(),
    timeout: milliseconds.min(1).describe("Milliseconds.").exactOptional(),
    inheritContext: z.boolean().default(false).describe("The nested steps may also read what the outer steps read."),
    onError: z.enum(["throw", "continue", "return_error"]).default("throw"),
  });
}
