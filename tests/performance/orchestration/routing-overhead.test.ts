// What a route costs: the plan's own limit on the median. Tighter figures are bench's.
import { describe, expect, test } from "vitest";
import { AISRouter } from "../../../lib/orchestration/AISRouter.ts";
import { createModelFacts } from "../../../lib/orchestration/routing/modelFacts.ts";
import { SuccessModel } from "../../../lib/orchestration/routing/SuccessModel.ts";
import { textBuckets } from "../../../lib/orchestration/routing/textBuckets.ts";
import { ProviderRegistry } from "../../../lib/models/ProviderRegistry.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { PriceBook } from "../../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";
import { SCHEMA, step, tries } from "../../unit/orchestration/routing/routingFixtures.ts";

const LIMIT_MS = 20;
const RUNS = 60;
const TEXT = "Which of the records names an invoice that is due in 2026? ".repeat(200);

describe("routing overhead", () => {
  test("of one decision with prices, evidence and a long text stays below the plan's 20 ms", async () => {
    const clock = new ManualClock();
    const providers = await ProviderRegistry.create({
      providers: (["openai", "anthropic", "google"] as const).map((kind) => ({ name: kind, kind, apiKey: "test" })),
      live: false,
      clock,
      counter: await TokenCounter.load(),
    });
    const prices = await PriceBook.load({ nowMs: () => clock.nowMs() });
    const evidence = new SuccessModel(tries(500, 300, { buckets: textBuckets(TEXT) }));
    const history = [{ ais: 9, tier: "capable" as const }];

    const times = Array.from({ length: RUNS }, (_, index) => {
      // A router as at the start of an execution: nothing is looked up yet.
      const router = new AISRouter({ facts: createModelFacts({ providers, prices }), evidence });
      const beganMs = performance.now();
      router.route({ id: "a", ais: 9, history }, step({ output_schema: SCHEMA }), {
        text: TEXT,
        inputTokens: 3_000 + index,
        outputTokens: 200,
      });
      return performance.now() - beganMs;
    });

    expect(times.sort((left, right) => left - right)[RUNS / 2]).toBeLessThan(LIMIT_MS);
  });
});
