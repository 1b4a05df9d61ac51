import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shapeOf } from "../../../../lib/orchestration/budgets/modelSteps.ts";
import { predictNeed, type NeedRequest } from "../../../../lib/orchestration/budgets/predictNeed.ts";
import { Distribution } from "../../../../lib/orchestration/budgets/quantiles.ts";
import { SeededRandom } from "../../../../lib/orchestration/budgets/SeededRandom.ts";
import { StepHistory, type PastExecution, type StepKey, type StepSample } from "../../../../lib/orchestration/budgets/StepHistory.ts";
import { TokenBudgetManager } from "../../../../lib/orchestration/TokenBudgetManager.ts";
import type { WorkflowStep } from "../../../../lib/workflow/types.ts";
import { modelStep } from "./stepTrees.ts";

const KEY: StepKey = { agentId: "a", signature: "s", shape: shapeOf("ai_processing", "s"), intent: "extract", model: "openai/gpt-4o" };

function sample(tokens: number, change: Partial<StepSample> = {}): StepSample {
  const { signature, shape, intent, model } = KEY;
  return { signature, shape, intent, model, runs: 1, inputTokens: tokens, outputTokens: 0, costUsd: BigInt(tokens), calls: [], ...change };
}

let number = 0;
function execution(steps: readonly StepSample[], agentId = "a", forecast: PastExecution["forecast"] = null): PastExecution {
  number += 1;
  return { executionId: `e${number}`, agentId, steps, forecast };
}

function need(history: StepHistory, change: Partial<NeedRequest> = {}) {
  return predictNeed({ history, key: KEY, expectedRuns: 1, ...change }).envelope;
}

const twenty = (make: (index: number) => PastExecution): StepHistory =>
  new StepHistory(Array.from({ length: 20 }, (_, index) => make(index)));

