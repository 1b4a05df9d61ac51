// Steps that choose a path: conditions and keys decide, exactly; a person where people are asked. This records what was chosen, on what values.
import type { JsonObject } from "../../core/json.ts";
import { describeValue } from "../../operations/describeValue.ts";
import type { StepOf, StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { contractOf, isModelStep, reviewOf } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

export class ConditionalHandler extends BaseHandler {
  readonly intent = "conditional";
  protected readonly stepTypes: readonly StepType[] = ["conditional", "switch", "ai_processing"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    if (isModelStep(step)) {
      const contract = contractOf(step, context);
      const { output } = await context.perform({ review: reviewOf(step, context, { contract, condenses: false }) });
      return this.output(step, context, output);
    }
    const { output, details } = await context.perform();
    await this.trackMetrics({ ...chosenBy(step, context), branch: details["branch"] }, context);
    return this.output(step, context, output);
  }
}

function chosenBy(step: WorkflowStep, context: HandlerContext): JsonObject {
  if (step.type === "switch") return { value: describeValue(context.resolve(step.evaluate, "evaluate")) };
  const { condition } = step as StepOf<"conditional">;
  return { condition: typeof condition === "string" ? condition : JSON.stringify(condition) };
}
