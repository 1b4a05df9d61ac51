// Expected figures are computed by hand from docs/reference/routing.md; properties hold the direction of every part.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_RULES } from "../../../lib/ais/intensityRules.ts";
import { combinedScore, componentsOf, creationScore, executionScore, growthOf, normalise } from "../../../lib/ais/scores.ts";
import { AVERAGE_NAMES, type Averages, type IntensityComponents } from "../../../lib/ais/types.ts";

const NO_METRICS = { orchestration_efficiency: null, token_governance_score: null, handler_effectiveness: null };
const averages = (values: Readonly<Partial<Record<(typeof AVERAGE_NAMES)[number], number>>>): Averages =>
  Object.fromEntries(Object.entries(values).map(([name, mean]) => [name, { mean, count: 10 }]));

describe("normalise", () => {
  test.each([
    [1, 0],
    [5.5, 5],
    [10, 10],
    [-3, 0],
    [99, 10],
  ])("%s of 1 to 10 is %s", (value, expected) => {
    expect(normalise(value, { from: 1, to: 10 })).toBe(expected);
  });
});

describe("creationScore", () => {
  test.each([
    // steps (5.5 − 1)/9 = 5, plugins (3 − 1)/4 = 5, fields (4.5 − 1)/7 = 5: 0.5·5 + 0.3·5 + 0.2·5.
    [{ steps: 5.5, plugins: 3, fields: 4.5, trigger: "manual" as const }, 5],
    [{ steps: 1, plugins: 0, fields: 1, trigger: "manual" as const }, 0],
    [{ steps: 1, plugins: 0, fields: 1, trigger: "scheduled" as const }, 1],
    [{ steps: 10, plugins: 1, fields: 1, trigger: "event" as const }, 7],
    [{ steps: 40, plugins: 9, fields: 20, trigger: "event" as const }, 10],
  ])("%j scores %s", (design, expected) => {
    expect(creationScore(design)).toBeCloseTo(expected, 12);
  });
});

