// The parts of a handled step one by one, on contexts that hold only what they look at.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../../lib/core/errors.ts";
import type { JsonObject, JsonValue } from "../../../../lib/core/json.ts";
import { HandlerRegistry } from "../../../../lib/orchestration/HandlerRegistry.ts";
import { BaseHandler } from "../../../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import { ExtractHandler } from "../../../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { GenerateHandler } from "../../../../lib/orchestration/IntentHandlers/GenerateHandler.ts";
import { SendHandler } from "../../../../lib/orchestration/IntentHandlers/SendHandler.ts";
import { ValidateHandler } from "../../../../lib/orchestration/IntentHandlers/ValidateHandler.ts";
import { contractOf, instructionOf, reviewOf } from "../../../../lib/orchestration/handlers/modelSteps.ts";
import type { HandlerContext } from "../../../../lib/orchestration/types.ts";
import { addFacts, contextWith, inputOf } from "../../../../lib/pilot/handlers/handledInput.ts";
import type { HandlerRoute } from "../../../../lib/pilot/handlers/HandlerRoute.ts";
import { performHandled } from "../../../../lib/pilot/handlers/performHandled.ts";
import { PilotHandlerContext } from "../../../../lib/pilot/handlers/PilotHandlerContext.ts";
import type { StepContext, StepOutcome } from "../../../../lib/pilot/types.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import type { StepOf, StepOutput, StepType, WorkflowStep } from "../../../../lib/workflow/types.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../../lib/core/ids.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import { linesPdf } from "../../operations/documents/pdfOf.ts";

const action: StepOf<"action"> = { id: "s", type: "action", plugin: "p", action: "a", params: { n: "{{x}}" } };

class TrialHandler extends BaseHandler {
  readonly intent = "send";
  protected readonly stepTypes: readonly StepType[] = ["action", "ai_processing"];
  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    const { output } = await context.perform();
    await context.sleep(0);
    return this.output(step, context, output);
  }
}

function routeOf(mode: "observe" | "on" = "on"): HandlerRoute {
  const registry = new HandlerRegistry();
  registry.register("send", new TrialHandler());
  return { registry, intent: "send", name: "TrialHandler", level: "standard", mode, isBegun: false, noteFailure: () => undefined };
}

function contextFor(step: WorkflowStep = action, more: object = {}): StepContext {
  const clock = new ManualClock();
  clock.sleep = async () => undefined;
  const state = { id: "00000000-0000-4000-8000-000000000009", workspaceId: DEFAULT_WORKSPACE_ID, claim: { agentId: "a" }, memory: null };
  return {
    step,
    path: step.id,
    attempt: 1,
    signal: new AbortController().signal,
    services: { clock, logger: silentLogger, catalog: { action: () => ({ effect: "read" }) } },
    state,
    decision: { maxOutputTokens: 10 },
    resolve: (value: JsonValue) => value,
    ...more,
  } as unknown as StepContext;
}

const done = async (): Promise<StepOutcome> => ({ status: "completed", output: 1 });

