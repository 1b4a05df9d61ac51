import { describe, expect, test } from "vitest";
import { AISRouter } from "../../../../lib/orchestration/AISRouter.ts";
import { chooseFallback } from "../../../../lib/orchestration/routing/chooseFallback.ts";
import type { FailureClass } from "../../../../lib/orchestration/routing/failureClass.ts";
import { factsOf, step } from "./routingFixtures.ts";

const windows = factsOf({
  "gpt-4o-mini": { windowTokens: 128_000 },
  "gemini-2.5-flash-lite": { windowTokens: 1_000_000 },
  "gpt-5-nano": { windowTokens: 128_000 },
});
const router = new AISRouter({ facts: windows });
const accountOf = (model: string): string => (model.startsWith("gpt") || model === "o3" ? "openai" : (model.split("-")[0] ?? ""));

function fallback(failure: FailureClass, ...triedModels: readonly string[]): string | null {
  const decision = router.route({ ais: 2 }, step());
  return chooseFallback({ decision, failure, triedModels: ["gpt-4o-mini", ...triedModels], accountOf })?.callModel ?? null;
}

describe("chooseFallback", () => {
  test.each(["rate_limit", "outage", "account"] as const)(
    "leaves the provider for %s, because its models share quota and fate",
    (failure) => {
      expect(fallback(failure)).toBe("claude-haiku-4-5");
      expect(fallback(failure, "claude-haiku-4-5")).toBe("gemini-2.5-flash-lite");
      expect(fallback(failure, "claude-haiku-4-5", "gemini-2.5-flash-lite")).toBeNull();
    },
  );

  test("takes the next model of the list for a model that is not there", () => {
    expect(fallback("model")).toBe("gpt-5-nano");
  });

  test("takes a larger window for an overflow, where one is known", () => {
    expect(fallback("overflow")).toBe("gemini-2.5-flash-lite");
    expect(fallback("overflow", "gemini-2.5-flash-lite")).toBeNull();
    expect(fallback("overflow", "not/listed")).toBe("gemini-2.5-flash-lite");
  });

  test.each(["refused", "caller", "aborted"] as const)("goes nowhere for %s", (failure) => {
    expect(fallback(failure)).toBeNull();
  });

  test("leaves the provider also where a person chose the tier only", () => {
    const decision = router.route({ ais: 9, preference: { tier: "fast" } }, step());

    expect(chooseFallback({ decision, failure: "outage", triedModels: ["gpt-4o-mini"], accountOf })?.callModel).toBe("claude-haiku-4-5");
  });

  test("goes nowhere from a tool loop or from a model that a person chose", () => {
    const locked = router.route({ ais: 2 }, step(), { lockedModel: "gpt-4o-mini" });
    const chosen = router.route({ ais: 2, model: "gpt-4o-mini" }, step());

    for (const decision of [locked, chosen])
      expect(chooseFallback({ decision, failure: "outage", triedModels: ["gpt-4o-mini"], accountOf })).toBeNull();
  });

  test("ends: each model is tried once", () => {
    const tried = ["gpt-4o-mini"];
    const decision = router.route({ ais: 2 }, step());
    for (;;) {
      const next = chooseFallback({ decision, failure: "model", triedModels: tried, accountOf });
      if (next === null) break;
      expect(tried).not.toContain(next.callModel);
      tried.push(next.callModel);
    }
    expect(tried).toHaveLength(new Set(tried).size);
    expect(tried.length).toBeGreaterThan(9);
  });
});
