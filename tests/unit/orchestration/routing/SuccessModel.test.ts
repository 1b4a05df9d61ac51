import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaLowerBound } from "../../../../lib/orchestration/routing/betaBound.ts";
import { SuccessModel, type AttemptKind } from "../../../../lib/orchestration/routing/SuccessModel.ts";
import { textBuckets } from "../../../../lib/orchestration/routing/textBuckets.ts";
import { outcome, tries } from "./routingFixtures.ts";

const key = outcome();

describe("SuccessModel", () => {
  test("takes a model that nothing is known of for one that passes three times of four, with four tries behind it", () => {
    const { mean, lower, samples } = new SuccessModel().estimate(key);

    expect({ mean, samples }).toEqual({ mean: 0.75, samples: 0 });
    expect(lower).toBeCloseTo(betaLowerBound(3, 1), 10);
  });

  test("adds a first success to the prior of each level in turn", () => {
    const model = new SuccessModel([outcome()]);

    // (0.75 × 4 + 1) / 5 for model and intent, that × 4 + 1 over 5 for the tool, and once more for the step.
    const byIntent = 0.8;
    const byTool = (byIntent * 4 + 1) / 5;
    expect(model.estimate(key).mean).toBeCloseTo((byTool * 4 + 1) / 5, 12);
    expect(model.estimate({ ...key, signature: "other" }).mean).toBeCloseTo(byTool, 12);
    expect(model.estimate({ ...key, tool: "other" }).mean).toBeCloseTo(byIntent, 12);
    expect(model.estimate({ ...key, intent: "other" }).mean).toBe(0.75);
    expect(model.estimate({ ...key, model: "other" }).mean).toBe(0.75);
  });

  test("starts a step anew when its prompt, schema or tools change", () => {
    const model = new SuccessModel(tries(30, 3));

    expect(model.estimate(key).samples).toBeGreaterThan(20);
    expect(model.estimate({ ...key, version: "changed" }).samples).toBe(0);
  });

  test("halves the weight of an outcome by fifty newer ones", () => {
    const model = new SuccessModel(tries(50, 0));
    const before = model.estimate(key).samples;
    for (const next of tries(50, 50)) model.add(next);

    expect(model.estimate(key).samples).toBeCloseTo(before * 1.5, 8);
    expect(model.estimate(key).mean).toBeGreaterThan(0.6);
  });

  test("learns one after the other what it learns at once, as far as steps go", () => {
    const outcomes = [...tries(7, 3), ...tries(4, 4, { signature: "b" })];
    const grown = new SuccessModel();
    for (const next of outcomes) grown.add(next);

    expect(grown.estimate(key)).toEqual(new SuccessModel(outcomes).estimate(key));
  });

  test("learns nothing from retries, repairs, escalations and fallbacks", () => {
    const kinds = fc.constantFrom<AttemptKind>("retry", "repair", "escalation", "fallback");
    fc.assert(
      fc.property(fc.array(fc.record({ kind: kinds, isSuccess: fc.boolean() }), { maxLength: 20 }), (others) => {
        const rest = others.map((fields) => outcome({ ...fields, buckets: textBuckets("some words to read") }));
        const clean = tries(10, 6, { buckets: textBuckets("other words to read") });
        const mixed = new SuccessModel([...rest, ...clean]);
        for (const one of rest) mixed.add(one);

        expect(mixed.estimate(key, textBuckets("some words"))).toEqual(new SuccessModel(clean).estimate(key, textBuckets("some words")));
      }),
    );
  });

  test("tells texts of one step apart that fare differently", () => {
    const hard = textBuckets("prove the theorem about finite groups");
    const easy = textBuckets("name the capital of the country");
    const model = new SuccessModel([...tries(40, 4, { buckets: hard }), ...tries(40, 38, { buckets: easy })]);

    expect(model.estimate(key, easy).mean - model.estimate(key, hard).mean).toBeGreaterThan(0.05);
  });

  test("stays between 0 and 1, the bound below the mean, whatever it saw", () => {
    const outcomes = fc.array(fc.record({ isSuccess: fc.boolean(), words: fc.string() }), { maxLength: 80 });
    fc.assert(
      fc.property(outcomes, fc.string(), (seen, text) => {
        const model = new SuccessModel(seen.map(({ isSuccess, words }) => outcome({ isSuccess, buckets: textBuckets(words) })));
        const { mean, lower, samples } = model.estimate(key, textBuckets(text));

        expect(mean).toBeGreaterThan(0);
        expect(mean).toBeLessThan(1);
        expect(lower).toBeGreaterThan(0);
        expect(lower).toBeLessThan(mean);
        expect(samples).toBeLessThanOrEqual(seen.length);
      }),
    );
  });

  test("says by how much one model is likelier to pass than another", () => {
    const model = new SuccessModel([...tries(50, 10), ...tries(50, 45, { model: "strong" })]);

    expect(model.gain(key, { cheap: "gpt-4o-mini", strong: "strong" })).toBeGreaterThan(0.5);
    expect(model.gain(key, { cheap: "strong", strong: "gpt-4o-mini" })).toBeLessThan(-0.5);
  });
});

describe("textBuckets", () => {
  test("is the same whatever the case, and empty for no text", () => {
    expect(textBuckets("Name the Invoice")).toEqual(textBuckets("name the invoice"));
    expect(textBuckets("")).toEqual([]);
  });

  test("lets inflected words meet", () => {
    const common = (left: string, right: string): number => {
      const others = new Set(textBuckets(right));
      return textBuckets(left).filter((bucket) => others.has(bucket)).length;
    };

    expect(common("calculates", "calculated")).toBeGreaterThan(common("calculates", "summarised"));
  });

  test("tells texts apart by their shape alone", () => {
    const differs = (left: string, right: string): boolean => textBuckets(left).some((bucket) => !textBuckets(right).includes(bucket));

    expect(differs("x = y", "x y")).toBe(true);
    expect(differs("is it", "is it not")).toBe(true);
    expect(differs("a b\nc", "a b c d")).toBe(true);
    expect(differs("1 2 3", "1 a b c d e f g")).toBe(true);
  });

  test("keeps numbers, and bounds what it reads", () => {
    const added = (text: string, to: string): number => textBuckets(text).filter((bucket) => !textBuckets(to).includes(bucket)).length;

    expect(added("7", "8")).toBe(1);
    expect(added("ab", "cd")).toBe(0);
    expect(textBuckets(Array.from({ length: 5_000 }, (_, index) => `w${index}x`).join(" ")).length).toBeLessThanOrEqual(259);
    expect(textBuckets("a b c ".repeat(100_000)).every((bucket) => bucket >= 0 && bucket < 4_096)).toBe(true);
  });
});
