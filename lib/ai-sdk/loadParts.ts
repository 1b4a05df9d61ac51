// What a governed model needs before its first call: counter, prices, views, savings. Loaded once; makes no call.
import { systemClock } from "../core/clock.ts";
import { SavingsLedger } from "../orchestration/savings/SavingsLedger.ts";
import { TokenCompressor } from "../orchestration/TokenCompressor.ts";
import type { SessionCounting } from "../sessionApi.ts";
import { Calibration } from "../tokens/calibration.ts";
import { PriceBook } from "../tokens/pricing.ts";
import { TokenCounter } from "../tokens/TokenCounter.ts";
import { providerOf } from "./callSize.ts";
import { ToolResultViews } from "./ToolResultViews.ts";
import type { CallLedger, GovernOptions, SdkModel } from "./types.ts";

export interface GovernorParts {
  readonly counter: TokenCounter;
  readonly prices: PriceBook;
  readonly views: ToolResultViews | null;
  readonly savings: SavingsLedger;
  /** What would have been, in mode `observe`. */
  readonly observed: SavingsLedger;
}

const BUNDLED: SessionCounting = { prices: [], providers: [], factors: [] };

export async function loadParts(
  model: SdkModel,
  { price, views = {}, compressor }: GovernOptions,
  ledger: CallLedger,
): Promise<GovernorParts> {
  const own = price && {
    provider: providerOf(model),
    model: model.modelId,
    effectiveAtMs: 0,
    inputUsdPerMillion: price.inputUsdPerMillion,
    outputUsdPerMillion: price.outputUsdPerMillion,
    cacheReadUsdPerMillion: price.cacheReadUsdPerMillion ?? null,
    cacheWriteUsdPerMillion: price.cacheWriteUsdPerMillion ?? null,
    contextWindowTokens: null,
  };
  const [counting, allowsViews] = await Promise.all([ledger.counting?.() ?? BUNDLED, ledger.allowsViews?.() ?? true]);
  // Whatever else is said of this model, now or later, comes after the program's own price.
  const others = counting.prices.filter((other) => other.provider !== own?.provider || other.model !== own.model);
  const [counter, prices] = await Promise.all([
    TokenCounter.load(new Calibration(counting.factors)),
    PriceBook.load({
      nowMs: () => systemClock.nowMs(),
      providers: counting.providers,
      overrides: own === undefined ? others : [...others, own],
    }),
  ]);
  return {
    counter,
    prices,
    views: views === false || !allowsViews ? null : new ToolResultViews(counter, compressor ?? new TokenCompressor({ counter }), views),
    savings: new SavingsLedger(prices),
    observed: new SavingsLedger(prices),
  };
}
