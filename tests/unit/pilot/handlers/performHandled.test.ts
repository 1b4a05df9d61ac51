import { describe, expect, test } from "vitest";
import { AppError } from "../../../../lib/core/errors.ts";
import { BaseHandler } from "../../../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import type { HandlerContext } from "../../../../lib/orchestration/types.ts";
import { HANDLER_IDLE_MS } from "../../../../lib/pilot/handlers/performHandled.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import type { WorkflowStepInput } from "../../../../lib/workflow/inputTypes.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../../../lib/workflow/types.ts";
import { errorOf, openStage, serve } from "../../../orchestration/serveStep.ts";

type Execute = (step: WorkflowStep, context: HandlerContext) => Promise<StepOutput>;

/** A handler that does what a test says. */
function handlerOf(work: (context: HandlerContext, done: (data: unknown) => StepOutput) => Promise<StepOutput>): BaseHandler {
  class TestHandler extends BaseHandler {
    readonly intent = "send";
    protected readonly stepTypes: readonly StepType[] = ["action", "validation", "ai_processing", "conditional"];
    execute: Execute = (step, context) => work(context, (data) => this.output(step, context, data as string));
  }
  return new TestHandler();
}

const send: WorkflowStepInput = { id: "send", type: "action", plugin: "world", action: "send", params: { to: "{{input.to}}" } };
const fetch: WorkflowStepInput = { id: "get", type: "action", plugin: "world", action: "fetch", params: {} };
const ask: WorkflowStepInput = { id: "ask", type: "ai_processing", prompt: "Say hello" };
const inputs = { to: "ada" };

