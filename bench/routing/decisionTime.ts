// How long one whole decision takes: tables, prices, windows, evidence and text of a step, as the pilot asks for it.
import { systemClock } from "../../lib/core/clock.ts";
import { ProviderRegistry } from "../../lib/models/ProviderRegistry.ts";
import { AISRouter } from "../../lib/orchestration/AISRouter.ts";
import { createModelFacts } from "../../lib/orchestration/routing/modelFacts.ts";
import { SuccessModel, type RouteOutcome } from "../../lib/orchestration/routing/SuccessModel.ts";
import { textBuckets } from "../../lib/orchestration/routing/textBuckets.ts";
import { PriceBook } from "../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { median, percentile } from "../measure.ts";

const ROUNDS = 5;
const WARM_UP = 500;
const SCHEMA = { type: "object", properties: { answer: { type: "string" } } };

/** @param texts what the steps' models are to read */
export async function measureDecision(texts: readonly string[]): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const router = await createRouter(texts);
  const times: number[][] = texts.map(() => []);
  for (let round = -1; round < ROUNDS; round += 1) {
    texts.slice(0, round < 0 ? WARM_UP : texts.length).forEach((text, index) => {
      const agent = { id: "a", ais: (index % 100) / 10, history: [{ ais: 6, tier: "balanced" as const }] };
      const step = { id: `s${index % 20}`, type: "ai_processing" as const, output_schema: SCHEMA };
      const startMs = performance.now();
      router.route(agent, step, { intent: "extract", text, inputTokens: text.length >> 2, outputTokens: 200 });
      if (round >= 0) times[index]?.push(performance.now() - startMs);
    });
  }
  // Each decision by the median of its rounds: a pause of the machine is no property of the prompt.
  const typical = times.map(median);
  return { p50Ms: percentile(typical, 0.5), p99Ms: percentile(typical, 0.99) };
}

async function createRouter(texts: readonly string[]): Promise<AISRouter> {
  const kinds = ["openai", "anthropic", "google"] as const;
  const settings = kinds.map((kind) => ({ name: kind, kind, apiKey: "none: nothing is called" }));
  const clock = systemClock;
  const providers = await ProviderRegistry.create({ providers: settings, live: false, clock, counter: await TokenCounter.load() });
  const prices = await PriceBook.load({ nowMs: () => clock.nowMs() });
  const outcomes = texts.slice(0, 1_000).flatMap((text, index): readonly RouteOutcome[] =>
    ["gpt-4o-mini", "gpt-4o"].map((model) => ({
      intent: "extract",
      tool: "ai_processing",
      signature: `a/s${index % 20}`,
      version: "",
      model,
      kind: "first",
      isSuccess: index % 3 > 0,
      buckets: textBuckets(text),
    })),
  );
  return new AISRouter({ facts: createModelFacts({ providers, prices }), evidence: new SuccessModel(outcomes) });
}
