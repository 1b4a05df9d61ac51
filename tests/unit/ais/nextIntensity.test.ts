import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIntensityRules, DEFAULT_RULES } from "../../../lib/ais/intensityRules.ts";
import { designOf } from "../../../lib/ais/designOf.ts";
import { nextIntensity, NO_INTENSITY, withDesign } from "../../../lib/ais/nextIntensity.ts";
import type { AgentIntensity, ExecutionFacts } from "../../../lib/ais/types.ts";
import type { WorkflowStep } from "../../../lib/workflow/types.ts";
import { execution, orchestration, UNKNOWN } from "./executionFacts.ts";

const run = (times: number, facts: ExecutionFacts, from: AgentIntensity = NO_INTENSITY): AgentIntensity =>
  Array.from({ length: times }).reduce<AgentIntensity>((before) => nextIntensity(before, facts), from);
const DESIGN = { steps: 10, plugins: 1, fields: 1, trigger: "manual" as const };

describe("nextIntensity", () => {
  test("has no score before it knows anything", () => {
    expect(NO_INTENSITY.scores).toEqual({ creation: null, execution: null, combined: null });
    expect(run(9, execution(UNKNOWN)).scores).toEqual({ creation: null, execution: null, combined: null });
  });

  test("keeps the design's score for four executions and blends from the fifth on", () => {
    const designed = withDesign(NO_INTENSITY, DESIGN);
    expect(designed.scores).toEqual({ creation: 5, execution: null, combined: 5 });

    const four = run(4, execution(), designed);
    const five = run(5, execution(), designed);

    expect(four.scores.combined).toBe(5);
    expect(five.scores.combined).toBeCloseTo(0.3 * 5 + 0.7 * (five.scores.execution ?? 0), 3);
  });

  test("counts failed executions, and they raise the score", () => {
    const good = run(6, execution());
    const bad = run(6, execution({ isSuccess: false }));

    expect(bad).toMatchObject({ totalExecutions: 6, successfulExecutions: 0, failedExecutions: 6 });
    expect(bad.averages.failure_share).toEqual({ mean: 1, count: 6 });
    expect(bad.scores.execution).toBeGreaterThan(good.scores.execution ?? 10);
  });

  test("lets old values fade and counts zeros", () => {
    const troubled = run(20, execution({ retries: 3, loopItems: 50 }));
    const calm = run(60, execution({ retries: 0, loopItems: 0 }), troubled);

    expect(troubled.averages.retries_per_run?.mean).toBeCloseTo(3, 10);
    expect(calm.averages.retries_per_run?.mean).toBeCloseTo(3 * 0.95 ** 60, 10);
    expect(calm.averages.loop_items_per_run?.mean).toBeLessThan(3);
  });

  test("leaves an average as it was where a figure is unknown", () => {
    const before = run(3, execution({ durationMs: 9_000 }));
    const after = nextIntensity(before, execution(UNKNOWN));

    expect(after.averages.duration_ms_per_run).toEqual(before.averages.duration_ms_per_run);
    expect(after.totalExecutions).toBe(4);
    expect(nextIntensity(before, execution({ durationMs: Number.NaN })).averages.duration_ms_per_run).toEqual(
      before.averages.duration_ms_per_run,
    );
  });

  test("measures growth against the executions before, whole against whole", () => {
    const before = run(3, execution({ outputTokens: 1_000 }));
    const after = nextIntensity(before, execution({ outputTokens: 2_100 }));

    expect(before.growthPercent).toBeNull();
    expect(after).toMatchObject({ growthPercent: expect.closeTo(110, 10) as number, growthAlert: "upgrade" });
    expect(run(30, execution({ outputTokens: 9_000, iterations: 5 }))).toMatchObject({ growthPercent: 0, growthAlert: "none" });
  });

  test("adds money up until a price is unknown, from then on the sum is, too", () => {
    expect(run(3, execution()).totalCostUsd).toBe(6_000_000n);
    expect(nextIntensity(run(3, execution({ costUsd: null })), execution()).totalCostUsd).toBeNull();
  });

  test("knows no memory from memory that is unknown", () => {
    expect(run(1, execution({ memory: null })).components.memory).toBeNull();
    expect(run(1, execution({ memory: { tokens: 0, entries: 0, types: 0 }, inputTokens: null })).components.memory).toBe(0);
    expect(run(1, execution({ memory: { tokens: 450, entries: 10, types: 1 } })).components.memory).toBeCloseTo(4.5, 12);
    expect(
      run(1, execution({ memory: { tokens: 450, entries: 10, types: 1 }, inputTokens: null })).averages.memory_token_share,
    ).toBeUndefined();
    expect(run(1, execution({ memory: { tokens: 9_000, entries: 10, types: 1 } })).averages.memory_token_share?.mean).toBe(1);
  });

  test("averages the plan's metrics over the executions that had them", () => {
    const half = orchestration({ baselineTokens: 1_000, usedTokens: 800, firstAttempts: { checked: 4, passed: 3 } });
    const after = nextIntensity(run(3, execution()), execution({ orchestration: half }));

    expect(after.metrics).toEqual({ orchestration_efficiency: 5, token_governance_score: null, handler_effectiveness: 7.5 });
    const more = nextIntensity(after, execution({ orchestration: orchestration({ baselineTokens: 1_000, usedTokens: 1_000 }) }));
    expect(more.metrics).toEqual({ orchestration_efficiency: 2.5, token_governance_score: null, handler_effectiveness: 7.5 });
  });

  test("keeps every score from 0 to 10, whatever executions come to", () => {
    const figure = fc.option(fc.oneof(fc.nat({ max: 1_000_000 }), fc.constant(0)));
    const facts = fc.record({
      isSuccess: fc.boolean(),
      durationMs: figure,
      inputTokens: figure,
      outputTokens: figure,
      iterations: figure,
      retries: figure,
      pluginCalls: figure,
      steps: figure,
      loopItems: figure,
    });
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 12 }), fc.boolean(), (executions, isDesigned) => {
        const start = isDesigned ? withDesign(NO_INTENSITY, DESIGN) : NO_INTENSITY;
        const { scores, components } = executions.reduce((before, fields) => nextIntensity(before, execution(fields)), start);

        for (const value of [...Object.values(scores), ...Object.values(components)] as readonly (number | null)[])
          expect(value === null || (value >= 0 && value <= 10)).toBe(true);
      }),
    );
  });
});

