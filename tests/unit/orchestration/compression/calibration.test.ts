// Q from features: what kind of task it is, that keeping more never lowers it, and that its bounds are bounds.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  calibrationKindOf,
  contentGroupOf,
  createFeatures,
  createQualityEstimator,
  PERFECT_QUALITY,
  taskKindOf,
  type QualityInputs,
} from "../../../../lib/orchestration/compression/calibration.ts";
import { combine, probabilityOf } from "../../../../lib/orchestration/compression/calibrationModel.ts";
import { CALIBRATION } from "../../../../lib/orchestration/compression/calibrationTable.ts";

const units = fc.array(
  fc.record({
    score: fc.double({ min: 0, max: 20, noNaN: true }),
    tokens: fc.integer({ min: 1, max: 80 }),
    atoms: fc.integer({ min: 0, max: 9 }),
  }),
  { minLength: 1, maxLength: 40 },
);
const inputs: fc.Arbitrary<QualityInputs> = fc.record({
  type: fc.constantFrom("json", "log", "prose", "html"),
  task: fc.constantFrom("Who wrote it?", "Summarise it.", ""),
  atomsIn: fc.integer({ min: 1, max: 400 }),
  atomsReduced: fc.integer({ min: 0, max: 400 }),
  units,
});

describe("the kind of a task", () => {
  test.each([
    [undefined, "none"],
    ["  ", "none"],
    ["Who found the fault?", "question"],
    ["which port does it use", "question"],
    ["In what year was the bridge built?", "question"],
    ["Summarise the thread.", "instruction"],
    ["What is wrong with the quorum? Give the errors and when.", "instruction"],
    ["List all orders: id, amount.", "instruction"],
  ] as const)("%j is a task of the kind %s", (task, kind) => {
    expect(taskKindOf(task)).toBe(kind);
  });

  test.each([
    ["List every order: id, amount.", "listing"],
    ["Report each run with its link.", "listing"],
    ["Summarise the page.", "instruction"],
    ["Which of all ports is open?", "question"],
  ] as const)("%j is calibrated as %s", (task, kind) => {
    expect(calibrationKindOf(task)).toBe(kind);
  });

  test("rows, lines and sentences are told apart by payload type", () => {
    expect([contentGroupOf("csv"), contentGroupOf("log"), contentGroupOf("prose"), contentGroupOf("email")]).toEqual([
      "records",
      "lines",
      "prose",
      "document",
    ]);
  });
});

describe("Q", () => {
  test("is perfect when no atom is lost and no unit cut", () => {
    const estimator = createQualityEstimator({ type: "prose", atomsIn: 3, atomsReduced: 3, units: [{ score: 0, tokens: 9 }] });

    expect(estimator.estimate(() => true)).toEqual(PERFECT_QUALITY);
  });

  test("never falls when one more unit is kept", () => {
    fc.assert(
      fc.property(inputs, fc.func(fc.boolean()), fc.nat(), (given, keeps, more) => {
        const { estimate } = createQualityEstimator(given);
        const extra = more % given.units.length;
        const fewer = estimate((index) => keeps(index));
        const most = estimate((index) => index === extra || keeps(index));

        expect(most.quality).toBeGreaterThanOrEqual(fewer.quality - 1e-9);
        expect(most.lowerBound).toBeGreaterThanOrEqual(fewer.lowerBound - 1e-9);
      }),
    );
  });

  test("lies between 0 and 5, its lower bound not above it", () => {
    fc.assert(
      fc.property(inputs, fc.func(fc.boolean()), (given, keeps) => {
        const { quality, lowerBound } = createQualityEstimator(given).estimate((index) => keeps(index));

        expect(lowerBound).toBeGreaterThanOrEqual(0);
        expect(quality).toBeGreaterThanOrEqual(lowerBound);
        expect(quality).toBeLessThanOrEqual(5);
      }),
    );
  });

  test("is linear between two steps of its table and level beyond them", () => {
    const model = {
      bias: 0,
      weights: [1],
      steps: [
        [1, 0.5, 0.4],
        [2, 0.9, 0.8],
      ],
      samples: 9,
    } as const;

    expect(probabilityOf(model, [0.2])).toEqual([0.5, 0.4]);
    expect(probabilityOf(model, [1.5])[0]).toBeCloseTo(0.7);
    expect(probabilityOf(model, [7])).toEqual([0.9, 0.8]);
  });

  test("takes both what the reduction and what the selection lost", () => {
    const { quality, lowerBound } = combine([0.9, 0.87], [0.8, 0.76]);

    expect(quality).toBeCloseTo(3.6);
    expect(lowerBound).toBeCloseTo(5 * (0.72 - Math.hypot(0.03 * 0.8, 0.04 * 0.9)));
  });

  test("every feature stays between 0 and 1", () => {
    fc.assert(
      fc.property(inputs, fc.func(fc.boolean()), (given, keeps) => {
        const features = createFeatures(given)((index) => keeps(index));

        for (const feature of features === "all" ? [] : features) {
          expect(feature).toBeGreaterThanOrEqual(0);
          expect(feature).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });
});

describe("the table that ships", () => {
  const models = Object.entries(CALIBRATION.selected).flatMap(([kind, groups]) =>
    Object.entries(groups).map(([group, model]) => [`${kind}, ${group}`, model] as const),
  );

  test.each(models)("has weights that are not negative and steps that only rise: %s", (_name, { weights, steps }) => {
    expect(weights.filter((weight) => weight < 0)).toEqual([]);
    for (const column of [0, 1, 2]) {
      const values = steps.map((step) => step[column] ?? Number.NaN);
      expect(values).toEqual(values.toSorted((left, right) => left - right));
    }
    expect(steps.filter(([, probability, lower]) => lower > probability)).toEqual([]);
  });

  test.each(models)("was fitted on questions: %s", (_name, { samples }) => {
    expect(samples).toBeGreaterThan(1_000);
  });
});
