import { describe, expect, test } from "vitest";
import { AppError } from "../../lib/core/errors.ts";
import { HandlerRegistry } from "../../lib/orchestration/HandlerRegistry.ts";
import type { HandlerRow } from "../../lib/orchestration/handlers/handlerRows.ts";
import { BaseHandler } from "../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import { ExtractHandler } from "../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { SendHandler } from "../../lib/orchestration/IntentHandlers/SendHandler.ts";
import type { HandlerContext, HandlerInterface } from "../../lib/orchestration/types.ts";
import { ManualClock } from "../../lib/testing/ManualClock.ts";
import type { StepOutput, WorkflowStep } from "../../lib/workflow/types.ts";

const step: WorkflowStep = { id: "s", type: "action", plugin: "p", action: "a", params: {} };

class OwnHandler extends BaseHandler {
  readonly intent = "extract";
  protected readonly stepTypes = ["action"] as const;
  readonly done: string[] = [];

  override async init(): Promise<void> {
    this.done.push("init");
  }

  async execute(served: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    this.done.push("execute");
    return this.output(served, context, "own");
  }

  override async rollback(): Promise<void> {
    this.done.push("rollback");
  }

  override async cleanup(): Promise<void> {
    this.done.push("cleanup");
  }
}

/** Only what the registry itself looks at. */
function contextFor(intent: HandlerContext["intent"], warnings: string[] = []): HandlerContext {
  return { intent, workspaceId: "", nowMs: 0, warn: (warning: string) => void warnings.push(warning) } as unknown as HandlerContext;
}

function row(intent: string, handlerClass: string, more: Partial<HandlerRow> = {}): HandlerRow {
  return { intent, handlerClass, optimizationLevel: "standard", isEnabled: true, ...more };
}

