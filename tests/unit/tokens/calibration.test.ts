import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Calibration, updateFactor, upperFactor } from "../../../lib/tokens/calibration.ts";
import type { CalibrationFactor } from "../../../lib/tokens/types.ts";

const START: CalibrationFactor = { factor: 1.15, spread: 0.1, samples: 0 };

describe("the learned factor", () => {
  test("converges on the true factor, and its band holds the observations", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.7, max: 2, noNaN: true }),
        fc.array(fc.double({ min: -0.03, max: 0.03, noNaN: true }), { minLength: 60, maxLength: 60 }),
        (truth, noise) => {
          let state = START;
          for (const error of noise) state = updateFactor(state, truth * (1 + error));
          expect(Math.abs(state.factor - truth) / truth).toBeLessThan(0.05);
          expect(upperFactor(state, { factor: 1.15, upper: 1.5 })).toBeGreaterThan(truth);
          expect(upperFactor(state, { factor: 1.15, upper: 1.5 })).toBeLessThan(truth * 1.25);
        },
      ),
    );
  });

  test("narrows the band only after a few observations", () => {
    const byDefault = { factor: 1.15, upper: 1.5 };
    let state = START;
    for (let count = 0; count < 4; count += 1) state = updateFactor(state, 1.15);
    expect(upperFactor(state, byDefault)).toBe(1.5);
    for (let count = 0; count < 40; count += 1) state = updateFactor(state, 1.15);
    expect(upperFactor(state, byDefault)).toBeLessThan(1.2);
  });

  test("is not carried away by one absurd report, nor by none", () => {
    const settled = { factor: 1.2, spread: 0.01, samples: 100 };
    expect(updateFactor(settled, 500).factor).toBeLessThanOrEqual(1.2 * 1.1 + 1e-9);
    for (const nonsense of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(updateFactor(settled, nonsense)).toEqual(settled);
  });

  test("is kept per provider, model and content type, never for the offline model", () => {
    const calibration = new Calibration();
    calibration.observe({ provider: "anthropic", model: "claude-opus-5-5", contentType: "json" }, 1.9);
    calibration.observe({ provider: "offline", model: "offline", contentType: "json" }, 1.9);
    expect(calibration.getFactor("anthropic", "claude-opus-5-5", "json").factor).toBeGreaterThan(1.4);
    expect(calibration.getFactor("anthropic", "claude-opus-5-5", "prose").factor).toBe(1.6);
    expect(calibration.getFactor("offline", "offline", "json").factor).toBe(1);
    const again = new Calibration(calibration.takeChanged());
    expect(again.getFactor("anthropic", "claude-opus-5-5", "json")).toEqual(calibration.getFactor("anthropic", "claude-opus-5-5", "json"));
  });
});
