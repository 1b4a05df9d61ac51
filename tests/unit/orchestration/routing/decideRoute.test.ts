import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AISRouter, evidenceKeyOf, isVerifiable, type AISRouterOptions } from "../../../../lib/orchestration/AISRouter.ts";
import { replayRoute } from "../../../../lib/orchestration/routing/decideRoute.ts";
import { explainRoute } from "../../../../lib/orchestration/routing/explainRoute.ts";
import type { ModelFacts, RoutableAgent, RouteContext, RouteDecision } from "../../../../lib/orchestration/routing/types.ts";
import { factsOf, SCHEMA, step, tries, trained } from "./routingFixtures.ts";

const TABLES = {
  tables: [{ name: "house", models: { fast: ["small", "small-2"], balanced: ["middle"], capable: ["large"] } }],
  aliases: {},
};
const PRICES = { small: { costUsd: 0.001 }, "small-2": { costUsd: 0.002 }, middle: { costUsd: 0.01 }, large: { costUsd: 0.05 } };
const CHECKED = step({ output_schema: SCHEMA });

function route(
  agent: RoutableAgent,
  {
    facts = {},
    context = {},
    of = CHECKED,
    ...options
  }: Omit<AISRouterOptions, "facts"> & {
    readonly facts?: Readonly<Record<string, Partial<ModelFacts>>>;
    readonly context?: RouteContext;
    readonly of?: ReturnType<typeof step>;
  } = {},
): RouteDecision {
  return new AISRouter({ tables: TABLES, facts: factsOf(facts), ...options }).route({ id: "a", ...agent }, of, context);
}

const causes = ({ degradations }: RouteDecision): readonly string[] => degradations.map(({ cause }) => cause);
const balanced = [{ ais: 6, tier: "balanced" as const }];
const capable = [{ ais: 9, tier: "capable" as const }];
const fast = [{ ais: 2, tier: "fast" as const }];
const small = { model: "small" };

describe("filters", () => {
  test.each([
    ["unknown", { state: "unknown" as const }, {}],
    ["no_key", { state: "no_key" as const }, {}],
    ["window", { windowTokens: 1_000 }, { inputTokens: 1_001 }],
    ["modality", { modalities: ["text"] }, { modalities: ["image"] }],
    ["unhealthy", { isHealthy: false }, {}],
  ])("pass over a model for %s and record it", (cause, facts, context) => {
    const decision = route({ ais: 2 }, { facts: { small: facts }, context });

    expect(decision).toMatchObject({ tier: "fast", model: "small-2" });
    expect(decision.degradations).toEqual([{ cause, subject: "small", detail: expect.stringContaining("small ") as string }]);
  });

  test("pass over a model without tools for a tool loop", () => {
    const of = step({ type: "llm_decision" });

    expect(causes(route({ ais: 2 }, { of, facts: { small: { takesTools: false } } }))).toEqual(["tools"]);
    expect(route({ ais: 2 }, { facts: { small: { takesTools: false } } }).model).toBe("small");
  });

  test("take what is unknown for no reason to pass a model over", () => {
    const context = { inputTokens: 10_000_000, modalities: ["image"] };

    expect(route({ ais: 2 }, { context }).degradations).toEqual([]);
    expect(route({ ais: 2 }, { facts: { small: { windowTokens: 10, modalities: ["image"] } } }).degradations).toEqual([]);
  });

  test("go to a stronger tier where one has nothing, then to a weaker one", () => {
    const gone = { state: "no_key" } as const;

    expect(route({ ais: 6 }, { facts: { middle: gone } })).toMatchObject({
      tier: "capable",
      model: "large",
      rule: "fallback",
      aisTier: "balanced",
    });
    expect(route({ ais: 9 }, { facts: { large: gone } })).toMatchObject({ tier: "balanced", model: "middle", rule: "fallback" });
    expect(causes(route({ ais: 9 }, { facts: { large: gone } }))).toEqual(["no_key", "tier_empty"]);
    // What a tier lacks that was not needed is no degradation of this route.
    expect(causes(route({ ais: 6 }, { facts: { middle: gone, small: gone } }))).toEqual(["no_key", "tier_empty"]);
  });

  test("leave what would be called without routing where nothing can serve", () => {
    const nothing = Object.fromEntries(["small", "small-2", "middle", "large"].map((model) => [model, { state: "no_key" as const }]));
    const decision = route({ ais: 6 }, { facts: nothing, context: { directModel: "offline" } });

    expect(decision).toMatchObject({ tier: "balanced", model: "offline", callModel: "offline", rule: "direct", alternatives: [] });
    expect(causes(decision).slice(-2)).toEqual(["tier_empty", "no_candidate"]);
    expect(route({ ais: 6 }, { facts: nothing }).model).toBe("middle");
    expect(route({ ais: 6 }, { tables: { tables: [], aliases: {} } })).toMatchObject({ model: "", rule: "direct" });
    const onlyFast = { tables: [{ name: "x", models: { fast: ["small"], balanced: [], capable: [] } }], aliases: {} };
    expect(route({ ais: 6 }, { tables: onlyFast, facts: nothing }).model).toBe("small");
  });
});

