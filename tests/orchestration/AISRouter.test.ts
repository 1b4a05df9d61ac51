import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AISRouter } from "../../lib/orchestration/AISRouter.ts";
import { TIERS } from "../../lib/orchestration/routing/chooseTier.ts";
import { replayRoute } from "../../lib/orchestration/routing/decideRoute.ts";
import { explainRoute } from "../../lib/orchestration/routing/explainRoute.ts";
import { PRESET_TABLES } from "../../lib/orchestration/routing/tierTables.ts";
import type { PastRoute, RouteContext, RouteDecision } from "../../lib/orchestration/routing/types.ts";
import type { Tier } from "../../lib/orchestration/types.ts";
import { factsOf, step, trained } from "../unit/orchestration/routing/routingFixtures.ts";

const router = new AISRouter();
const causes = ({ degradations }: RouteDecision): readonly string[] => degradations.map(({ cause }) => cause);
const LISTED: ReadonlySet<string> = new Set(PRESET_TABLES.tables.flatMap(({ models }) => TIERS.flatMap((tier) => models[tier])));

describe("AISRouter", () => {
  test("routes low AIS to fast tier", () => {
    expect(router.route({ ais: 3 }, step())).toMatchObject({ tier: "fast", model: "gpt-4o-mini", rule: "ais" });
    expect(router.route({ ais: 0 }, step())).toMatchObject({ tier: "fast", reason: "AIS 0 is below 5: fast tier" });
    expect(router.route({ ais: 4.999 }, step()).tier).toBe("fast");
  });

  test("routes middle AIS to balanced tier", () => {
    expect(router.route({ ais: 5 }, step())).toMatchObject({ tier: "balanced", model: "gpt-4o" });
    expect(router.route({ ais: 7.499 }, step()).tier).toBe("balanced");
  });

  test("routes high AIS to capable tier", () => {
    expect(router.route({ ais: 7.5 }, step())).toMatchObject({ tier: "capable", model: "claude-sonnet", callModel: "claude-sonnet-4-5" });
    expect(router.route({ ais: 10 }, step()).tier).toBe("capable");
  });

  test("adjusts as AIS evolves", () => {
    let history: readonly PastRoute[] = [];
    const run = (ais: number): Tier => {
      const { aisTier } = router.route({ ais, history }, step());
      history = [{ ais, tier: aisTier }, ...history];
      return aisTier;
    };

    expect([4.8, 5.2, 4.9, 5.4].map(run)).toEqual(["fast", "fast", "fast", "fast"]);
    expect([5.6, 5.7, 5.5].map(run)).toEqual(["fast", "fast", "balanced"]);
    expect([9, 9, 9].map(run)).toEqual(["balanced", "balanced", "capable"]);
    expect([7.1, 7.1, 7.1, 6.9, 6.9, 6.9].map(run)).toEqual(["capable", "capable", "capable", "capable", "capable", "balanced"]);
  });

  test.each([
    [undefined, "ais_missing"],
    [null, "ais_missing"],
    [Number.NaN, "ais_invalid"],
    [Number.POSITIVE_INFINITY, "ais_invalid"],
    [-1, "ais_invalid"],
    [10.1, "ais_invalid"],
  ])("handles missing AIS gracefully: %s", (ais, cause) => {
    const decision = router.route({ ais }, step());

    expect(decision).toMatchObject({ tier: "balanced", model: "gpt-4o" });
    expect(causes(decision)).toEqual([cause]);
  });

  test("handles missing AIS gracefully", () => {
    const decision = router.route({}, step());

    expect(decision).toMatchObject({ tier: "balanced", model: "gpt-4o", reason: "no AIS: balanced tier" });
    expect(decision.degradations).toEqual([{ cause: "ais_missing", subject: null, detail: "the agent has no score yet" }]);
  });

  test("lets the step's model, then the agent's preference, then the agent's model win", () => {
    const agent = { ais: 1, model: "o3", preference: { model: "gpt-4.1" } };

    expect(router.route(agent, step({ model: "claude-opus-4-5" }))).toMatchObject({
      model: "claude-opus-4-5",
      tier: "capable",
      rule: "preference",
    });
    expect(router.route(agent, step())).toMatchObject({ model: "gpt-4.1", tier: "balanced" });
    expect(router.route({ ais: 1, model: "o3" }, step())).toMatchObject({ model: "o3", tier: "capable" });
    expect(router.route({ ais: 1, preference: { tier: "capable" } }, step())).toMatchObject({
      tier: "capable",
      rule: "preference",
      aisTier: "fast",
    });
    expect(router.route({ ais: 1, model: "own/model" }, step())).toMatchObject({ model: "own/model", tier: "fast" });
  });

  test("serves all three tiers with the key of one provider", () => {
    const only = (prefix: string): AISRouter =>
      new AISRouter({ facts: factsOf({}, (model) => (model.startsWith(prefix) ? {} : { state: "no_key" })) });
    const three = (prefix: string): readonly string[] => [2, 6, 9].map((ais) => only(prefix).route({ ais }, step()).callModel);

    expect(three("claude")).toEqual(["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"]);
    expect(three("gpt")).toEqual(["gpt-4o-mini", "gpt-4o", "gpt-5"]);
    expect(three("gemini")).toEqual(["gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro"]);
    expect(only("claude").route({ ais: 6 }, step()).degradations).toEqual([]);
  });

  test("asks the table of the preferred provider first", () => {
    expect(router.route({ ais: 9, preference: { provider: "google" } }, step()).model).toBe("gemini-2.5-pro");
  });
});