async function refusalOf(work: () => unknown): Promise<AppError> {
  try {
    await work();
  } catch (thrown) {
    if (AppError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

describe("HandlerRegistry", () => {
  test("registers and retrieves handlers", async () => {
    const registry = new HandlerRegistry();
    const handler = new OwnHandler();
    registry.register("extract", handler);

    expect(registry.get("extract")).toBe(handler);
    expect(await registry.standingOf("extract")).toEqual({ handler: "OwnHandler", reason: "extract steps go to OwnHandler" });
    expect((await registry.execute(step, contextFor("extract"))).data).toBe("own");
    expect(handler.done).toEqual(["init", "execute"]);
  });

  test("handles missing handlers", async () => {
    const registry = new HandlerRegistry();

    expect(registry.get("send")).toBeNull();
    expect(await registry.standingOf("send")).toEqual({ handler: null, reason: "no handler is registered for send" });
    expect(await refusalOf(() => registry.execute(step, contextFor("send")))).toMatchObject({ code: "HANDLER_UNAVAILABLE" });
  });

  test("supports dynamic registration", async () => {
    const registry = new HandlerRegistry();
    const [first, second] = [new OwnHandler(), new OwnHandler()];
    registry.register("extract", first);
    await registry.standingOf("extract");
    expect(await refusalOf(() => registry.register("extract", second))).toMatchObject({
      code: "HANDLER_INVALID",
      message: expect.stringContaining("already has OwnHandler") as string,
    });
    registry.register("extract", second, { replaces: true });
    registry.register("send", new SendHandler());
    await registry.execute(step, contextFor("extract"));
    await registry.cleanup();

    expect(first.done).toEqual(["init", "cleanup"]);
    expect(second.done).toEqual(["init", "execute", "cleanup"]);
    expect(registry.get("extract")).toBeNull();
  });

  test("validates handler interface", async () => {
    const registry = new HandlerRegistry();
    const half = { intent: "send", init: async () => undefined, execute: async () => null } as unknown as HandlerInterface;
    const refusals = [
      await refusalOf(() => registry.register("extract", half)),
      await refusalOf(() => registry.register("extract", null as unknown as HandlerInterface)),
      await refusalOf(() => registry.register("extract", "x" as unknown as HandlerInterface)),
      await refusalOf(() => registry.register("paint" as "send", new SendHandler())),
    ];

    expect(refusals.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "HANDLER_INVALID"));
    expect(refusals[0]?.message).toBe(
      'an unnamed send handler is no handler for extract: it says that it serves "send", registered for extract; it has no method validate; it has no method rollback; it has no method cleanup',
    );
    expect(refusals.slice(1).map(({ message }) => message)).toEqual([
      "the handler for extract is no object",
      "the handler for extract is no object",
      'there is no intent "paint"',
    ]);
    expect((["extract", "send"] as const).map((intent) => registry.get(intent))).toEqual([null, null]);
  });

  test("disables a handler that throws or hangs while it is made ready, and no other", async () => {
    class Throwing extends OwnHandler {
      override async init(): Promise<void> {
        throw new Error("no licence");
      }
    }
    class Hanging extends SendHandler {
      override init(): Promise<void> {
        return new Promise(() => undefined);
      }
    }
    const clock = new ManualClock();
    const registry = new HandlerRegistry({ clock });
    registry.register("extract", new Throwing());
    registry.register("send", new Hanging());
    const own = new OwnHandler();
    Object.assign(own, { intent: "transform" });
    registry.register("transform", own);
    const standings = Promise.all((["extract", "send", "transform"] as const).map((intent) => registry.standingOf(intent)));
    await clock.advance(5_000);

    expect(await standings).toEqual([
      { handler: null, reason: "Throwing is disabled: init of Throwing failed: no licence" },
      { handler: null, reason: "Hanging is disabled: init of Hanging failed: init took longer than 5000 ms" },
      { handler: "OwnHandler", reason: "transform steps go to OwnHandler" },
    ]);
    expect([registry.get("extract"), registry.get("send"), registry.get("transform")]).toEqual([null, null, own]);
  });

  test("takes a handler that cannot say whether it serves a step for missing, in bounded time, there and where it performs", async () => {
    const clock = new ManualClock();
    const registry = new HandlerRegistry({ clock });
    registry.register("extract", Object.assign(new OwnHandler(), { validate: () => Promise.reject(new Error("no rules")) }));
    registry.register("send", Object.assign(new SendHandler(), { validate: () => new Promise(() => undefined) }));
    const late = "validate of SendHandler failed: validate took longer than 5000 ms";

    expect(await registry.serves(step, "extract")).toEqual({
      handler: null,
      reason: "validate of OwnHandler failed: no rules",
      isMissing: true,
    });
    const hanging = registry.serves(step, "send");
    await clock.advance(5_000);
    expect(await hanging).toEqual({ handler: null, reason: late, isMissing: true });
    const performed = refusalOf(() => registry.execute(step, contextFor("send")));
    await clock.advance(5_000);
    expect(await performed).toMatchObject({ code: "HANDLER_UNAVAILABLE", message: `step s: ${late}` });
  });

  test("is enabled, disabled and tuned by rows, in one workspace and not in another", async () => {
    const registry = new HandlerRegistry();
    registry.register("extract", new ExtractHandler());
    registry.register("send", new SendHandler());
    registry.applyRows(
      [row("extract", "ExtractHandler", { isEnabled: false }), row("send", "SendHandler", { optimizationLevel: "minimal" })],
      "w1",
    );

    expect(registry.get("extract", "w1")).toBeNull();
    expect((await registry.standingOf("extract", "w1")).reason).toBe("ExtractHandler is disabled by its row");
    expect([registry.levelOf("send", "w1"), registry.levelOf("send", "w2"), registry.levelOf("extract", "w1")]).toEqual([
      "minimal",
      "standard",
      "standard",
    ]);
    expect(registry.get("extract", "w2")).not.toBeNull();
  });

  test("names both sides' loose ends: rows without code, code without rows, settings that mean nothing", () => {
    const registry = new HandlerRegistry();
    registry.register("extract", new OwnHandler());
    registry.register("send", new SendHandler());
    const { warnings, rows } = registry.applyRows([
      row("extract", "ExtractHandler", { optimizationLevel: "minimal" }),
      row("generate", "GenerateHandler"),
      row("paint", "PaintHandler"),
      row("extract", "OwnHandler", { optimizationLevel: "heroic" }),
    ]);

    expect(warnings).toEqual([
      "the row for extract names ExtractHandler, but OwnHandler is registered",
      "the row for generate names GenerateHandler, which nobody registered",
      "the row of PaintHandler is for an intent that does not exist: paint",
      "the row for extract has the level heroic, which is read as standard (known: standard, minimal)",
      "SendHandler is registered for send and has no row: it is enabled, at level standard",
    ]);
    expect([...rows.keys()]).toEqual(["extract"]);
    expect(registry.levelOf("extract")).toBe("standard");
    // A row about another class still closes the intent.
    expect(registry.applyRows([row("extract", "ExtractHandler", { isEnabled: false })]).rows.has("extract")).toBe(true);
  });

  test("rolls back what failed, tells of a rollback that failed, and keeps the step's own error", async () => {
    class Failing extends OwnHandler {
      override async execute(): Promise<StepOutput> {
        throw new Error("the page is gone");
      }
    }
    class Stubborn extends Failing {
      override async rollback(): Promise<void> {
        throw new Error("the file is locked");
      }
    }
    const registry = new HandlerRegistry();
    const failing = new Failing();
    registry.register("extract", failing);
    await expect(registry.execute(step, contextFor("extract"))).rejects.toThrow("the page is gone");
    expect(failing.done).toEqual(["init", "rollback"]);

    const warnings: string[] = [];
    registry.register("extract", new Stubborn(), { replaces: true });
    await expect(registry.execute(step, contextFor("extract", warnings))).rejects.toThrow("the page is gone");
    expect(warnings).toEqual(["rollback of Stubborn failed: the file is locked"]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "done"],
    ["an output without data", { stepId: "s", metadata: {} }],
    ["an output without metadata", { stepId: "s", data: 1 }],
  ])("refuses %s as an output", async (_what, given) => {
    class Lying extends OwnHandler {
      override async execute(): Promise<StepOutput> {
        return given as StepOutput;
      }
    }
    const registry = new HandlerRegistry();
    registry.register("extract", new Lying());

    expect(await refusalOf(() => registry.execute(step, contextFor("extract")))).toMatchObject({
      code: "HANDLER_INVALID",
      message: "Lying.execute gave no output",
    });
  });

  test("refuses data that are no JSON, and a step that its handler does not serve", async () => {
    class Foreign extends OwnHandler {
      override async execute(served: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
        return this.output(served, context, 1n as unknown as string);
      }
    }
    const registry = new HandlerRegistry();
    registry.register("extract", new Foreign());

    expect((await refusalOf(() => registry.execute(step, contextFor("extract")))).code).toBe("OUTPUT_UNSTORABLE");
    expect(await refusalOf(() => registry.execute({ id: "d", type: "delay", duration: 1 }, contextFor("extract")))).toMatchObject({
      code: "HANDLER_UNAVAILABLE",
      message: "step d: Foreign does not serve this delay step",
    });
  });

  test("forgets a handler that cannot be cleaned up", async () => {
    class Clinging extends OwnHandler {
      override async cleanup(): Promise<void> {
        throw new Error("still busy");
      }
    }
    const registry = new HandlerRegistry();
    registry.register("extract", new Clinging());
    registry.register("send", new SendHandler());
    await registry.standingOf("extract");

    await expect(registry.cleanup()).resolves.toBeUndefined();
    expect([registry.get("extract"), registry.get("send")]).toEqual([null, null]);
  });
});