describe("preference", () => {
  test("gives way, recorded, only to what no waiting mends", () => {
    const lost = route({ ais: 2, model: "mine" }, { facts: { mine: { state: "no_key" } } });

    expect(lost).toMatchObject({ model: "small", rule: "ais" });
    expect(lost.degradations).toEqual([
      { cause: "no_key", subject: "mine", detail: "the preferred mine has no key: its provider is not set up" },
    ]);
    const waiting = route({ ais: 2, model: "mine" }, { facts: { mine: { isHealthy: false } } });
    expect(waiting).toMatchObject({ model: "mine", rule: "preference", degradations: [] });
    expect(waiting.trail).toContain("the preferred mine fails at the moment: its breaker is open; it stays preferred");
  });

  test("may name a tier, which evidence does not move", () => {
    const evidence = trained(tries(60, 60, small));

    const decision = route({ ais: 2, history: capable, preference: { tier: "capable" } }, { evidence, facts: PRICES });

    expect(decision).toMatchObject({
      tier: "capable",
      model: "large",
      rule: "preference",
      reason: "tier capable is preferred by agent or step",
    });
  });

  test("may name a model and the tier it counts as", () => {
    expect(route({ ais: 2, preference: { model: "mine", tier: "capable" } })).toMatchObject({ model: "mine", tier: "capable" });
    expect(route({ ais: 2, preference: { model: "", tier: "huge" as "fast" } })).toMatchObject({ model: "small", tier: "fast" });
  });
});

describe("tool loop", () => {
  test("stays on the model it began with, whatever the score says now", () => {
    const of = step({ type: "llm_decision" });

    expect(route({ ais: 9 }, { of, context: { lockedModel: "small" } })).toMatchObject({
      tier: "fast",
      model: "small",
      rule: "locked",
      escalation: null,
    });
    expect(route({ ais: 9 }, { of, context: { lockedModel: "left/the-tables" } })).toMatchObject({
      tier: "capable",
      model: "left/the-tables",
    });
  });

  test("tries nothing cheaper first", () => {
    const of = step({ type: "llm_decision", output_schema: SCHEMA });
    const evidence = trained(tries(60, 60, { ...small, tool: "llm_decision" }));

    expect(route({ ais: 9, history: capable }, { of, evidence, facts: PRICES }).model).toBe("large");
  });
});

