import { describe, expect, test } from "vitest";
import { consolidate } from "../../../lib/memory/consolidate.ts";
import { memory } from "./memories.ts";

describe("consolidate", () => {
  test("counts how they ended, quotes what mattered most, and keeps that importance", () => {
    const made = consolidate([
      memory(1, "quiet"),
      memory(2, "the shop was down", { status: "failed", importance: 0.9 }),
      memory(3, "quiet again"),
    ]);

    expect(made.summary).toBe("3 earlier executions (2 completed, 1 failed). Among them: the shop was down · quiet again");
    expect([made.importance, made.count, made.at]).toEqual([0.9, 3, new Date(Date.UTC(2025, 2, 3))]);
  });

  test("counts patterns that say the same in nearly the same words, and puts the frequent ones first", () => {
    const made = consolidate([
      memory(1, "a", { patterns: ["odd one out", "suppliers answer slowly on Mondays"] }),
      memory(2, "b", { patterns: ["supplier answers slowly on Monday"] }),
      memory(3, "c", { patterns: ["Suppliers answer slowly, Mondays"] }),
    ]);

    expect(made.patterns).toEqual(["Suppliers answer slowly, Mondays (3 times)", "odd one out"]);
  });

  test("is bounded, however much is merged", () => {
    const made = consolidate(
      Array.from({ length: 500 }, (_, index) => memory(index + 1, "x".repeat(500), { patterns: [`pattern ${index} ${"y".repeat(150)}`] })),
    );

    expect(made.summary.length).toBeLessThanOrEqual(500);
    expect(made.patterns).toHaveLength(5);
  });

  test("says the same whatever the order of the rows", () => {
    const memories = [1, 2, 3, 4].map((number) => memory(number, `s${number}`, { patterns: [`p${number}`], suggestions: [`t${number}`] }));

    expect(consolidate(memories.toReversed())).toEqual(consolidate(memories));
  });
});