const tierArbitrary = fc.constantFrom<Tier>("fast", "balanced", "capable");
const scores = fc.double({ min: 0, max: 10, noNaN: true });
const anyScore = fc.oneof(scores, fc.double(), fc.constantFrom(undefined, null));
const histories = fc.array(fc.record({ ais: fc.option(scores), tier: tierArbitrary }), { maxLength: 5 });
const contexts: fc.Arbitrary<RouteContext> = fc.record(
  {
    inputTokens: fc.nat({ max: 2_000_000 }),
    outputTokens: fc.nat({ max: 10_000 }),
    hasVerifier: fc.boolean(),
    mayTakeTwoCalls: fc.boolean(),
    modalities: fc.subarray(["image", "audio"]),
    text: fc.string(),
  },
  { requiredKeys: [] },
);
/** Some installation: which models it serves, what they take, what they cost. */
const installations = fc.dictionary(
  fc.constantFrom(...LISTED, "claude-sonnet-4-5"),
  fc.record(
    {
      state: fc.constantFrom("served" as const, "no_key" as const, "unknown" as const),
      windowTokens: fc.option(fc.constantFrom(8_000, 128_000, 1_000_000)),
      takesTools: fc.option(fc.boolean()),
      modalities: fc.option(fc.constant(["image"])),
      isHealthy: fc.boolean(),
      costUsd: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    },
    { requiredKeys: [] },
  ),
);

describe("AISRouter, whatever it is given", () => {
  test("never takes a weaker tier for a higher score of an agent without history", () => {
    fc.assert(
      fc.property(scores, scores, contexts, (one, other, context) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const rank = (ais: number): number => TIERS.indexOf(router.route({ ais }, step(), context).tier);

        expect(rank(low)).toBeLessThanOrEqual(rank(high));
      }),
    );
  });

  test("never takes a weaker tier of its own for a higher score of an agent with history", () => {
    fc.assert(
      fc.property(scores, scores, histories, (one, other, history) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const rank = (ais: number): number => TIERS.indexOf(router.route({ ais, history }, step()).aisTier);

        expect(rank(low)).toBeLessThanOrEqual(rank(high));
      }),
    );
  });

  test("lets a preference that can be served win", () => {
    fc.assert(
      fc.property(anyScore, histories, contexts, (ais, history, context) => {
        const facts = factsOf({ mine: { state: "served", isHealthy: false } });
        const decision = new AISRouter({ facts }).route({ ais, history, preference: { model: "mine" } }, step(), context);

        expect(decision).toMatchObject({ model: "mine", callModel: "mine", rule: "preference" });
      }),
    );
  });

  test("never names a model outside the tier tables, unless nothing in them can serve, and gives the same decision again", () => {
    fc.assert(
      fc.property(anyScore, histories, contexts, installations, (ais, history, context, installation) => {
        const routed = new AISRouter({ facts: factsOf(installation), evidence: trained() });
        const decision = routed.route({ id: "a", ais, history }, step(), { ...context, directModel: "direct" });

        expect(decision.rule === "direct" ? decision.model === "direct" : LISTED.has(decision.model)).toBe(true);
        for (const { model } of [...decision.alternatives, ...(decision.escalation === null ? [] : [decision.escalation])]) {
          expect(LISTED).toContain(model);
          expect(model).not.toBe(decision.model);
        }
        const stored = JSON.parse(JSON.stringify(decision)) as RouteDecision;
        expect(stored).toEqual(decision);
        expect(replayRoute(stored)).toEqual(decision);
        expect(explainRoute(stored)).toContain(decision.reason);
      }),
    );
  });

  test("takes any score that is none for balanced, and says so", () => {
    const noScore = fc.anything().filter((value) => typeof value !== "number" || !(value >= 0 && value <= 10));
    fc.assert(
      fc.property(noScore, (ais) => {
        const decision = router.route({ ais: ais as number }, step());

        expect(decision.tier).toBe("balanced");
        expect(causes(decision)).toEqual([ais === undefined || ais === null ? "ais_missing" : "ais_invalid"]);
      }),
    );
  });
});