describe("a step through its handler", () => {
  test("takes the direct path, recorded and counted, when the handler throws before it asked for anything", async () => {
    const { stage, world } = await serve(
      handlerOf(async () => Promise.reject(new Error("no memory"))),
      send,
      { inputs },
    );

    expect(world.sent).toEqual([{ to: "ada" }]);
    expect(stage.detail.handler).toEqual({ name: "TestHandler", intent: "send", mode: "on", degraded: "no memory" });
    expect(stage.audited()).toEqual(["orchestration.bypassed", "pilot.step_executed"]);
  });

  test("takes the direct path when the handler says that it does not serve the step, or gives no output", async () => {
    const choosy = Object.assign(
      handlerOf(async (_context, done) => done(1)),
      { validate: async () => false },
    );
    const lying = handlerOf(async () => undefined as unknown as StepOutput);

    expect((await serve(choosy, send, { inputs })).stage.detail.handler?.degraded).toContain("does not serve this action step");
    expect((await serve(lying, send, { inputs })).stage.detail.handler?.degraded).toContain("gave no output");
  });

  test("never falls back once the handler asked for anything", async () => {
    const broken = handlerOf(async (context) => {
      await context.perform();
      throw new Error("lost the thread");
    });
    const served = await serve(broken, send, { inputs });

    expect(errorOf(served).message).toBe("lost the thread");
    expect(served.world.sent).toHaveLength(1);
    expect(served.stage.detail.handler).toMatchObject({ succeeded: false });
    expect(served.stage.audited()).not.toContain("orchestration.bypassed");
  });

  test("ends as it must whatever the handler makes of the error it sees", async () => {
    const deaf = (data: string) =>
      handlerOf(async (context, done) => {
        await context.perform().catch(() => undefined);
        await context.perform().catch(() => undefined);
        return done(data);
      });
    const skipping = { id: "v", type: "validation", input: 1, schema: { type: "string" }, onValidationFail: "skip" } as const;
    const waiting = {
      id: "c",
      type: "conditional",
      condition: "true",
      then_steps: [{ id: "ask", type: "human_approval", approvers: ["ada"] }],
      else_steps: [],
    } as WorkflowStepInput;
    const broke = await serve(deaf("fine"), ask, { modelCalls: 0 });

    expect((await serve(deaf("fine"), skipping)).stage.state.step("v")?.status).toBe("skipped");
    expect((await serve(deaf("fine"), waiting)).outcome.status).toBe("waiting");
    expect(errorOf(broke).code).toBe("BUDGET_EXCEEDED");
    expect(broke.stage.model.requests).toHaveLength(0);
    const verdict = handlerOf(async (context, done) => {
      context.verdict(new AppError("FACTS_MISSING", "nothing to say"));
      return done("said anyway");
    });
    expect(errorOf(await serve(verdict, ask)).code).toBe("FACTS_MISSING");
  });

  test("lets a handler work around an ordinary failure, and counts what both tries spent", async () => {
    const patient = handlerOf(async (context, done) => {
      const first = await context.perform().catch((error: unknown) => error);
      expect(first).toBeInstanceOf(AppError);
      const { output, tokens, details, warnings } = await context.perform({ input: "again" });
      expect([tokens > 0, details, warnings]).toEqual([true, {}, []]);
      return done(output);
    });
    const { stage } = await serve(patient, ask, {
      script: [{ error: new AppError("MODEL_FAILED", "dead line", { details: { mayHaveSpent: true } }) }, "hello"],
    });

    expect(stage.output).toBe("hello");
    expect(stage.detail.handler?.tokens).toBe(stage.settlements().reduce((sum, { usedTokens }) => sum + (usedTokens ?? 0), 0));
  });

  test("gives up a handler that does nothing, and takes the direct path if nothing was begun", async () => {
    const clock = new ManualClock();
    const late = Promise.withResolvers<unknown>();
    const { stage, world } = await openStage(
      handlerOf(async (context, done) => {
        await new Promise((resolve) => clock.schedule(HANDLER_IDLE_MS * 2, () => resolve(null)));
        await context.perform().catch(late.resolve);
        return done("too late");
      }),
      send,
      { inputs, clock },
    );
    const walking = stage.walk();
    await clock.advance(HANDLER_IDLE_MS);

    expect((await walking).status).toBe("completed");
    expect(stage.detail.handler?.degraded).toContain(`did nothing for ${HANDLER_IDLE_MS} ms`);
    await clock.advance(HANDLER_IDLE_MS);
    expect(await late.promise).toMatchObject({
      code: "HANDLER_INVALID",
      message: expect.stringContaining("may do nothing more") as string,
    });
    expect(world.sent).toHaveLength(1);
  });

  test("fails the step when it is given up after it began something", async () => {
    const clock = new ManualClock();
    const { stage } = await openStage(
      handlerOf(async (context) => {
        await context.perform();
        return new Promise(() => undefined);
      }),
      fetch,
      { clock },
    );
    const walking = stage.walk();
    await clock.advance(HANDLER_IDLE_MS);

    expect(await walking).toMatchObject({ status: "failed", error: { code: "HANDLER_INVALID" } });
  });

  test("tells a handler that it is given up, and has it take back what it keeps, bounded", async () => {
    const clock = new ManualClock();
    const told: unknown[] = [];
    const keeping = handlerOf(async (context) => {
      await context.perform();
      context.signal.addEventListener("abort", () => void told.push(context.signal.reason));
      return new Promise(() => undefined);
    });
    keeping.rollback = async (_step, context) => {
      told.push(await context.perform().catch((error: unknown) => error));
      return new Promise(() => undefined);
    };
    const { stage, world } = await openStage(keeping, fetch, { clock });
    const walking = stage.walk();
    await clock.advance(HANDLER_IDLE_MS);
    expect(told).toMatchObject([{ message: expect.stringContaining("did nothing for") as string }, { code: "HANDLER_INVALID" }]);
    await clock.advance(5_000);

    expect(await walking).toMatchObject({ status: "failed", error: { code: "HANDLER_INVALID" } });
    expect(stage.detail.warnings).toEqual(["rollback of TestHandler failed: rollback took longer than 5000 ms"]);
    expect(world.sent).toEqual([]);
  });

  test("does not count the time that the step machinery takes", async () => {
    const clock = new ManualClock();
    const { stage, world } = await openStage(
      handlerOf(async (context, done) => done((await context.perform()).output)),
      { ...fetch, timeoutMs: HANDLER_IDLE_MS * 10 },
      { clock },
    );
    world.behave = async () => {
      await clock.sleep(25_000);
      return "slow";
    };
    const walking = stage.walk();
    await clock.advance(25_000);

    expect((await walking).status).toBe("completed");
    expect(stage.output).toBe("slow");
  });

  test("gives up a handler that overlooks an abort", async () => {
    const clock = new ManualClock();
    const { stage } = await openStage(
      handlerOf(() => new Promise(() => undefined)),
      fetch,
      { clock },
    );
    const walking = stage.walk();
    await clock.advance(10);
    stage.state.halt("cancelled");
    await clock.advance(2_000);

    expect((await walking).status).toBe("halted");
    expect(stage.state.step("get")).toBeUndefined();
  });

  test("goes on with its parts through the handler, or not at all", async () => {
    const isGone = { now: false };
    const parts = handlerOf(async (context, done) => {
      const sent = context.begunParts();
      for (const id of ["a", "b"]) await context.performPart({ id, plugin: "world", action: "send", params: { id } });
      return done([...sent]);
    });
    const validate = async (): Promise<boolean> => !isGone.now;
    const { stage, world } = await openStage(Object.assign(parts, { validate }), send, { inputs });
    stage.unitsUntilCrash = 3;
    await stage.walk();
    stage.restart();
    isGone.now = true;
    const gone = await stage.walk();
    isGone.now = false;
    stage.restart();
    await stage.walk();

    expect(gone).toMatchObject({ status: "failed", error: { code: "HANDLER_UNAVAILABLE" } });
    // The direct path would have sent to ada.
    expect(world.sent).toEqual([{ id: "a" }, { id: "b" }]);
  });
});

