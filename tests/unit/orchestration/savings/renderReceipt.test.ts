import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderReceipt } from "../../../../lib/orchestration/savings/renderReceipt.ts";
import type { SavingsReport } from "../../../../lib/orchestration/savings/types.ts";

const REPORT: SavingsReport = {
  baseline: known(412_000_000n, 50_000),
  lines: [
    { cause: "smaller views", method: "computed", ...known(121_000_000n, 12_345), note: "12 views, 2 of 9 handles opened" },
    {
      cause: "cheaper model",
      method: "computed",
      ...known(93_000_000n, 0),
      note: "7 of 11 calls on another model than asked for, 1 escalated (+0.011 USD, included)",
    },
    { cause: "cache-wise order", method: "computed", ...known(41_000_000n, 0), note: "more cache reads than the plain order gets" },
    { cause: "own costs", method: "measured", ...known(16_000_000n, 900), note: "2 expands, 1 memory summary, 1 repair" },
  ],
  paid: known(173_000_000n, 38_555),
  calls: 15,
  unknown: { callsWithoutPrice: 0, callsAssumed: 1, callsWithoutBaseline: 0 },
  stepsNotCounted: 3,
};

function known(usd: bigint, tokens: number): { usd: bigint; knownUsd: bigint; tokens: number } {
  return { usd, knownUsd: usd, tokens };
}

describe("renderReceipt", () => {
  test("prints cause, amount and note of every line, wrapped beside its amount", () => {
    expect(renderReceipt(REPORT, { title: "exec_7", status: "completed", limitUsd: 500_000_000n })).toBe(
      `receipt exec_7   completed   0.173 USD of 0.50 USD
  paid: as reported by the provider; the rest: computed
  would have cost          0.412   same calls, model asked for, nothing
                                   compressed, same cache rules
  − smaller views          0.121   12 views, 2 of 9 handles opened, 12345 tokens
  − cheaper model          0.093   7 of 11 calls on another model than asked
                                   for, 1 escalated (+0.011 USD, included)
  − cache-wise order       0.041   more cache reads than the plain order gets
  + own costs              0.016   2 expands, 1 memory summary, 1 repair, 900
                                   tokens
  not counted                      3 steps that never needed a model
  unknown                          0 calls without a price · 1 call settled
                                   without a report
`,
    );
  });

  test("says unknown where a price is, and what is known beside it", () => {
    const report: SavingsReport = {
      ...REPORT,
      lines: [{ cause: "smaller views", method: "computed", usd: null, knownUsd: 121_000_000n, tokens: 5, note: "2 views" }],
      paid: { usd: null, knownUsd: 291_000_000n, tokens: 9 },
    };

    const text = renderReceipt(report, { title: "exec_7" });

    expect(text).toContain("receipt exec_7   unknown (known: 0.291 USD)");
    expect(text).toMatch(/− smaller views {8}unknown {3}2 views, 5 tokens, 0\.121 where/);
  });

  test("shows enough decimals for small amounts, and amounts that add up as printed in at most 80 columns", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 11n });
    fc.assert(
      fc.property(fc.tuple(amount, amount, amount, amount), fc.nat({ max: 8 }), (amounts, shift) => {
        const [views, model, rest, costs] = amounts.map((usd) => usd / 10n ** BigInt(shift)) as [bigint, bigint, bigint, bigint];
        const report: SavingsReport = {
          ...REPORT,
          baseline: known(views + model + rest, 0),
          lines: [
            { cause: "smaller views", method: "computed", ...known(views, 0), note: "" },
            { cause: "cheaper model", method: "computed", ...known(model, 0), note: "" },
            { cause: "own costs", method: "measured", ...known(costs, 0), note: "" },
          ],
          paid: known(rest + costs, 0),
        };

        const text = renderReceipt(report, { title: "exec_7" });

        const read = (pattern: RegExp): bigint => BigInt((pattern.exec(text)?.[1] ?? "x").replace(".", ""));
        const [would, v, m, o, paid] = [
          read(/would have cost +(-?[\d.]+)/),
          read(/smaller views +(-?[\d.]+)/),
          read(/cheaper model +(-?[\d.]+)/),
          read(/own costs +(-?[\d.]+)/),
          read(/exec_7 {3}(-?[\d.]+) USD/),
        ];
        expect(would - v - m + o).toBe(paid);
        expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
      }),
    );
  });
});
