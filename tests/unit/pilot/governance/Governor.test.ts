import { describe, expect, test } from "vitest";
import { AppError } from "../../../../lib/core/errors.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import type { FlagState } from "../../../../lib/flags/rollout.ts";
import { HandlerRegistry } from "../../../../lib/orchestration/HandlerRegistry.ts";
import type { HandlerRow } from "../../../../lib/orchestration/handlers/handlerRows.ts";
import { SendHandler } from "../../../../lib/orchestration/IntentHandlers/SendHandler.ts";
import { IntentClassifier } from "../../../../lib/orchestration/IntentClassifier.ts";
import { Orchestrator } from "../../../../lib/orchestration/Orchestrator.ts";
import type { GovernanceMode } from "../../../../lib/orchestration/types.ts";
import type { ExecutionState } from "../../../../lib/pilot/ExecutionState.ts";
import { Governor, type GovernorParts } from "../../../../lib/pilot/governance/Governor.ts";
import { noteLabels } from "../../../../lib/pilot/governance/stepLabels.ts";
import { HandlerRouter } from "../../../../lib/pilot/handlers/HandlerRouter.ts";
import { DEFAULT_SETTINGS } from "../../../../lib/orchestration/budgets/GovernanceSettings.ts";
import type { Decision } from "../../../../lib/pilot/types.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { defineWorkflow } from "../../../../lib/workflow/defineWorkflow.ts";
import { labelDefinition } from "../../../../lib/orchestration/labelDefinition.ts";

const classifier = new IntentClassifier();
const definition = labelDefinition(
  defineWorkflow({
    name: "d",
    steps: [
      { id: "send", type: "action", plugin: "p", action: "send", params: {}, intent: "send" },
      { id: "pause", type: "delay", duration: 1, intent: "send" },
      { id: "text", type: "ai_processing", prompt: "Say it", intent: "generate" },
      { id: "sum", type: "transform", operation: "sort", input: [], config: {} },
    ],
  }),
  classifier,
);
noteLabels(definition);
const [send, pause, text, sum] = definition.steps;

interface Setup {
  readonly routing?: GovernanceMode;
  /** @defaultValue off */
  readonly aisRouting?: GovernanceMode;
  /** False: the execution began with everything off. */
  readonly isGoverned?: boolean;
  /** What a person has set since. */
  readonly now?: FlagState;
  readonly parts?: readonly string[];
  readonly rows?: () => Promise<readonly HandlerRow[]>;
  readonly handler?: SendHandler;
}

function setUp({
  routing = "on",
  aisRouting = "off",
  isGoverned = true,
  now = "on",
  parts = [],
  rows = async () => [],
  handler = new SendHandler(),
}: Setup = {}) {
  const clock = new ManualClock();
  const registry = new HandlerRegistry({ clock });
  registry.register("send", handler);
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_facts: object, message: string) => void warnings.push(message) } as typeof silentLogger;
  let [reads, seen] = [0, 0];
  const loadRows = (): Promise<readonly HandlerRow[]> => {
    reads += 1;
    return rows();
  };
  const router = new HandlerRouter({ registry, loadRows, clock, logger });
  const flags = {
    stateNow: async () => ({ intent_routing_enabled: now, token_governance_enabled: "off", ais_routing_enabled: now }),
  };
  const governor = new Governor({
    clock,
    logger: silentLogger,
    classifier,
    orchestrator: new Orchestrator(),
    router,
    flags,
    models: { route: () => ({ rule: "ais", callModel: "openai/gpt-4o" }) },
    onExecution: () => {
      seen += 1;
    },
  } as unknown as GovernorParts);
  const governance = !isGoverned
    ? undefined
    : { intents: "off", tokens: "off", routing, aisRouting, route: {}, settings: DEFAULT_SETTINGS };
  const state = {
    id: "e",
    workspaceId: "w",
    definition,
    snapshot: { governance, defaultModel: null },
    claim: { agentId: "a" },
    partsOf: () => parts,
    attemptsOf: () => [],
  } as unknown as ExecutionState;
  const decide = async (step = send): Promise<Decision> => governor.decide(step!, state, step!.id);
  return { decide, governor, state, clock, warnings, readCount: () => reads, seenCount: () => seen };
}

