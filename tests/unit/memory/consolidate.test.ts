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
    expect([made.importance, made.counts.ended, made.at]).toEqual([0.9, { completed: 2, failed: 1 }, new Date(Date.UTC(2025, 2, 3))]);
  });

  test("counts patterns that say the same in nearly the same words, and puts the frequent ones first", () => {
    const made = consolidate([
      memory(1, "a", { patterns: ["odd one out", "suppliers answer slowly on Mondays"] }),
      memory(2, "b", { patterns: ["supplier answers slowly on Monday"] }),
      memory(3, "c", { patterns: ["Suppliers answer slowly, Mondays"] }),
    ]);

    expect(made.patterns).toEqual(["Suppliers answer slowly, Mondays", "odd one out"]);
    expect(made.counts.patterns).toEqual([3, 1]);
  });

  test("adds to what was merged before, as if all were merged at once", () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      memory(index + 1, `day ${index + 1}`, {
        status: index % 4 === 0 ? "failed" : "completed",
        patterns: ["suppliers answer on Mondays"],
        suggestions: ["ask on Sundays"],
        importance: index === 3 ? 0.9 : 0.5,
      }),
    );
    const { at, ...first } = consolidate(many.slice(0, 26));
    const merged = memory(26, "", { ...first, at, status: "merged" });
    const twice = consolidate([merged, ...many.slice(26)]);

    expect(twice.summary).toBe("60 earlier executions (45 completed, 15 failed). Among them: day 4 · day 26");
    expect(twice).toMatchObject({ patterns: ["suppliers answer on Mondays"], suggestions: ["ask on Sundays"], importance: 0.9 });
    expect(twice.counts).toEqual(consolidate(many).counts);
    expect(twice.counts).toEqual({ ended: { completed: 45, failed: 15 }, patterns: [60], suggestions: [60] });
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
