// What handlers share: a life cycle that does nothing unless overridden, and the two ways to add to a step's record. It performs nothing.
import type { JsonValue } from "../../core/json.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import type { HandlerContext, HandlerInterface, HandlerMetrics, IntentType } from "../types.ts";

/**
 * @example
 * class InvoiceHandler extends BaseHandler {
 *   readonly intent = "extract";
 *   protected readonly stepTypes = ["deterministic_extraction"] as const;
 *   async execute(step: WorkflowStep, context: HandlerContext) {
 *     const { output } = await context.perform();
 *     return this.output(step, context, output);
 *   }
 * }
 */
export abstract class BaseHandler implements HandlerInterface {
  abstract readonly intent: IntentType;
  /** Types of steps that it serves. */
  protected abstract readonly stepTypes: readonly StepType[];

  /** Called once, before anything else; bounded. */
  async init(): Promise<void> {
    // Nothing to prepare.
  }

  /** True for the types it names. */
  async validate(step: WorkflowStep): Promise<boolean> {
    return this.stepTypes.includes(step.type);
  }

  abstract execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput>;

  /** Called after `execute` failed; bounded. Handlers that keep nothing of a step have nothing to take back. */
  async rollback(_step: WorkflowStep, _context: HandlerContext): Promise<void> {
    // Nothing is kept.
  }

  async cleanup(): Promise<void> {
    // Nothing was prepared.
  }

  /** A shorter view of a content for a model, at most so long where what must stay fits; the content itself where nothing may be shortened. */
  protected compress(content: string, budgetTokens: number, context: HandlerContext, task?: string): Promise<string> {
    return context.compress(content, { targetTokens: budgetTokens, ...(task === undefined ? {} : { task }) });
  }

  /** Time, tokens and success are measured for it; this adds what only the handler knows. */
  protected async trackMetrics(metrics: HandlerMetrics, context: HandlerContext): Promise<void> {
    context.track(metrics);
  }

  /** The output that `execute` gives. */
  protected output(step: WorkflowStep, { nowMs }: HandlerContext, data: JsonValue): StepOutput {
    return { stepId: step.id, data, metadata: { success: true, executedAt: new Date(nowMs).toISOString(), executionTime: 0 } };
  }
}