describe("evidence", () => {
  const good = trained(tries(60, 54, small));

  test("tries the cheaper model first where its price is below the bound's share of the strong one's", () => {
    const decision = route({ ais: 9, history: capable }, { evidence: good, facts: PRICES });
    const estimate = decision.inputs.tiers.fast[0]?.estimate;

    expect(decision).toMatchObject({ tier: "fast", model: "small", rule: "cheap_first", aisTier: "capable" });
    expect(decision.escalation).toEqual({ tier: "capable", model: "large", callModel: "large" });
    expect(decision.expectedCostUsd).toBeCloseTo(0.001 + (1 - (estimate?.mean ?? 0)) * 0.05, 10);
    expect(decision.reason).toMatch(/^cheap first: small passes with \d+ %, at least \d+ % \(/);
  });

  test.each([
    ["just below", 0.999, "small"],
    ["just above", 1.001, "large"],
  ])("cuts exactly at cost(cheap) = lower bound × cost(strong): %s", (_name, factor, model) => {
    const only = { tables: [{ name: "x", models: { fast: ["small"], balanced: [], capable: ["large"] } }], aliases: {} };
    const { lower } = good.estimate({ ...evidenceKeyOf({ id: "a" }, CHECKED, {}), model: "small" });
    const facts = { small: { costUsd: lower * factor }, large: { costUsd: 1 } };

    expect(route({ ais: 9, history: capable }, { evidence: good, facts, tables: only, context: { text: "" } }).model).toBe(model);
  });

  test("takes of several cheaper models the one with the least expected cost", () => {
    const evidence = trained([...tries(60, 30, small), ...tries(60, 59, { model: "middle" }), ...tries(60, 30, { model: "small-2" })]);

    expect(route({ ais: 9, history: capable }, { evidence, facts: PRICES }).model).toBe("middle");
  });

  test("is not asked without a check, without history, without time for a second call, or without prices", () => {
    const at = (agent: RoutableAgent, options: Parameters<typeof route>[1] = {}): string =>
      route(agent, { evidence: good, facts: PRICES, ...options }).model;

    expect(at({ ais: 9, history: capable })).toBe("small");
    expect(at({ ais: 9 })).toBe("large");
    expect(at({ ais: 9, history: capable }, { of: step() })).toBe("large");
    expect(at({ ais: 9, history: capable }, { context: { mayTakeTwoCalls: false } })).toBe("large");
    expect(at({ ais: 9, history: capable }, { facts: {} })).toBe("large");
    expect(at({ ais: 9, history: capable }, { facts: { large: { costUsd: 1 } } })).toBe("large");
    expect(route({ ais: 9, history: capable }, { facts: PRICES }).model).toBe("large");
    expect(route({ ais: 2, history: fast }, { facts: {}, evidence: good }).trail).not.toContain(
      "the price of small is unknown: nothing cheaper is tried first",
    );
    expect(route({ ais: 9, history: capable }, { facts: {}, evidence: good }).trail).toContain(
      "the price of large is unknown: nothing cheaper is tried first",
    );
  });

  test("escalates once, to the next tier, where a check is there", () => {
    expect(route({ ais: 2 }).escalation).toMatchObject({ model: "middle" });
    expect(route({ ais: 9 }).escalation).toBeNull();
    expect(route({ ais: 2 }, { of: step() }).escalation).toBeNull();
    const twice = { tables: [{ name: "x", models: { fast: ["m"], balanced: ["m"], capable: ["n"] } }], aliases: {} };
    expect(route({ ais: 2 }, { tables: twice }).escalation).toMatchObject({ tier: "capable", model: "n" });
  });

  test("goes to the next tier at once where the tier's own model keeps failing", () => {
    const bad = trained(tries(60, 0, small));
    const dear = { ...PRICES, small: { costUsd: 0.005 } };
    const decision = route({ ais: 2, history: fast }, { evidence: bad, facts: dear });

    expect(decision).toMatchObject({ tier: "balanced", model: "middle", rule: "evidence", aisTier: "fast", expectedCostUsd: 0.01 });
    expect(decision.escalation).toMatchObject({ model: "large" });
    expect(route({ ais: 2, history: fast }, { evidence: bad, facts: dear, context: { mayTakeTwoCalls: false } }).model).toBe("middle");
  });

  test("stays where failures are few, cheap, or the next tier costs no more", () => {
    const at = (evidence: ReturnType<typeof trained>, smallUsd: number | null): string =>
      route({ ais: 2, history: fast }, { evidence, facts: { ...PRICES, small: { costUsd: smallUsd } } }).model;

    expect(at(trained(tries(4, 0, small)), 0.009)).toBe("small");
    expect(at(good, 0.001)).toBe("small");
    expect(at(trained(tries(60, 0, small)), 0.01)).toBe("small");
    expect(at(trained(tries(60, 0, small)), null)).toBe("small");
  });

  test("of another agent's step of the same name counts for the tool only", () => {
    const { estimate } = route({ id: "b", ais: 6, history: balanced }, { evidence: good }).inputs.tiers.fast[0] ?? {};

    expect(estimate?.samples).toBe(0);
    expect(estimate?.mean).toBeGreaterThan(0.8);
  });
});

describe("alternatives", () => {
  test("are the tier's fallbacks, then stronger models, then weaker ones", () => {
    expect(route({ ais: 2 }).alternatives.map(({ model }) => model)).toEqual(["small-2", "middle", "large"]);
    expect(route({ ais: 6 }, { facts: { small: { isHealthy: false } } }).alternatives.map(({ model }) => model)).toEqual([
      "large",
      "small-2",
    ]);
  });
});

describe("any tables", () => {
  const names = fc.subarray(["a", "b", "c", "d", "e"]);
  const models = fc.record({ fast: names, balanced: names, capable: names });
  const tables = fc.array(models, { maxLength: 3 }).map((list) => list.map((one, index) => ({ name: `t${index}`, models: one })));
  const costs = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.record({ costUsd: fc.double({ min: 0, max: 1, noNaN: true }) }));

  test("give a decision that can be made again, never the same model as its own escalation or alternative", () => {
    const evidence = trained([...tries(40, 39, { model: "a" }), ...tries(40, 2, { model: "b" }), ...tries(40, 20, { model: "c" })]);
    fc.assert(
      fc.property(tables, costs, fc.double({ min: 0, max: 10, noNaN: true }), fc.boolean(), (given, facts, ais, hasHistory) => {
        const history = hasHistory ? [{ ais, tier: "balanced" as const }] : [];
        const aliases = { d: "a" };
        const decision = route(
          { ais, history },
          { tables: { tables: given, aliases }, evidence, facts, context: { directModel: "direct" } },
        );
        const others = decision.alternatives.map(({ callModel }) => callModel);

        expect([...others, decision.escalation?.callModel]).not.toContain(decision.callModel);
        expect(new Set(others).size).toBe(others.length);
        expect(replayRoute(JSON.parse(JSON.stringify(decision)) as RouteDecision)).toEqual(decision);
      }),
    );
  });
});

