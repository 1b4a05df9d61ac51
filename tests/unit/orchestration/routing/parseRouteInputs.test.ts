import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AISRouter } from "../../../../lib/orchestration/AISRouter.ts";
import { parseRouteInputs } from "../../../../lib/orchestration/routing/parseRouteInputs.ts";
import { SCHEMA, step, trained } from "./routingFixtures.ts";

describe("parseRouteInputs", () => {
  test("gives back what a decision was made from", () => {
    const router = new AISRouter({ evidence: trained() });
    const history = [{ ais: 6, tier: "balanced" as const }];
    const { inputs } = router.route({ ais: 6, history, preference: { model: "o3" } }, step({ output_schema: SCHEMA }));

    expect(parseRouteInputs(JSON.parse(JSON.stringify(inputs)))).toEqual({ ok: true, inputs });
  });

  test("says what is wrong", () => {
    const { inputs } = new AISRouter().route({ ais: 6 }, step());

    expect(parseRouteInputs({ ...inputs, ais: 11 })).toEqual({ ok: false, fault: expect.stringMatching(/^ais: /) as string });
    expect(parseRouteInputs({ ...inputs, tiers: { ...inputs.tiers, fast: [{}] } })).toMatchObject({
      fault: expect.stringMatching(/^tiers\.fast\.0\.model: /) as string,
    });
    expect(parseRouteInputs(3)).toMatchObject({ fault: expect.stringMatching(/^inputs: /) as string });
  });

  test("throws for nothing", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseRouteInputs(value).ok).toBe(false);
      }),
    );
  });
});