describe("componentsOf", () => {
  test("weighs each part as stated", () => {
    const components = componentsOf(
      averages({
        // 1 200 / 1 000 = 1.2: (1.2 − 0.5)/2.5 = 2.8, × 0.7 = 1.96.
        input_tokens_per_run: 1_000,
        output_tokens_per_run: 1_200,
        // 0.35·5 + 0.30·2 + 0.20·5 + 0.15·10/3 = 1.75 + 0.6 + 1 + 0.5.
        iterations_per_run: 5.5,
        duration_ms_per_run: 6_000,
        failure_share: 0.15,
        retries_per_run: 0.3,
        // 0.4·3 + 0.35·5 + 0.25·2 = 1.2 + 1.75 + 0.5.
        unique_plugins_per_run: 3,
        plugin_calls_per_run: 4,
        plugin_ms_per_run: 1_000,
        // 0.4·5 + 0.25·2 + 0.2·2 + 0.15·4 = 2 + 0.5 + 0.4 + 0.6.
        steps_per_run: 10,
        branches_per_run: 2,
        loop_items_per_run: 10,
        parallels_per_run: 2,
        // 0.5·5 + 0.3·10/3 + 0.2·5 = 2.5 + 1 + 1.
        memory_token_share: 0.45,
        memory_types_per_run: 1,
        memory_entries_per_run: 10,
      }),
      "none",
    );

    expect(components.tokens).toBeCloseTo(1.96, 12);
    expect(components.execution).toBeCloseTo(1.75 + 0.6 + 0.6 + 0.15, 12);
    expect(components.plugins).toBeCloseTo(3.45, 12);
    expect(components.workflow).toBeCloseTo(3.5, 12);
    expect(components.memory).toBeCloseTo(4.5, 12);
  });

  test("finds a concise agent simple and a verbose one demanding", () => {
    const tokens = (input: number, output: number): number | null =>
      componentsOf(averages({ input_tokens_per_run: input, output_tokens_per_run: output }), "none").tokens;

    expect(tokens(1_000, 400)).toBe(0);
    expect(tokens(1_000, 3_000)).toBe(7);
  });

  test.each([
    ["monitor", 0, 0, 0.2],
    ["rescore", 0, 0, 0.75],
    ["upgrade", 0, 0, 1.25],
    ["upgrade", 0.21, 0, 1.25 * 1.3],
    ["upgrade", 0, 0.31, 1.25 * 1.2],
    ["upgrade", 0.21, 0.31, 1.25 * 1.5],
    ["none", 0.21, 0.31, 0],
  ] as const)("adds for growth %s at a failure share of %s and %s retries: %s", (alert, failures, retries, points) => {
    const known = averages({ input_tokens_per_run: 1_000, output_tokens_per_run: 100, failure_share: failures, retries_per_run: retries });

    expect(componentsOf(known, alert).tokens).toBeCloseTo(points, 12);
  });

  test("leaves unknown what was never known, and zero what is known to be none", () => {
    expect(componentsOf({}, "none")).toEqual({ tokens: null, execution: null, plugins: null, workflow: null, memory: null });
    expect(componentsOf(averages({ input_tokens_per_run: 0, output_tokens_per_run: 9 }), "none").tokens).toBeNull();
    expect(componentsOf(averages({ memory_token_share: 0, memory_types_per_run: 0, memory_entries_per_run: 0 }), "none").memory).toBe(0);
  });

  test("makes no component of less than half of its parts", () => {
    expect(componentsOf(averages({ iterations_per_run: 5.5 }), "none").execution).toBeNull();
    // (0.35·5 + 0.30·2) / 0.65.
    expect(componentsOf(averages({ iterations_per_run: 5.5, duration_ms_per_run: 6_000 }), "none").execution).toBeCloseTo(2.35 / 0.65, 12);
  });

  test("never falls when a part that asks for more rises", () => {
    const parts = AVERAGE_NAMES.filter((name) => !name.startsWith("input") && !/efficiency|score|effectiveness/.test(name));
    const values = fc.record(Object.fromEntries(AVERAGE_NAMES.map((name) => [name, fc.double({ min: 0, max: 100_000, noNaN: true })])));
    fc.assert(
      fc.property(values, fc.constantFrom(...parts), fc.double({ min: 0, max: 1_000, noNaN: true }), (given, part, more) => {
        const score = (extra: number): number =>
          executionScore(componentsOf(averages({ ...given, [part]: (given[part] ?? 0) + extra }), "upgrade"), NO_METRICS) ?? -1;

        expect(score(more)).toBeGreaterThanOrEqual(score(0) - 1e-9);
        expect(score(more)).toBeLessThanOrEqual(10);
        expect(score(0)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("executionScore", () => {
  const all: IntensityComponents = { tokens: 2, execution: 4, plugins: 6, workflow: 8, memory: 10 };

  test("is the weighted mean of the five", () => {
    // 0.30·2 + 0.25·4 + 0.20·6 + 0.15·8 + 0.10·10 = 0.6 + 1 + 1.2 + 1.2 + 1.
    expect(executionScore(all, NO_METRICS)).toBeCloseTo(5, 12);
  });

  test("takes efficiency and adherence as ten minus what they are", () => {
    // (5·1 + 0.1·mean(10 − 8, 10 − 6)) / 1.1 = (5 + 0.3) / 1.1.
    const metrics = { ...NO_METRICS, orchestration_efficiency: 8, token_governance_score: 6 };
    expect(executionScore(all, metrics)).toBeCloseTo(5.3 / 1.1, 12);
    expect(executionScore(all, { ...NO_METRICS, orchestration_efficiency: 10 })).toBeCloseTo(5 / 1.1, 12);
    expect(executionScore(all, { ...NO_METRICS, handler_effectiveness: 10 })).toBeCloseTo(5, 12);
  });

  test("leaves unknown components out", () => {
    // (0.30·2 + 0.20·6) / 0.5.
    expect(executionScore({ tokens: 2, execution: null, plugins: 6, workflow: null, memory: null }, NO_METRICS)).toBeCloseTo(3.6, 12);
    expect(executionScore({ tokens: 2, execution: null, plugins: null, workflow: 3, memory: null }, NO_METRICS)).toBeNull();
    const nothing = { tokens: null, execution: null, plugins: null, workflow: null, memory: null };
    expect(executionScore(nothing, { ...NO_METRICS, orchestration_efficiency: 1 })).toBeNull();
    const weightless = { ...DEFAULT_RULES, weights: { tokens: 0, execution: 0, plugins: 0, workflow: 0, memory: 0, orchestration: 0 } };
    expect(executionScore(all, NO_METRICS, weightless)).toBeNull();
  });
});

describe("combinedScore", () => {
  test.each([
    [{ creation: 4, execution: 8, executions: 4 }, 4],
    [{ creation: 4, execution: 8, executions: 5 }, 6.8],
    [{ creation: null, execution: 8, executions: 4 }, null],
    [{ creation: null, execution: 8, executions: 5 }, 8],
    [{ creation: 4, execution: null, executions: 50 }, 4],
    [{ creation: 0, execution: 0, executions: 5 }, 0],
  ])("%j gives %s", (parts, expected) => {
    const score = combinedScore(parts);

    expect(score === null ? null : Number(score.toFixed(12))).toBe(expected);
  });
});

describe("growthOf", () => {
  test.each([
    [1_240, 24, "none"],
    [1_250, 25, "monitor"],
    [1_500, 50, "rescore"],
    [2_000, 100, "upgrade"],
    [500, -50, "none"],
  ] as const)("%s tokens after a mean of 1 000 is %s %%", (tokens, percent, alert) => {
    expect(growthOf(tokens, { mean: 1_000, count: 3 })).toEqual({ percent, alert });
  });

  test.each([
    [null, { mean: 1_000, count: 9 }],
    [900, undefined],
    [900, { mean: 1_000, count: 2 }],
    [900, { mean: 0, count: 9 }],
  ])("is unknown for %s after %j", (tokens, before) => {
    expect(growthOf(tokens, before)).toEqual({ percent: null, alert: "none" });
  });
});
