// Steps that write: nothing is written about facts that are required and missing; what is written has no gaps, and where asked for, no made-up facts.
import { AppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { factOf, isModelStep, performReviewed } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { parseContract } from "../handlers/answerContract.ts";
import { BaseHandler } from "./BaseHandler.ts";

export class GenerateHandler extends BaseHandler {
  readonly intent = "generate";
  protected readonly stepTypes: readonly StepType[] = ["ai_processing", "llm_decision"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    if (!isModelStep(step)) return this.output(step, context, (await context.perform()).output);
    const missing = missingFacts(step, context);
    if (missing.length > 0) {
      throw context.verdict(
        new AppError("FACTS_MISSING", `step ${step.id}: nothing was written, because these facts have no value: ${missing.join(", ")}`, {
          details: { step: step.id, field: "metadata.contract.requires", defects: missing },
        }),
      );
    }
    const { output } = await performReviewed(step, context);
    return this.output(step, context, output);
  }
}

/** Names of required facts whose template finds nothing, or nothing but emptiness. */
function missingFacts(step: WorkflowStep, context: HandlerContext): string[] {
  const { requires = {} } = parseContract(step.id, step.metadata?.["contract"]);
  return Object.entries(requires).flatMap(([name, template]) =>
    factOf(template as JsonValue, context, "metadata.contract.requires") === null ? [name] : [],
  );
}