describe("Distribution", () => {
  test("puts the p-quantile at rank p(n + 1), and in between where it falls in between", () => {
    const known = new Distribution([5, 1, 4, 2, 3, 9, 8, 6, 7].map((value) => ({ value, weight: 1 })));

    expect([known.quantile(0.1), known.quantile(0.5), known.quantile(0.9), known.quantile(0.25)]).toEqual([1, 5, 9, 2.5]);
    expect([known.quantile(0), known.quantile(1), new Distribution([]).quantile(0.5)]).toEqual([1, 9, 0]);
  });

  test("covers what comes next as often as it says", () => {
    const random = new SeededRandom(7);
    let below = 0;
    for (let round = 0; round < 4_000; round += 1) {
      const known = new Distribution(Array.from({ length: 12 }, () => ({ value: random.next() ** 3, weight: 1 })));
      below += Number(random.next() ** 3 <= known.quantile(0.9));
    }

    expect(below / 4_000).toBeGreaterThan(0.88);
    expect(below / 4_000).toBeLessThan(0.92);
  });

  test("never leaves the range of its samples, and never falls as p rises", () => {
    const weighted = fc.record({ value: fc.nat(1e6), weight: fc.double({ min: 0.001, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(weighted, { minLength: 1, maxLength: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (samples, p) => {
        const known = new Distribution(samples);
        const values = samples.map(({ value }) => value);

        expect(known.quantile(p)).toBeGreaterThanOrEqual(Math.min(...values));
        expect(known.quantile(p)).toBeLessThanOrEqual(Math.max(...values));
        expect(known.quantile(p / 2)).toBeLessThanOrEqual(known.quantile(p));
      }),
    );
  });
});

describe("predictNeed", () => {
  test("knows the shipped table alone at first, and says so", () => {
    const envelope = need(new StepHistory());

    expect(envelope).toMatchObject({ source: "prior", samples: 0, usd: null });
    expect(envelope.tokens.q10).toBeLessThan(envelope.tokens.q50);
    expect(envelope.tokens.q50).toBeLessThan(envelope.tokens.q90);
    expect(need(new StepHistory(), { estimatedTokens: 5_000 }).tokens.q50).toBe(5_000);
    expect(need(new StepHistory(), { expectedRuns: 10, estimatedTokens: 500 }).tokens.q50).toBe(5_000);
  });

  test("follows the step's own history once there is enough", () => {
    const envelope = need(twenty((index) => execution([sample(1_000 + index)])));

    expect(envelope.source).toBe("step");
    expect(envelope.tokens.q10).toBeGreaterThan(990);
    expect(envelope.tokens.q90).toBeLessThan(1_030);
    expect(envelope.usd?.q50).toBe(BigInt(envelope.tokens.q50));
  });

  test.each([
    ["another model", { model: "openai/gpt-5" }, "intent"],
    ["another step", { signature: "other" }, "shape"],
    ["another agent", { agentId: "b" }, "shape"],
    ["another depth", { signature: "l[].s", shape: shapeOf("ai_processing", "l[].s") }, "intent"],
    ["another intent", { intent: "send" as const, signature: "x" }, "prior"],
  ])("falls back for %s", (_name, change, source) => {
    const history = twenty(() => execution([sample(1_000)]));

    expect(need(history, { key: { ...KEY, ...change } }).source).toBe(source);
  });

  test("leans on others while it has little of its own", () => {
    const history = twenty(() => execution([sample(5_000, { signature: "other" })], "b"));
    history.add(execution([sample(1_000)]));
    history.add(execution([sample(1_000)]));

    expect(need(history)).toMatchObject({ source: "step", tokens: { q10: 1_000, q50: 5_000 } });
  });

  test("forgets: after a change the newer executions decide", () => {
    const history = new StepHistory();
    for (let index = 0; index < 150; index += 1) history.add(execution([sample(1_000)]));
    for (let index = 0; index < 60; index += 1) history.add(execution([sample(3_000)]));

    expect(need(history).tokens.q50).toBe(3_000);
  });

  test("prices what another model used by the step's own price, and knows no price where there is none", () => {
    const history = twenty(() => execution([sample(1_000, { model: "x/y", costUsd: 77n })]));

    expect(need(history, { priceOf: (input, output) => BigInt(input + output) * 3n }).usd?.q50).toBe(3_000n);
    expect(need(history).usd).toBeNull();
  });

  test("widens intervals that held too little", () => {
    const random = new SeededRandom(3);
    const level = (index: number): number => 1_000 * 2 ** (Math.floor(index / 6) % 4) * (1 + 0.02 * random.next());
    const jumpy = new StepHistory();
    for (let index = 0; index < 80; index += 1) jumpy.add(execution([sample(Math.round(level(index)))]));

    expect(jumpy.spreadFactor("extract")).toBeGreaterThan(1);
    expect(twenty(() => execution([sample(1_000)])).spreadFactor("extract")).toBe(1);
  });
});

describe("forecast", () => {
  const manager = new TokenBudgetManager();
  const modelOf = () => ({ model: "openai/gpt-4o", priceOf: (input: number, output: number) => BigInt(input + 4 * output) });
  const forecast = (steps: readonly WorkflowStep[], history = new StepHistory(), seed = 1) =>
    manager.forecast({ id: "a", name: "a", steps }, { history, modelOf, seed });
  const loop: WorkflowStep = {
    id: "l",
    type: "loop",
    iterateOver: "{{input.x}}",
    loopSteps: [modelStep("s")],
    maxIterations: 50,
    parallel: false,
  };

  test("is the same for the same seed, and gives every model step an envelope", () => {
    const steps = [modelStep("s"), loop];

    expect(forecast([modelStep("p"), loop])).toEqual(forecast([modelStep("p"), loop]));
    expect([...forecast([modelStep("p"), loop]).needs.keys()]).toEqual(["p", "s"]);
    expect(steps).toHaveLength(2);
  });

  test("is nothing for a workflow that calls no model", () => {
    expect(forecast([]).envelope).toMatchObject({ tokens: { q10: 0, q50: 0, q90: 0 }, usd: { q10: 0n, q50: 0n, q90: 0n } });
  });

  test("takes one option of a branch, not both", () => {
    const branch: WorkflowStep = {
      id: "c",
      type: "conditional",
      condition: "true",
      then_steps: [modelStep("x")],
      else_steps: [modelStep("y")],
    };

    const [one, both] = [forecast([branch]), forecast([modelStep("x"), modelStep("y")])];

    expect(one.envelope.tokens.q50).toBeLessThan(both.envelope.tokens.q50 * 0.7);
  });

  test("repeats executions as they went: what is long together stays together", () => {
    const history = twenty((index) =>
      execution([sample(index % 2 === 0 ? 100 : 10_000, { signature: "s" }), sample(index % 2 === 0 ? 100 : 10_000, { signature: "t" })]),
    );

    const { envelope, needs } = forecast([modelStep("s"), modelStep("t")], history);

    expect(envelope.source).toBe("step");
    expect(envelope.tokens.q10).toBe(200);
    expect(envelope.tokens.q90).toBeGreaterThanOrEqual(20_000);
    expect(needs.size).toBe(2);
  });

  test("counts executions in which a branch was not taken", () => {
    const history = twenty((index) => execution(index % 4 === 0 ? [sample(1_000)] : []));

    expect(forecast([modelStep("s")], history).envelope.tokens).toMatchObject({ q10: 0, q50: 0 });
  });

  test("raises the next 90 % when the last were passed, and lowers it when they were far off", () => {
    const past = (share: number): StepHistory =>
      twenty(() => execution([sample(1_000, { costUsd: BigInt(1_000 * share) })], "a", { tokensQ90: 1_000, usdQ90: 1_000n }));

    expect(forecast([modelStep("s")], past(2)).factor.usd).toBeGreaterThan(1.5);
    expect(forecast([modelStep("s")], past(0.5)).factor.usd).toBeLessThan(0.8);
  });

  test("covers nine in ten of an agent's own executions where nothing was predicted for them", () => {
    const history = twenty((index) => execution([sample(1_000 + 100 * index)]));

    const { tokens } = forecast([modelStep("s")], history).envelope;

    expect(tokens.q90).toBeGreaterThan(2_650);
    expect(tokens.q90).toBeLessThan(2_950);
  });

  test("borrows calls of like steps, and says so", () => {
    const calls = [{ inputTokens: 10, outputTokens: 5, reasoningTokens: 0 }];
    const history = twenty(() => execution([sample(1_000, { calls })]));

    expect(history.calls(KEY)).toHaveLength(20);
    expect(history.calls({ ...KEY, signature: "other" })[0]).toEqual({ ...calls[0], isBorrowed: true });
  });

  test("keeps q10 ≤ q50 ≤ q90 for any past", () => {
    const amount = fc.nat(100_000);
    const steps = fc.array(fc.tuple(fc.constantFrom("s", "l[].s", "gone"), amount), { maxLength: 3 });
    const previous = fc.option(fc.record({ tokensQ90: amount, usdQ90: amount.map(BigInt) }));
    fc.assert(
      fc.property(fc.array(fc.tuple(steps, previous), { maxLength: 25 }), (list) => {
        const history = new StepHistory(
          list.map(([used, before]) =>
            execution(
              used.map(([signature, tokens]) => sample(tokens, { signature, intent: null, shape: shapeOf("ai_processing", signature) })),
              "a",
              before,
            ),
          ),
        );
        const { envelope, needs } = forecast([modelStep("s"), { ...loop, loopSteps: [modelStep("t")] }], history);

        for (const { tokens, usd } of [envelope, ...[...needs.values()].map((made) => made.envelope)]) {
          expect([tokens.q10, tokens.q50, tokens.q90]).toEqual([tokens.q10, tokens.q50, tokens.q90].sort((left, right) => left - right));
          expect(tokens.q10).toBeGreaterThanOrEqual(0);
          expect(usd === null || (usd.q10 <= usd.q50 && usd.q50 <= usd.q90 && usd.q10 >= 0n)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});