describe("performHandled", () => {
  test("only records while it observes: outcomes of every kind go on as they came", async () => {
    const outcomes: StepOutcome[] = [
      { status: "completed", output: 1 },
      { status: "failed", error: new AppError("STEP_FAILED", "x") },
      { status: "waiting", waits: [] },
      { status: "skipped", reason: "x" },
      { status: "halted" },
    ];
    for (const outcome of outcomes) {
      const seen = await performHandled(contextFor(), async () => outcome, routeOf("observe"));
      expect(seen).toMatchObject(outcome);
      const isRow = outcome.status === "completed" || outcome.status === "failed";
      expect("facts" in seen).toBe(isRow);
      const facts = "facts" in seen ? seen.facts : undefined;
      expect(facts?.handler ?? null).toEqual(isRow ? { name: "TrialHandler", intent: "send", mode: "observe" } : null);
    }
  });

  test("keeps what was left before the step began to wait, and what a failed part of it brought", async () => {
    const part = { kind: "approvals", rows: [] };
    const waits = [{ path: "s", for: "approval", until: null, message: "", needUsd: null, needTokens: null }] as const;
    const twice = new (class extends TrialHandler {
      override async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
        await context.perform();
        return super.execute(step, context);
      }
    })();
    const registry = new HandlerRegistry();
    registry.register("send", twice);
    const outcomes: StepOutcome[] = [
      { status: "completed", output: 1, parts: [part] },
      { status: "waiting", waits, parts: [part] },
    ];
    const waiting = await performHandled(contextFor(), async () => outcomes.shift()!, { ...routeOf(), registry });
    const bare = await performHandled(contextFor(), async () => ({ status: "waiting", waits }), routeOf());
    const later: StepOutcome[] = [
      { status: "completed", output: 1, parts: [part] },
      { status: "waiting", waits },
    ];
    const kept = await performHandled(contextFor(), async () => later.shift()!, { ...routeOf(), registry });

    expect(waiting).toEqual({ status: "waiting", waits, parts: [part, part] });
    expect(bare).toEqual({ status: "waiting", waits });
    expect(kept).toEqual({ status: "waiting", waits, parts: [part] });
  });

  test("takes the direct path with a step that waits there, recorded all the same", async () => {
    const registry = new HandlerRegistry();
    const route = { ...routeOf(), registry };
    const waiting = await performHandled(contextFor(), async () => ({ status: "waiting", waits: [] }), route);

    expect(waiting).toMatchObject({ status: "waiting", parts: [{ kind: "audit", rows: [{ action: "orchestration.bypassed" }] }] });
  });

  test("counts for the breaker what is a fault of orchestration, not what a workflow brings about", async () => {
    let failures = 0;
    const noteFailure = (): void => void (failures += 1);
    const failing = (error: Error): HandlerRoute => {
      const registry = new HandlerRegistry();
      const execute = async (): Promise<StepOutput> => {
        throw error;
      };
      registry.register("send", Object.assign(new TrialHandler(), { execute }));
      return { ...routeOf(), registry, noteFailure };
    };
    await performHandled(contextFor(), done, failing(new AppError("TEMPLATE_INVALID", "no such name")));
    expect(failures).toBe(0);
    await performHandled(contextFor(), done, failing(new Error("a bug")));
    expect(failures).toBe(1);
  });
});

describe("PilotHandlerContext", () => {
  const open = (context: StepContext, performer: () => Promise<StepOutcome> = done): PilotHandlerContext =>
    new PilotHandlerContext({ context, performer, route: routeOf(), onIdle: () => undefined });

  test("shortens by the step's governance where it acts, and counts what it saved", async () => {
    const asked: JsonObject[] = [];
    const show = async (raw: string, options: JsonObject): Promise<object> => {
      asked.push(options);
      return { text: raw.slice(0, 3), savedTokens: 5 };
    };
    const budgetOf = (): object => ({ allocated: 9, used: 1, remaining: 8, compressed: false });
    const governance = { isActing: true, show, execution: { budget: { budgetOf } } };
    const handled = open(contextFor(action, { decision: { governance, maxOutputTokens: 10 } }));

    expect(await handled.compress("abcdef")).toBe("abc");
    expect(await handled.compress("abcdef", { task: "t", targetTokens: 2 })).toBe("abc");
    expect(asked).toEqual([{ of: "handler" }, { of: "handler", task: "t", targetTokens: 2 }]);
    expect([handled.savedTokens, handled.budget.remaining]).toEqual([10, 8]);
    expect(
      await open(contextFor(action, { decision: { governance: { ...governance, isActing: false }, maxOutputTokens: 1 } })).compress(
        "abcdef",
      ),
    ).toBe("abcdef");
  });

  test("has as budget the step's own, else the cap of its answer", () => {
    expect(open(contextFor()).budget).toEqual({ allocated: 10, used: 0, remaining: 10, compressed: false });
    expect(open(contextFor({ ...action, token_budget: 3 })).budget.allocated).toBe(3);
  });

  test("keeps the first end of a step", async () => {
    const handled = open(contextFor(), async () => ({ status: "halted" }));
    await expect(handled.perform()).rejects.toThrow("ends here");
    expect(handled.verdict(new AppError("STEP_FAILED", "later")).message).toBe("later");
    expect(handled.ended).toEqual({ status: "halted" });
    await expect(handled.perform()).rejects.toThrow("ends here");
  });

  test("ends the step with what came after an abort", async () => {
    const abort = new AbortController();
    const handled = open(contextFor(action, { signal: abort.signal }), async () => ({
      status: "failed",
      error: new AppError("UPSTREAM_UNAVAILABLE", "cut"),
    }));
    await expect(handled.perform()).rejects.toThrow("cut");
    expect(handled.ended).toBeNull();
    abort.abort();
    await expect(handled.perform()).rejects.toThrow("cut");
    expect(handled.ended).toMatchObject({ status: "failed" });
  });

  test("shows of a reading no plugin of its own before the step has one", async () => {
    const services = { ...contextFor().services, plugins: { profile: () => ({ effect: "none" }) } };
    const callAction = async (): Promise<StepOutcome> => ({
      status: "completed",
      output: "read",
      facts: { plugin: "ocr", action: "see", warnings: ["w"] },
    });
    const handled = open(contextFor(action, { services, callAction }));

    expect(await handled.read({ plugin: "ocr", action: "see", params: {} })).toBe("read");
    expect(handled.facts).toEqual({ warnings: ["w"] });
  });
});

