// Steps that reshape data: the operations do it, this counts what went in and out. A model's reshaping is kept from gaps, refusals and stubs.
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { contractOf, isModelStep, reviewOf } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

export class TransformHandler extends BaseHandler {
  readonly intent = "transform";
  protected readonly stepTypes: readonly StepType[] = ["transform", "enrichment", "comparison", "ai_processing"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    if (isModelStep(step)) {
      const contract = contractOf(step, context);
      const { output } = await context.perform({ review: reviewOf(step, context, { contract, condenses: false }) });
      return this.output(step, context, output);
    }
    const { output } = await context.perform();
    if (step.type === "transform") await this.trackMetrics({ itemsIn: countOf(context.input), itemsOut: countOf(output) }, context);
    return this.output(step, context, output);
  }
}

/** null: it is no list. */
function countOf(value: JsonValue): number | null {
  if (Array.isArray(value)) return value.length;
  const items = isJsonObject(value) ? value["items"] : undefined;
  return Array.isArray(items) ? items.length : null;
}