describe("parseIntensityRules", () => {
  test("gives the shipped rules without a row, for an empty one, and for one that is no object", () => {
    expect(parseIntensityRules(undefined)).toEqual({ rules: DEFAULT_RULES, warnings: [] });
    expect(parseIntensityRules("{}")).toEqual({ rules: DEFAULT_RULES, warnings: [] });
    for (const text of ["{", "[]", "7"])
      expect(parseIntensityRules(text)).toMatchObject({ rules: DEFAULT_RULES, warnings: [expect.any(String)] });
  });

  test("changes what the row names", () => {
    const { rules, warnings } = parseIntensityRules(
      '{"ranges":{"retries":{"from":0,"to":5},"later":{}},"weights":{"memory":0},"thresholds":{"creation_weight":9,"average_executions":0}}',
    );

    expect(warnings).toEqual([expect.stringContaining("ranges.later is no name of these rules")]);
    expect(rules.ranges.retries).toEqual({ from: 0, to: 5 });
    expect(rules.weights).toEqual({ ...DEFAULT_RULES.weights, memory: 0 });
    expect(rules.thresholds).toMatchObject({ creation_weight: 1, average_executions: 1 });
  });

  test("warns of each value that is not usable", () => {
    const { rules, warnings } = parseIntensityRules(
      '{"ranges":{"retries":{"from":5,"to":5},"steps":3,"duration_ms":{"from":-1e999,"to":5}},"weights":{"memory":-1},"thresholds":[]}',
    );

    expect(rules).toEqual(DEFAULT_RULES);
    expect(warnings).toEqual([
      'system_config agent_intensity_rules: ranges.retries should be {"from", "to"} with from below to; the shipped value is used',
      'system_config agent_intensity_rules: ranges.steps should be {"from", "to"} with from below to; the shipped value is used',
      'system_config agent_intensity_rules: ranges.duration_ms should be {"from", "to"} with from below to; the shipped value is used',
      "system_config agent_intensity_rules: weights.memory should be a number from 0 to 100; the shipped value is used",
      "system_config agent_intensity_rules: thresholds should be an object; the shipped values are used",
    ]);
  });
});

describe("designOf", () => {
  const steps: readonly WorkflowStep[] = [
    { id: "a", type: "action", plugin: "files", action: "read", params: {} },
    {
      id: "b",
      type: "loop",
      iterateOver: "{{a.data}}",
      maxIterations: 5,
      parallel: false,
      loopSteps: [
        { id: "c", type: "action", plugin: "http", action: "get", params: {} },
        { id: "d", type: "action", plugin: "files", action: "write", params: {} },
      ],
    },
    { id: "e", type: "llm_decision", prompt: "Go", plugins: ["outbox", "http"] },
    { id: "f", type: "llm_decision", prompt: "Go" },
  ];

  test("counts nested steps, distinct plugins, declared inputs and outputs", () => {
    expect(designOf({ steps, inputs: { x: {}, y: {} }, output: { total: "{{a}}", text: "{{b}}", more: 1 } }, "event")).toEqual({
      steps: 6,
      plugins: 3,
      fields: 5,
      trigger: "event",
    });
    expect(designOf({ steps: [] })).toEqual({ steps: 0, plugins: 0, fields: 1, trigger: "manual" });
    expect(designOf({ steps: [], output: ["{{a}}"] }).fields).toBe(1);
  });
});