describe("a step's input", () => {
  test("is the field of its type, and null where it has none", () => {
    expect(inputOf(contextFor())).toEqual({ n: "{{x}}" });
    expect(inputOf(contextFor({ id: "d", type: "delay", duration: 1 }))).toBeNull();
  });

  test("is replaced where the performer resolves it, and only there", () => {
    const context = contextWith(contextFor(action, { resolve: () => "resolved" }), { input: "given" });
    expect([context.resolve("{{x}}", "params"), context.resolve("{{x}}", "prompt")]).toEqual(["given", "resolved"]);
    expect(context.step).toBe(action);
    const reviewed = contextWith(contextFor(), { review: { judge: () => [], repairs: 0 } });
    expect(reviewed.review?.repairs).toBe(0);
  });

  test("adds up facts: what is unknown stays unknown", () => {
    expect(addFacts({}, {})).toEqual({});
    expect(
      addFacts(
        { tokensUsed: 1, costUsd: 2n, warnings: ["a"], more: { x: 1 } },
        { tokensUsed: 2, costUsd: 3n, warnings: ["b"], more: { y: 2 }, plugin: "p" },
      ),
    ).toEqual({
      tokensUsed: 3,
      costUsd: 5n,
      warnings: ["a", "b"],
      more: { x: 1, y: 2 },
      plugin: "p",
    });
    expect(addFacts({ costUsd: null }, { costUsd: 3n }).costUsd).toBeNull();
    expect(addFacts({ costUsd: 3n }, { costUsd: null }).costUsd).toBeNull();
    expect(addFacts({ tokensUsed: 1 }, {}).tokensUsed).toBe(1);
  });
});

function refusing(error: Error): () => Promise<never> {
  return async () => {
    throw error;
  };
}

/** Only what one handler looks at. */
function handlerContext(fields: Partial<HandlerContext>): HandlerContext {
  const base = {
    nowMs: 0,
    intent: "generate",
    memory: "",
    input: null,
    level: "standard",
    warn: () => undefined,
    track: () => undefined,
    verdict: (error: AppError) => error,
    begunParts: () => [],
    resolve: (value: JsonValue) => value,
    signal: new AbortController().signal,
    compress: async (content: string) => content,
  };
  return { ...base, ...fields } as unknown as HandlerContext;
}

