import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID } from "../../../../lib/core/ids.ts";
import { AISRouter, evidenceKeyOf } from "../../../../lib/orchestration/AISRouter.ts";
import { decideRoute } from "../../../../lib/orchestration/routing/decideRoute.ts";
import { routeOutcome } from "../../../../lib/orchestration/routing/routeOutcome.ts";
import { readStoredRoute, toAuditDetails, toStoredRoute } from "../../../../lib/orchestration/routing/storedRoute.ts";
import { SuccessModel } from "../../../../lib/orchestration/routing/SuccessModel.ts";
import { textBuckets } from "../../../../lib/orchestration/routing/textBuckets.ts";
import { factsOf, SCHEMA, step, tries, trained } from "./routingFixtures.ts";

const history = [{ ais: 9, tier: "capable" as const }];
const facts = factsOf(
  { "gpt-4o": { isHealthy: false }, o3: { state: "no_key" }, "gpt-5": { takesTools: false, modalities: ["text"] } },
  (model) => ({ windowTokens: 128_000, costUsd: model.length / 7_000 }),
);
const router = new AISRouter({ facts, evidence: trained(tries(40, 33, { buckets: textBuckets("Say it") })) });

describe("stored routes", () => {
  test("give the very decision back", () => {
    const scores = fc.option(fc.double({ min: 0, max: 10, noNaN: true }));
    const models = fc.option(fc.constantFrom("o3", "own/model", "__proto__", "constructor"), { nil: undefined });
    fc.assert(
      fc.property(scores, models, fc.boolean(), (ais, model, isChecked) => {
        const decision = router.route({ id: "a", ais, model, history }, step(isChecked ? { output_schema: SCHEMA } : {}), {
          inputTokens: 900,
          outputTokens: 90,
        });
        const read = readStoredRoute(JSON.parse(JSON.stringify(toStoredRoute(decision))));

        expect(read).toEqual({ ok: true, inputs: decision.inputs });
        expect(decideRoute(read.ok ? read.inputs : decision.inputs)).toEqual(decision);
      }),
    );
  });

  test("take one to two kilobytes", () => {
    const decision = router.route({ id: "a", ais: 9, history }, step({ output_schema: SCHEMA }), { inputTokens: 900, outputTokens: 90 });

    expect(JSON.stringify(toStoredRoute(decision)).length).toBeLessThan(2_500);
    expect(JSON.stringify(toStoredRoute(new AISRouter().route({ ais: 9 }, step()))).length).toBeLessThan(1_500);
  });

  test("are read in full, too, and say what is wrong with them", () => {
    const { inputs } = router.route({ ais: 9 }, step());
    const stored = toStoredRoute({ inputs });

    expect(readStoredRoute(inputs)).toEqual({ ok: true, inputs });
    for (const broken of [
      null,
      3,
      { models: {} },
      { ...stored, models: {} },
      { ...stored, tiers: 3 },
      { ...stored, tiers: { fast: 3 } },
      { ...stored, preferred: 7 },
    ])
      expect(readStoredRoute(broken)).toMatchObject({ ok: false, fault: expect.any(String) as string });
    const odd = { ...stored, models: { ...(stored["models"] as object), "gpt-4o-mini": 3 } };
    expect(readStoredRoute(odd).ok).toBe(false);
  });
});

describe("toAuditDetails", () => {
  test("says what was decided and why", () => {
    expect(toAuditDetails(router.route({ ais: 6, model: "o3" }, step()))).toEqual({
      tier: "balanced",
      model: "gpt-4.1",
      rule: "ais",
      reason: expect.any(String) as string,
      ais: 6,
      aisTier: "balanced",
      expectedCostUsd: expect.any(Number) as number,
      escalation: null,
      degradations: expect.arrayContaining([
        { cause: "no_key", subject: "o3" },
        { cause: "unhealthy", subject: "gpt-4o" },
      ]) as unknown,
    });
  });
});

describe("routeOutcome", () => {
  test("is kept under what the route is asked with, so that the next route finds it", () => {
    const route = {
      agent: { id: "a", ais: 9 },
      step: step({ id: "s9" }),
      context: { intent: "extract", version: "v1", text: "Read the total" },
    };
    const attempt = {
      attemptId: "x",
      workspaceId: DEFAULT_WORKSPACE_ID,
      model: "m",
      kind: "first" as const,
      isSuccess: false,
      createdAtMs: 1,
    };
    const outcome = routeOutcome(route, attempt);

    expect(outcome).toEqual({
      ...attempt,
      ...evidenceKeyOf(route.agent, route.step, route.context),
      buckets: textBuckets("Read the total"),
    });
    expect(new SuccessModel([outcome]).estimate({ ...evidenceKeyOf(route.agent, route.step, route.context), model: "m" }).samples).toBe(1);
    expect(routeOutcome({ ...route, context: {} }, attempt).buckets).toEqual(textBuckets("Say it"));
  });
});
