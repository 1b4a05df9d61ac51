import { describe, expect, test } from "vitest";
import type { CallFacts, GovernanceFacts } from "../../../../lib/pilot/governance/facts.ts";
import { sumGovernance } from "../../../../lib/pilot/governance/sumGovernance.ts";

const call = (raw: number, sent: number, more: Partial<CallFacts> = {}): CallFacts => ({
  call: 1,
  provider: "openai",
  model: "gpt-4o",
  rawInputTokens: raw,
  sentInputTokens: sent,
  outputTokens: 100,
  baselineUsd: 0.02,
  costUsd: 0.01,
  allocatedTokens: null,
  ...more,
});
const facts = (calls: readonly CallFacts[], more: Partial<GovernanceFacts> = {}): GovernanceFacts => ({
  mode: "on",
  why: "",
  trail: [],
  policy: "moderate",
  share: null,
  views: [],
  calls,
  transitions: [],
  ...more,
});

describe("sumGovernance", () => {
  test("adds up what views kept from being sent, over calls and attempts", () => {
    expect(sumGovernance([facts([call(1_000, 400), call(500, 500)]), facts([call(300, 200)])]).savedTokens).toBe(700);
  });

  test("counts calls that only governance needed against what was saved", () => {
    expect(sumGovernance([facts([call(1_000, 400), call(150, 150, { ownCost: "repair" })])]).savedTokens).toBe(350);
  });

  test("knows no allocation where none was committed, and sums those that were", () => {
    expect(sumGovernance([facts([call(1, 1)])]).allocatedTokens).toBeNull();
    expect(sumGovernance([facts([call(1, 1, { allocatedTokens: 40 }), call(1, 1, { allocatedTokens: 2 })])]).allocatedTokens).toBe(42);
  });

  test("gives the lowest quality of the views that leave something out and were sent", () => {
    const view = { of: "input", tokensIn: 900, tokensOut: 300, level: 2, quality: 4.9, lossless: false, outcome: "ok" };
    const views = [view, { ...view, quality: 4.6 }, { ...view, quality: 1, lossless: true }];

    expect(sumGovernance([facts([], { views })]).quality).toBe(4.6);
    expect(sumGovernance([facts([], { views, mode: "observe" })]).quality).toBeNull();
  });
});
