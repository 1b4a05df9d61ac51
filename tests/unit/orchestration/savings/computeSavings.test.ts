import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { computeSavings } from "../../../../lib/orchestration/savings/computeSavings.ts";
import type {
  CallBaseline,
  CallPricer,
  OwnCostKind,
  SavingsCall,
  SavingsReport,
  ServedCall,
} from "../../../../lib/orchestration/savings/types.ts";

/** Nano-dollars per token: input, cache read, cache write, output. */
const PRICES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  strong: [3_000, 300, 3_750, 15_000],
  cheap: [150, 75, 150, 600],
};

const pricer: CallPricer = {
  priceCall(_provider, model, usage) {
    const price = PRICES[model];
    if (price === undefined) return null;
    const read = usage.cacheReadTokens ?? 0;
    const write = usage.cacheWriteTokens ?? 0;
    const plain = Math.max(0, usage.inputTokens - read - write);
    return BigInt(plain * price[0] + read * price[1] + write * price[2] + usage.outputTokens * price[3]);
  },
};

function served(fields: Partial<ServedCall> & Pick<ServedCall, "model" | "usage" | "baseline">): ServedCall {
  const paidUsd = pricer.priceCall("p", fields.model, fields.usage);
  return { kind: "served", provider: "p", paidUsd, isAssumed: false, ...fields };
}

function baseline(fields: Partial<CallBaseline> = {}): CallBaseline {
  return { provider: "p", model: "strong", rawInputTokens: 1_000, sentInputTokens: 1_000, ...fields };
}

function lineOf(report: SavingsReport, cause: string): bigint | null | undefined {
  return report.lines.find((line) => line.cause === cause)?.usd;
}

