import { describe, expect, test } from "vitest";
import { AppError } from "../../lib/core/errors.ts";
import { BaseHandler } from "../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import type { HandlerContext, HandlerInterface } from "../../lib/orchestration/types.ts";
import { HandlerStage } from "../../lib/testing/HandlerStage.ts";
import type { WorkflowStepInput } from "../../lib/workflow/inputTypes.ts";
import type { StepOutput, WorkflowStep } from "../../lib/workflow/types.ts";

class CountingHandler extends BaseHandler {
  readonly intent = "transform";
  protected readonly stepTypes = ["transform"] as const;
  readonly open = new Set<string>();
  failure: Error | null = null;

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    this.open.add(context.stepPath);
    const { output } = await context.perform();
    if (this.failure !== null) throw this.failure;
    const view = await this.compress("a long text", 2, context, "what counts");
    await this.trackMetrics({ savedTokens: 7, view, items: 2 }, context);
    this.open.delete(context.stepPath);
    return this.output(step, context, output);
  }

  override async rollback(_step: WorkflowStep, context: HandlerContext): Promise<void> {
    this.open.delete(context.stepPath);
  }
}

const sort: WorkflowStepInput = {
  id: "sorted",
  type: "transform",
  operation: "sort",
  input: [2, 1],
  config: {},
  retryPolicy: { maxRetries: 0 },
};

describe("BaseHandler", () => {
  test("provides common interface", async () => {
    const handler: HandlerInterface = new CountingHandler();
    const served = { id: "t", type: "transform", operation: "sort" } as const;

    expect(await handler.validate(served)).toBe(true);
    expect(await handler.validate({ id: "d", type: "delay", duration: 1 })).toBe(false);
    await expect(handler.init()).resolves.toBeUndefined();
    await expect(handler.cleanup()).resolves.toBeUndefined();
    await expect(
      new (class extends CountingHandler {
        override rollback = BaseHandler.prototype.rollback;
      })().rollback(served, {} as HandlerContext),
    ).resolves.toBeUndefined();
  });

  test("supports rollback on failure", async () => {
    const handler = new CountingHandler();
    handler.failure = new AppError("STEP_FAILED", "the disk is full");
    const stage = await HandlerStage.open({ steps: [sort], handler });

    expect(await stage.walk()).toMatchObject({ status: "failed", error: { message: "the disk is full" } });
    expect([...handler.open]).toEqual([]);
    expect(stage.detail).toMatchObject({ error: { code: "STEP_FAILED" }, handler: { name: "CountingHandler", succeeded: false } });
  });

  test("tracks handler metrics", async () => {
    const stage = await HandlerStage.open({ steps: [sort], handler: new CountingHandler() });

    expect((await stage.walk()).status).toBe("completed");
    expect(stage.output).toEqual([1, 2]);
    expect(stage.detail.handler).toEqual({
      name: "CountingHandler",
      intent: "transform",
      mode: "on",
      succeeded: true,
      ms: expect.any(Number) as number,
      tokens: 0,
      savedTokens: 7,
      metrics: { view: "a long text", items: 2 },
    });
    expect(stage.audited()).toEqual(["orchestration.handler_executed", "pilot.step_executed"]);
  });
});