describe("what a handler may use", () => {
  test("tells whose step it is, what it works on, and what it may still spend", async () => {
    let seen: unknown;
    const looking = handlerOf(async (context, done) => {
      const { executionId, agentId, workspaceId, stepPath, intent, attempt, level, input, variables, budget, scope } = context;
      seen = {
        ids: [executionId, agentId, workspaceId].map((id) => id.length),
        stepPath,
        intent,
        attempt,
        level,
        input,
        again: context.input,
        variables,
        budget,
        roots: scope.roots(),
      };
      expect(context.findAction("world", "send")?.effect).toBe("destructive");
      expect(context.findAction("world", "none")).toBeUndefined();
      return done(await context.compress("kept as it is"));
    });
    const { stage } = await serve(looking, { ...send, token_budget: 500 }, { inputs });

    expect(stage.output).toBe("kept as it is");
    expect(seen).toMatchObject({
      ids: [36, 36, 36],
      stepPath: "send",
      intent: "send",
      attempt: 1,
      level: "standard",
      input: { to: "ada" },
      again: { to: "ada" },
      variables: { input: inputs },
      budget: { allocated: 500, used: 0, remaining: 500, compressed: false },
    });
  });

  test("has no input where the step has none, and may give one all the same", async () => {
    const giving = handlerOf(async (context, done) => {
      expect(context.input).toBeNull();
      return done((await context.perform({ input: { order: 7 } })).output);
    });
    const { stage } = await serve(giving, ask, { script: ["hello"] });

    expect(JSON.stringify(stage.model.requests[0]?.messages)).toContain("<data>");
  });

  test("reads by plugins, and the step's row keeps the step's own action", async () => {
    const reading = handlerOf(async (context, done) => {
      const { output } = await context.perform();
      const read = await context.read({ plugin: "world", action: "fetch", params: { page: 1 } });
      return done([output, read]);
    });
    const { stage } = await serve(reading, send, { inputs });

    expect(stage.output).toEqual([{ to: "ada" }, { page: 1 }]);
    expect(stage.parts.flatMap((part) => (part.kind === "steps" ? part.rows : []))).toMatchObject([
      { plugin: "world", action: "send", itemCount: 2 },
    ]);
  });

  test("performs an action with an effect once: a further call is a part; reading may be done again", async () => {
    const [first, second] = [{ to: "ada" }, { to: "ben" }];
    const twice = handlerOf(async (context, done) => {
      const tried = [first, second].map((input) => context.perform({ input }).catch((error: unknown) => (error as AppError).message));
      return done((await Promise.all(tried)).at(-1));
    });
    const written = await serve(twice, send, { inputs });
    const read = await serve(twice, fetch);

    expect(written.world.sent).toEqual([first]);
    expect(written.stage.output).toBe("step send: its world.send was performed, a further call is a part: performPart");
    expect(read.stage.output).toMatchObject({ output: second });
  });

  test("refuses ids of parts that could be paths", async () => {
    const bad = handlerOf(async (context, done) =>
      done((await context.performPart({ id: "a.b", plugin: "world", action: "send", params: {} })).ok),
    );
    expect(errorOf(await serve(bad, send, { inputs })).message).toContain('"a.b" is no id of a part');
  });

  test("gives a part's failure as a result, and what was recorded of it before as replayed", async () => {
    const results: unknown[] = [];
    const parts = handlerOf(async (context, done) => {
      for (const id of ["a", "a", "bad"]) {
        const result = await context.performPart({ id, plugin: "world", action: id === "bad" ? "send" : "fetch", params: { id } });
        results.push([result.ok, result.isReplayed]);
      }
      return done("done");
    });
    const { stage, world } = await openStage(parts, { ...send, timeoutMs: 30_000 }, { inputs });
    world.behave = async (params) => (params["id"] === "bad" ? Promise.reject(new AppError("UPSTREAM_REJECTED", "no")) : params);
    await stage.walk();

    expect(results).toEqual([
      [true, false],
      [true, true],
      [false, false],
    ]);
  });
});