describe("Governor, routing by intent", () => {
  test("names the handler of a step's intent and says how it is to be used", async () => {
    const { decide } = setUp();

    expect(await decide()).toMatchObject({
      path: "direct",
      route: { name: "SendHandler", intent: "send", level: "standard", mode: "on", isBegun: false },
    });
    expect((await setUp({ now: "observe", routing: "observe" }).decide()).route).toMatchObject({ name: "SendHandler", mode: "observe" });
  });

  test("takes the direct path at once where nothing is routed", async () => {
    const off = setUp({ routing: "off" });
    const before = setUp({ isGoverned: false });

    for (const { governor, state } of [off, before]) {
      const decision = governor.decide(send!, state, "send");
      expect(decision).not.toBeInstanceOf(Promise);
      expect(decision).not.toHaveProperty("route");
    }
    const unlabelled = { id: "turn1[0]", type: "action", plugin: "p", action: "send", params: {} } as const;
    const { governor, state } = setUp();
    expect(governor.decide(unlabelled, state, "loop.turn1[0]")).not.toBeInstanceOf(Promise);
  });

  test("leaves a type that no handler serves to the direct path, which is no degradation", async () => {
    const decision = await setUp().decide(pause);

    expect(decision).not.toHaveProperty("route");
    expect(decision).not.toHaveProperty("bypass");
  });

  test("records why a handler that should be there is not", async () => {
    const row = { intent: "send", handlerClass: "SendHandler", optimizationLevel: "minimal", isEnabled: false };

    expect((await setUp().decide(sum)).bypass).toBe("no handler is registered for transform");
    expect((await setUp({ rows: async () => [row] }).decide()).bypass).toBe("SendHandler is disabled by its row");
    expect(await setUp({ now: "observe", routing: "observe" }).decide(sum)).not.toHaveProperty("bypass");
    expect((await setUp({ rows: async () => [{ ...row, isEnabled: true }] }).decide()).route).toMatchObject({ level: "minimal" });
  });

  test("does without a handler whose own validate throws, and without no other: the breaker stays as it is", async () => {
    const handler = Object.assign(new SendHandler(), { validate: () => Promise.reject(new Error("no rules")) });
    const { decide } = setUp({ handler });

    for (let at = 0; at < 6; at += 1) expect((await decide()).bypass).toBe("validate of SendHandler failed: no rules");
  });

  test("takes the direct path once a person switched routing off", async () => {
    const decision = await setUp({ now: "off" }).decide();

    expect(decision).not.toHaveProperty("route");
    expect(decision.why).toContain("switched off");
  });

  test("goes on with a begun step through its handler, or not at all", async () => {
    const begun = { parts: ["batch-1"] };

    expect((await setUp(begun).decide()).route).toMatchObject({ name: "SendHandler", isBegun: true });
    for (const setup of [
      { ...begun, now: "off" as const },
      { ...begun, isGoverned: false },
      { ...begun, rows: () => Promise.reject(new Error("no table")) },
    ]) {
      const { route, bypass } = await setUp(setup).decide();
      expect(route).toMatchObject({ name: null, mode: "on", isBegun: true });
      expect(bypass).toBeUndefined();
      route?.noteFailure();
    }
  });

  test("reads rows every five seconds, and tells of a loose end once", async () => {
    const { decide, clock, warnings, readCount } = setUp({
      rows: async () => [{ intent: "extract", handlerClass: "Gone", optimizationLevel: "standard", isEnabled: true }],
    });
    await decide();
    await decide();
    const first = readCount();
    await clock.advance(5_000);
    await decide();

    expect([first, readCount()]).toEqual([1, 2]);
    expect(warnings).toEqual([
      "the row for extract names Gone, which nobody registered",
      "SendHandler is registered for send and has no row: it is enabled, at level standard",
    ]);
  });

  test("degrades when rows cannot be read, reads them again at the next step, and after five failures asks nothing for 30 s", async () => {
    let isBroken = true;
    const { decide, clock } = setUp({ rows: async () => (isBroken ? Promise.reject(new AppError("DATABASE_UNAVAILABLE", "away")) : []) });
    for (let at = 0; at < 5; at += 1) expect((await decide()).bypass).toContain("away");
    isBroken = false;
    expect((await decide()).bypass).toBe("breaker");
    await clock.advance(30_000);
    const decision = await decide();
    expect(decision.route).toMatchObject({ name: "SendHandler" });
    for (let at = 0; at < 5; at += 1) decision.route?.noteFailure();
    expect((await decide()).bypass).toBe("breaker");
  });
});

describe("Governor, routing by score", () => {
  test("sends a model step where the route says, and tells which route it was", async () => {
    const { decide, seenCount } = setUp({ routing: "off", aisRouting: "on" });

    expect(await decide(text)).toMatchObject({ path: "direct", model: "openai/gpt-4o", aisRoute: { mode: "on" } });
    expect(seenCount()).toBe(1);
  });

  test("observing, it calls what would be called without it", async () => {
    const decision = await setUp({ routing: "off", aisRouting: "observe", now: "observe" }).decide(text);

    expect(decision).toMatchObject({ aisRoute: { mode: "observe" } });
    expect(decision.model).not.toBe("openai/gpt-4o");
  });

  test("asks for no route for steps without a model, and none once a person switched it off", async () => {
    const { governor, state } = setUp({ routing: "off", aisRouting: "on" });
    expect(governor.decide(sum!, state, "sum")).not.toBeInstanceOf(Promise);

    const off = await setUp({ routing: "off", aisRouting: "on", now: "off" }).decide(text);
    expect(off).not.toHaveProperty("aisRoute");
    expect(off.why).toContain("switched off");
  });
});
