import { describe, expect, test } from "vitest";
import { importanceOf, LOW_IMPORTANCE } from "../../../lib/memory/importance.ts";

const plain = { isFailed: false, hasPattern: false, hasFeedback: false, runNumber: 7 };

describe("importanceOf", () => {
  // Computed by hand from the formula in lib/memory/README.md.
  test.each([
    ["an ordinary execution", {}, 0.5],
    ["a failed one", { isFailed: true }, 0.8],
    ["one with a pattern", { hasPattern: true }, 0.7],
    ["one that a person commented on", { hasFeedback: true }, 0.9],
    ["the first one", { runNumber: 1 }, 0.6],
    ["a milestone", { runNumber: 10 }, 0.65],
    ["a later milestone", { runNumber: 300 }, 0.65],
    ["a first one that failed with a pattern", { isFailed: true, hasPattern: true, runNumber: 1 }, 1],
    ["a milestone with a pattern", { hasPattern: true, runNumber: 25 }, 0.85],
    ["everything at once, cut at the top of the scale", { isFailed: true, hasPattern: true, hasFeedback: true, runNumber: 1 }, 1],
  ])("gives %s %s = %d", (_what, facts, expected) => {
    expect(importanceOf({ ...plain, ...facts })).toBe(expected);
  });

  test.each([0, 11, 26, 75, 99, 101, 150])("takes number %d for no milestone", (runNumber) => {
    expect(importanceOf({ ...plain, runNumber })).toBe(0.5);
  });

  test("counts an ordinary execution, and nothing else, as of low importance", () => {
    expect(importanceOf(plain)).toBeLessThanOrEqual(LOW_IMPORTANCE);
    expect(importanceOf({ ...plain, runNumber: 1 })).toBeGreaterThan(LOW_IMPORTANCE);
  });
});
