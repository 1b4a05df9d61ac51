import { describe, expect, test } from "vitest";
import { chooseTier, cutTier, readAis } from "../../../../lib/orchestration/routing/chooseTier.ts";
import type { PastRoute } from "../../../../lib/orchestration/routing/types.ts";
import type { Tier } from "../../../../lib/orchestration/types.ts";

const past = (tier: Tier, ...scores: readonly (number | null)[]): readonly PastRoute[] => scores.map((ais) => ({ ais, tier }));

describe("cutTier", () => {
  test("takes other cuts", () => {
    expect([2, 3, 6].map((ais) => cutTier(ais, { fast: 3, balanced: 6 }))).toEqual(["fast", "balanced", "capable"]);
  });
});

describe("chooseTier", () => {
  test.each([
    ["waits for three executions", 6, past("fast", 6), "fast"],
    ["moves at the third", 6, past("fast", 6, 6), "balanced"],
    ["stays inside the band", 5.4, past("fast", 5.4, 5.4), "fast"],
    ["moves at the band's edge", 5.5, past("fast", 5.5, 5.5), "balanced"],
    ["starts anew after a score inside the band", 6, past("fast", 5.2, 6), "fast"],
    ["moves as far as all three agree", 9, past("fast", 6, 9), "balanced"],
    ["moves two tiers when all three say so", 9, past("fast", 9, 8), "capable"],
    ["moves two tiers down when all three say so", 1, past("capable", 2, 3), "fast"],
    ["comes down by three", 4.4, past("balanced", 4.4, 4.4), "fast"],
    ["does not come down inside the band", 4.6, past("balanced", 4, 4), "balanced"],
    ["takes an execution without a score for no reason to move", 9, past("balanced", null, 9), "balanced"],
    ["needs no reason to stay", 6, past("balanced", 1, 9), "balanced"],
  ] as const)("%s", (_name, ais, history, tier) => {
    expect(chooseTier(ais, history).tier).toBe(tier);
  });

  test("says when a tier is held, and how far", () => {
    expect(chooseTier(6, past("fast", 6))).toEqual({
      tier: "fast",
      isHeld: true,
      reason: "AIS 6 would be balanced, but not by 0.5 for 3 executions: still fast tier",
    });
    expect(chooseTier(9, past("fast", 6, 9))).toMatchObject({
      isHeld: true,
      reason: "AIS 9 would be capable, but not by 0.5 for 3 executions: balanced tier",
    });
    expect(chooseTier(6, past("fast", 6, 6))).toMatchObject({
      isHeld: false,
      reason: "AIS 6 is from 5 to below 7.5 by 0.5 for 3 executions: balanced tier",
    });
  });
});

describe("readAis", () => {
  test.each([
    [Number.NaN, "AIS is NaN, not a number from 0 to 10"],
    ["7", 'AIS is the text "7", not a number from 0 to 10'],
    [[7], "AIS is a list, not a number from 0 to 10"],
    [{}, "AIS is of type object, not a number from 0 to 10"],
    [11, "AIS 11 is not from 0 to 10"],
  ])("says why %s is no score", (given, fault) => {
    expect(readAis(given)).toEqual({ ais: null, fault });
  });
});