describe("isVerifiable", () => {
  test.each([
    [{ output_schema: SCHEMA }, true],
    [{ config: { output_schema: SCHEMA } }, true],
    [{ config: { labels: ["a"] } }, true],
    [{ config: { labels: [] } }, false],
    [{ config: [] }, false],
    [{ output_schema: null }, false],
    [{}, false],
  ])("%j: %s", (fields, expected) => {
    expect(isVerifiable(step(fields))).toBe(expected);
  });
});

describe("explainRoute", () => {
  test("tells everything from the decision alone", () => {
    const evidence = trained(tries(60, 54, small));
    const facts = { ...PRICES, middle: { state: "no_key" as const, windowTokens: 8_000 }, "small-2": { isHealthy: false } };
    const text = explainRoute(route({ ais: 9, history: [...capable, { ais: null, tier: "balanced" }] }, { evidence, facts }));

    expect(text).toMatch(/^fast: small, because cheap first: /);
    expect(text).toContain(
      "rule          cheap_first\nscore         9 (fast below 5, balanced below 7.5), before this: 9 → capable, no score → balanced\n",
    );
    expect(text).toMatch(
      /expected cost \$0\.00\d+\nif it fails {3}large \(capable\), once\nelse {10}large \(capable\)\nasked in turn AIS 9/,
    );
    expect(text).toMatch(/ {2}fast {8}small, served, \$0\.001 a call, passes \d+ % \(at least \d+ %\)\n/);
    expect(text).toContain("small-2, served, passes");
    expect(text).toContain("breaker open");
    expect(text).toContain("middle, no key, window 8000");
  });

  test("says what is unknown, and what was not as asked", () => {
    const text = explainRoute(
      new AISRouter({ cuts: { fast: 1, balanced: 2 } }).route({}, step({ type: "llm_decision", instruction: "Go" })),
    );

    expect(text).toMatch(/^balanced: gpt-4o, because no AIS: balanced tier\n/);
    expect(text).toContain("score         none (fast below 1, balanced below 2), no execution before this one");
    expect(text).toContain("expected cost unknown\nif it fails   no escalation");
    expect(text).toContain("not as asked  ais_missing: the agent has no score yet");
    const lonely = { tables: [{ name: "x", models: { fast: ["m"], balanced: ["m"], capable: ["m"] } }], aliases: { m: "n" } };
    const only = explainRoute(new AISRouter({ tables: lonely }).route({ ais: 7 }, step()));
    expect(only).toContain("balanced: m (called as n), because");
    expect(only).toContain("else          nothing");
  });
});