describe("handlers on contexts of their own", () => {
  test("a list that is not the one that was begun is not sent", async () => {
    const step = { ...action, metadata: { batch: { over: "to" } } };
    const context = handlerContext({ input: { to: ["zed"] }, begunParts: () => ["batch-0123456789abcdef-2[0]"] });
    await expect(new SendHandler().execute(step, context)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("is not the list of which 1 batches were begun") as string,
    });
    await expect(new SendHandler().execute(step, handlerContext({ input: "no params" }))).rejects.toMatchObject({ code: "PARAMS_INVALID" });
  });

  test("a fault that is no missing name is not taken for a missing fact", async () => {
    const step = { id: "w", type: "ai_processing", prompt: "Write", metadata: { contract: { requires: { a: "{{a}}" } } } } as const;
    const context = handlerContext({
      resolve: () => {
        throw new Error("not loaded");
      },
    });
    await expect(new GenerateHandler().execute(step, context)).rejects.toThrow("not loaded");
  });

  test("an abort while a document is read is no fault of the document", async () => {
    const step: StepOf<"deterministic_extraction"> = {
      id: "x",
      type: "deterministic_extraction",
      input: "",
      output_schema: { type: "string" },
    };
    const context = handlerContext({ input: linesPdf("x").toString("base64"), signal: AbortSignal.abort(new Error("stopped")) });
    await expect(new ExtractHandler({ clock: new ManualClock() }).execute(step, context)).rejects.toThrow("stopped");
  });

  test("defects without a place, values that became others, and verdicts without a list are counted as they are", async () => {
    const tracked: JsonObject[] = [];
    const step: StepOf<"validation"> = {
      id: "v",
      type: "validation",
      input: null,
      onValidationFail: "throw",
      schema: { type: "number" },
      metadata: { coerce: true },
    };
    const perform = async (): Promise<{ output: JsonValue; warnings: []; tokens: number; details: JsonObject }> => ({
      output: { defects: [{ path: "" }, {}, 3] },
      warnings: [],
      tokens: 0,
      details: {},
    });
    const track = (metrics: object): void => void tracked.push(metrics as JsonObject);
    await new ValidateHandler().execute(step, handlerContext({ input: "12", perform, track }));
    await new ValidateHandler().execute(
      { ...step, metadata: {} },
      handlerContext({ perform: async () => ({ ...(await perform()), output: "odd" }), track }),
    );
    const failing = (error: AppError) =>
      new ValidateHandler().execute({ ...step, metadata: {} }, handlerContext({ perform: refusing(error), track }));
    await expect(failing(new AppError("VALIDATION_FAILED", "bad"))).rejects.toThrow("bad");
    await expect(failing(new AppError("CONDITION_INVALID", "worse"))).rejects.toThrow("worse");

    expect(tracked).toEqual([{ coerced: 1 }, { defects: 3, byField: { "the value": 3 } }, { defects: 0 }, { defects: 0 }]);
  });

  test("an instruction is prompt and more of it, and parameters count as given", () => {
    const step: StepOf<"ai_processing"> = {
      id: "w",
      type: "ai_processing",
      prompt: "Write",
      config: { instruction: "in at most 5 words" },
      params: { code: "777" },
    };
    const context = handlerContext({ input: "x" });
    expect(instructionOf(step, context)).toBe("Write\n\nin at most 5 words");
    expect(instructionOf({ id: "w", type: "ai_processing", config: { ai_type: "extract" } }, context)).toBe("");
    expect(contractOf(step, context)).toEqual({});
    const review = reviewOf(step, handlerContext({ level: "minimal" }), {
      contract: { only_given_facts: true },
      condenses: true,
    });
    expect(review.judge({ text: "code 777", value: "code 777", isCutOff: false })).toEqual([]);
    expect(review.repairs).toBe(0);
  });

  test("what models are told of earlier executions is given, too; of a loop of tools nobody knows what it was told", () => {
    const asking = { prompt: "Write" };
    const about = { contract: { only_given_facts: true }, condenses: false };
    const context = handlerContext({ memory: "- last time: order 4711" });
    const judged = (step: StepOf<"ai_processing" | "llm_decision">): string[] =>
      reviewOf(step, context, about)
        .judge({ text: "4711 and 4712", value: "4711 and 4712", isCutOff: false })
        .map(({ message }) => message);

    expect(judged({ id: "w", type: "ai_processing", ...asking })).toEqual(['says "4712", which nobody gave it']);
    expect(judged({ id: "w", type: "llm_decision", plugins: [], ...asking } as unknown as StepOf<"llm_decision">)).toEqual([]);
    const memory = { sections: [{ title: "Earlier", lines: ["order 4711"] }] };
    const handled = new PilotHandlerContext({
      context: contextFor(action, { state: { memory } }),
      performer: done,
      route: routeOf(),
      onIdle: () => undefined,
    });
    expect(handled.memory).toContain("order 4711");
  });

  test("compress passes a budget on, with a task or without", async () => {
    const asked: unknown[] = [];
    const context = handlerContext({ compress: async (_content, options) => (asked.push(options), "view") });
    class Open extends TrialHandler {
      shorten(task?: string): Promise<string> {
        return this.compress("text", 7, context, task);
      }
    }
    await new Open().shorten();
    await new Open().shorten("t");
    expect(asked).toEqual([{ targetTokens: 7 }, { targetTokens: 7, task: "t" }]);
  });
});
