// The conformance suite finds what it is there to find: each bad handler fails the claim that it breaks, and a good one fails none.
import { describe, expect, test } from "vitest";
import { BaseHandler } from "../../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import type { HandlerContext, HandlerInterface } from "../../../lib/orchestration/types.ts";
import { describeHandler, type HandlerCase } from "../../../lib/testing/describeHandler.ts";
import { HandlerStage } from "../../../lib/testing/HandlerStage.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../../lib/workflow/types.ts";

const send: HandlerCase = { step: { id: "s", type: "action", plugin: "world", action: "write", params: { n: 1 } } };
const ask: HandlerCase = { step: { id: "s", type: "ai_processing", prompt: "Say hello" }, script: ["hello"] };

type Work = (context: HandlerContext, step: WorkflowStep, self: BaseHandler) => Promise<unknown>;

function handlerOf(work: Work, members: Partial<HandlerInterface> = {}): () => HandlerInterface {
  class TrialHandler extends BaseHandler {
    readonly intent = "send";
    protected readonly stepTypes: readonly StepType[] = ["action", "ai_processing"];
    async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
      return this.output(step, context, (await work(context, step, this)) as string);
    }
  }
  return () => Object.assign(new TrialHandler(), members);
}

const good: Work = async (context) => (await context.perform()).output;

/** Claims that the handler breaks, without the case's name. */
async function broken(createHandler: () => HandlerInterface, one: HandlerCase = send): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    test: (name: string, body: () => Promise<void>) => void tests.push([name, body]),
  };
  describeHandler(runner, { createHandler, cases: { c: one }, unserved: { id: "pause", type: "delay", duration: 1 } });
  const failed: string[] = [];
  for (const [name, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(name.replace(/^c: /, ""));
    }
  }
  return failed;
}

describe("describeHandler", () => {
  test("finds nothing in a good handler", async () => {
    expect(await broken(handlerOf(good))).toEqual([]);
    expect(await broken(handlerOf(good), ask)).toEqual([]);
    expect(await broken(handlerOf(good), { ...ask, script: (_request, index) => ({ text: index === 0 ? "hello" : "hello" }) })).toEqual([]);
  });

  test("finds a handler that claims every step, and one that claims none", async () => {
    expect(await broken(handlerOf(good, { validate: async () => true }))).toEqual(["leaves a step of another kind to others"]);
    expect(await broken(handlerOf(good, { validate: async () => false }))).toContain(
      "serves the step, and gives what the direct path gives, by the same effects",
    );
  });

  test("finds a handler that gives something else, or an effect too many", async () => {
    expect(await broken(handlerOf(async () => "something else"))).toContain(
      "serves the step, and gives what the direct path gives, by the same effects",
    );
    const twice: Work = async (context) => {
      await context.performPart({ id: "extra", plugin: "world", action: "write", params: { n: 1 } });
      return (await context.perform()).output;
    };
    expect(await broken(handlerOf(twice))).toContain("serves the step, and gives what the direct path gives, by the same effects");
    expect(await broken(handlerOf(good), { ...send, output: "stated" })).toContain(
      "serves the step, and gives what the direct path gives, by the same effects",
    );
  });

  test("finds steps that see each other, and traces of one that failed", async () => {
    let count = 0;
    const counting: Work = async (context) => {
      await context.perform();
      count += 1;
      return count;
    };
    const found = await broken(handlerOf(counting), { ...send, isEqualToDirect: false });
    expect(found).toContain("gives the same to many steps at once");
    const remembering = handlerOf(async (context, _step, self) => {
      const kept = self as unknown as { hasFailed?: boolean };
      try {
        const { output } = await context.perform();
        return kept.hasFailed === true ? "remembered" : output;
      } catch (error) {
        kept.hasFailed = true;
        throw error;
      }
    });
    expect(await broken(remembering)).toContain("leaves no trace of a step that failed");
    const hushing: Work = async (context) =>
      context.perform().then(
        ({ output }) => output,
        () => "done",
      );
    expect(await broken(handlerOf(hushing))).toEqual(["leaves no trace of a step that failed"]);
  });

  test("finds a part whose name changes: its effect is repeated after an interruption", async () => {
    let count = 0;
    const unstable: Work = async (context) => {
      count += 1;
      await context.performPart({ id: `p${count}`, plugin: "world", action: "write", params: { n: 1 } });
      return "done";
    };
    expect(await broken(handlerOf(unstable), { ...send, isEqualToDirect: false })).toContain(
      "repeats no effect, wherever it is interrupted",
    );
  });

  test("lets a step do without a repair that a limit refused", async () => {
    const wishing: Work = async (context) =>
      (await context.perform({ review: { judge: () => [{ message: "is not liked", severity: "soft" }], repairs: 1 } })).output;
    expect(await broken(handlerOf(wishing), { ...ask, script: ["hello", "hello"], isEqualToDirect: false })).toEqual([]);
  });

  test("finds a handler whose interface is none", async () => {
    const half = handlerOf(good, { rollback: undefined as unknown as HandlerInterface["rollback"] });
    expect(await broken(half)).toContain("has the interface, comes ready and goes, and may go twice");
  });
});

describe("HandlerStage", () => {
  test("has no network, no files and no database", async () => {
    const stage = await HandlerStage.open({
      steps: [{ id: "s", type: "transform", operation: "set", config: { value: 1 } }],
      handler: null,
    });
    expect(stage.output).toBeNull();
    expect(stage.detail).toEqual({});
    await stage.walk();
    expect(stage.output).toBe(1);
  });
});
