import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaBelow, betaLowerBound } from "../../../../lib/orchestration/routing/betaBound.ts";

describe("betaBelow", () => {
  test.each([
    // Closed forms: Beta(1,1) is uniform, Beta(a,1) is x^a, Beta(1,b) is 1 − (1 − x)^b, Beta(2,2) is 3x² − 2x³.
    [0.3, 1, 1, 0.3],
    [0.5, 3, 1, 0.125],
    [0.2, 1, 4, 1 - 0.8 ** 4],
    [0.25, 2, 2, 3 * 0.0625 - 2 * 0.015_625],
    [0.9, 2, 2, 3 * 0.81 - 2 * 0.729],
    [0, 2, 2, 0],
    [1, 2, 2, 1],
  ])("P(X < %s) of Beta(%s, %s) is %s", (x, a, b, expected) => {
    expect(betaBelow(x, a, b)).toBeCloseTo(expected, 10);
  });

  test("is the mirror of the mirrored shape", () => {
    const shapes = fc.double({ min: 0.05, max: 200, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), shapes, shapes, (x, a, b) => {
        expect(betaBelow(x, a, b)).toBeCloseTo(1 - betaBelow(1 - x, b, a), 8);
      }),
    );
  });
});

describe("betaLowerBound", () => {
  test("is the tenth percentile", () => {
    expect(betaLowerBound(1, 1)).toBeCloseTo(0.1, 8);
    expect(betaLowerBound(3, 1)).toBeCloseTo(0.1 ** (1 / 3), 8);
    expect(betaLowerBound(3, 1, 0.5)).toBeCloseTo(0.5 ** (1 / 3), 8);
  });

  test("rises towards the mean with the number of tries", () => {
    const bounds = [1, 10, 100, 1_000].map((tries) => betaLowerBound(0.8 * tries, 0.2 * tries));

    expect([...bounds].sort((left, right) => left - right)).toEqual(bounds);
    expect(bounds[3]).toBeGreaterThan(0.78);
    expect(bounds[3]).toBeLessThan(0.8);
  });
});
