// Steps that condense: the direct path asks the model, on a view where governance acts; this holds the answer to a contract and pays one repair.
import type { StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { contractOf, isModelStep, reviewOf, textOf } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

export class SummarizeHandler extends BaseHandler {
  readonly intent = "summarize";
  protected readonly stepTypes: readonly StepType[] = ["ai_processing", "llm_decision"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    if (!isModelStep(step)) return this.output(step, context, (await context.perform()).output);
    const contract = contractOf(step, context);
    // A label or finding in a form of its own may be longer than a short item.
    const hasForm = step.output_schema !== undefined || (step.type === "ai_processing" && step.config !== undefined);
    const review = reviewOf(step, context, { contract, condenses: step.type === "ai_processing" && !hasForm });
    const { output } = await context.perform({ review });
    const source = textOf(context.input);
    if (source !== "null") await this.trackMetrics({ sourceCharacters: source.length, answerCharacters: textOf(output).length }, context);
    return this.output(step, context, output);
  }
}