describe("computeSavings", () => {
  test("prices a shorter view at the model that was asked for", () => {
    const call = served({
      model: "strong",
      usage: { inputTokens: 610, outputTokens: 10 },
      baseline: baseline({ rawInputTokens: 1_000, sentInputTokens: 600, views: 1 }),
    });

    const report = computeSavings({ calls: [call] }, pricer);

    expect(report.lines).toEqual([
      { cause: "smaller views", method: "computed", usd: 1_200_000n, knownUsd: 1_200_000n, tokens: 400, note: "1 view" },
    ]);
    expect([report.baseline.usd, report.paid.usd]).toEqual([3_180_000n, 1_980_000n]);
    expect([report.baseline.tokens, report.paid.tokens]).toEqual([1_020, 620]);
  });

  test("counts a part of a call that only we wanted as our own cost, and as no call", () => {
    const usage = { inputTokens: 900, outputTokens: 10 };
    const part = { provider: "p", model: "strong", usage: { inputTokens: 100, outputTokens: 0 }, isAssumed: false } as const;
    const calls: SavingsCall[] = [
      served({ model: "strong", usage, baseline: baseline({ rawInputTokens: 900, sentInputTokens: 900 }) }),
      { kind: "own", isPart: true, purpose: "memory", ...part, paidUsd: 300_000n },
      { kind: "own", purpose: "memory", ...part, paidUsd: 300_000n },
    ];

    const report = computeSavings({ calls }, pricer);

    expect(report.lines).toMatchObject([{ cause: "own costs", usd: 600_000n, tokens: 200, note: "1 memory summary, memory in 1 call" }]);
    expect([report.calls, report.baseline.usd, report.paid.usd]).toEqual([2, 2_850_000n, 3_450_000n]);
  });

  test("credits cached history with no more than its cached price", () => {
    const usage = { inputTokens: 600, outputTokens: 0, cacheReadTokens: 600 };
    const call = served({ model: "strong", usage, baseline: baseline({ rawInputTokens: 1_000, sentInputTokens: 600, views: 1 }) });

    expect(lineOf(computeSavings({ calls: [call] }, pricer), "smaller views")).toBe(120_000n);
  });

  test("subtracts a rejected cheap call from what the cheaper model saved", () => {
    const usage = { inputTokens: 1_000, outputTokens: 0 };
    const calls: SavingsCall[] = [
      served({ model: "cheap", usage, baseline: baseline() }),
      { kind: "own", purpose: "escalation", provider: "p", model: "cheap", usage, paidUsd: 150_000n, isAssumed: false },
      served({ model: "strong", usage, baseline: baseline() }),
    ];

    const report = computeSavings({ calls }, pricer);

    expect(lineOf(report, "cheaper model")).toBe(2_700_000n);
    expect(report.lines[0]?.note).toBe("1 of 2 calls on another model than asked for, 1 escalated (+0.00015 USD, included)");
    expect(lineOf(report, "own costs")).toBeUndefined();
  });

  test("shows a loss as a loss: a re-fetch and an opened handle that cost more than the views saved", () => {
    const usage = { inputTokens: 1_100, outputTokens: 0 };
    const calls: SavingsCall[] = [
      served({ model: "strong", usage, baseline: baseline({ sentInputTokens: 1_100, views: 1 }) }),
      { kind: "own", purpose: "refetch", provider: "p", model: "strong", usage, paidUsd: 3_300_000n, isAssumed: false },
    ];

    const report = computeSavings({ calls }, pricer);

    expect(lineOf(report, "smaller views")).toBe(-300_000n);
    expect(report.lines.at(-1)).toMatchObject({ cause: "own costs", method: "measured", usd: 3_300_000n, note: "1 re-fetch" });
    expect([report.baseline.usd, report.paid.usd]).toEqual([3_000_000n, 6_600_000n]);
  });

  test("credits an order that the cache likes only with reads beyond the plain order", () => {
    const usage = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 800 };
    const call = served({ model: "strong", usage, baseline: baseline({ plainCache: { readTokens: 300, writeTokens: 0 } }) });

    const report = computeSavings({ calls: [call] }, pricer);

    expect(report.lines.map(({ cause, usd }) => [cause, usd])).toEqual([["cache-wise order", 1_350_000n]]);
  });

  test("gives a model step served by code its counterfactual call, and a step that never called a model nothing", () => {
    const report = computeSavings(
      { calls: [{ kind: "avoided", provider: "p", model: "strong", rawInputTokens: 100, outputTokens: 10 }], stepsWithoutModel: 3 },
      pricer,
    );

    expect(lineOf(report, "no model needed")).toBe(450_000n);
    expect([report.paid.usd, report.calls, report.stepsNotCounted]).toEqual([0n, 0, 3]);
  });

  test("claims nothing for what a call was booked at beyond the price of its usage", () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    const call = served({ model: "strong", usage, paidUsd: 9_000_000n, isAssumed: true, baseline: baseline() });

    const report = computeSavings({ calls: [call] }, pricer);

    expect([report.baseline.usd, report.lines, report.unknown.callsAssumed]).toEqual([9_000_000n, [], 1]);
  });

  test("keeps unknown prices unknown and sums the rest apart", () => {
    const usage = { inputTokens: 600, outputTokens: 0 };
    const views = baseline({ sentInputTokens: 600, views: 1 });
    const report = computeSavings(
      {
        calls: [
          served({ model: "strong", usage, baseline: views }),
          served({ model: "house", usage, baseline: { ...views, model: "house" } }),
          served({ model: "strong", usage, baseline: { ...views, model: "house" } }),
        ],
      },
      pricer,
    );

    expect([report.baseline.usd, lineOf(report, "smaller views"), report.paid.usd]).toEqual([null, null, null]);
    expect([report.baseline.knownUsd, report.lines[0]?.knownUsd, report.paid.knownUsd]).toEqual([3_000_000n, 1_200_000n, 1_800_000n]);
    expect([report.unknown.callsWithoutPrice, report.lines[0]?.tokens]).toEqual([2, 1_200]);
  });

  test("counts a call without baseline facts as having saved nothing", () => {
    const report = computeSavings(
      { calls: [served({ model: "cheap", usage: { inputTokens: 10, outputTokens: 0 }, baseline: null })] },
      pricer,
    );

    expect([report.baseline.usd, report.paid.usd, report.lines, report.unknown.callsWithoutBaseline]).toEqual([1_500n, 1_500n, [], 1]);
  });

  test("adds up to the nano-dollar and to the token, whatever the calls", () => {
    fc.assert(
      fc.property(fc.array(anyCall, { maxLength: 12 }), (calls) => {
        const report = computeSavings({ calls }, pricer);
        const own = report.lines.filter(({ cause }) => cause === "own costs");
        const saved = report.lines.filter(({ cause }) => cause !== "own costs");
        const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
        const balance = report.baseline.knownUsd - sum(saved.map((line) => line.knownUsd)) + sum(own.map((line) => line.knownUsd));
        expect(balance).toBe(report.paid.knownUsd);

        const tokens = (lines: typeof own): number => lines.reduce((total, line) => total + line.tokens, 0);
        expect(report.baseline.tokens - tokens(saved) + tokens(own)).toBe(report.paid.tokens);

        const amounts = [report.baseline.usd, report.paid.usd, ...report.lines.map(({ usd }) => usd)];
        const whole = (lines: typeof own): bigint => sum(lines.map(({ usd }) => usd ?? 0n));
        const gap = (report.baseline.usd ?? 0n) - whole(saved) + whole(own) - (report.paid.usd ?? 0n);
        expect(amounts.includes(null) ? 0n : gap).toBe(0n);
        expect(report.paid.usd === null).toBe(calls.some((call) => call.kind !== "avoided" && call.paidUsd === null));
      }),
      { numRuns: 500 },
    );
  });
});

const model = fc.constantFrom("strong", "cheap", "house");
const tokens = fc.nat({ max: 50_000 });
const cache = fc.record({ readTokens: fc.nat({ max: 500 }), writeTokens: fc.nat({ max: 500 }) });
const usage = fc.record({ inputTokens: tokens, outputTokens: tokens, cacheReadTokens: fc.nat({ max: 500 }) });
const booked = fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n }));
const anyCall: fc.Arbitrary<SavingsCall> = fc.oneof(
  fc.record({
    kind: fc.constant("served" as const),
    provider: fc.constant("p"),
    model,
    usage,
    paidUsd: booked,
    isAssumed: fc.boolean(),
    baseline: fc.option(
      fc
        .record({ model, rawInputTokens: tokens, sentInputTokens: tokens, plainCache: fc.option(cache) })
        .map(({ plainCache, ...rest }): CallBaseline => ({ provider: "p", ...rest, ...(plainCache === null ? {} : { plainCache }) })),
    ),
  }),
  fc.record({
    kind: fc.constant("own" as const),
    purpose: fc.constantFrom<OwnCostKind>("expand", "refetch", "repair", "escalation", "memory", "summary", "conclusion", "other"),
    provider: fc.constant("p"),
    model,
    usage,
    paidUsd: booked,
    isAssumed: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("avoided" as const), provider: fc.constant("p"), model, rawInputTokens: tokens, outputTokens: tokens }),
);
