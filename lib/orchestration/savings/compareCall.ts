// One call against its baseline: how much of the difference each cause has. It adds nothing up and writes no text.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelUsage } from "../../tokens/types.ts";
import type { CacheUse, CallBaseline, CallPricer, ServedCall } from "./types.ts";

/** Money parts are null where a price they need is unknown. `views + model + order + paid = baseline` where all are known. */
export interface CallComparison {
  readonly baselineUsd: NanoUsd | null;
  readonly viewsUsd: NanoUsd | null;
  readonly modelUsd: NanoUsd | null;
  readonly orderUsd: NanoUsd | null;
  readonly viewsTokens: number;
  readonly usesOtherModel: boolean;
}

/**
 * Walks from the baseline to what was paid, changing one thing at a time: raw input on the model asked for → what was sent on that
 * model → on the model that was called → with the cache as it was used. Each step's difference belongs to one cause.
 *
 * What lies between the last price and the amount booked (a call settled at its cap, a price that changed) would have been
 * the same without us: it stands on both sides and is nobody's saving.
 */
export function compareCall(call: ServedCall, baseline: CallBaseline, prices: CallPricer): CallComparison {
  const { usage } = call;
  const savedTokens = baseline.rawInputTokens - baseline.sentInputTokens;
  // The provider's figure and our count differ by wrapping that is the same on both sides, so only the difference of counts is taken over.
  const rawInputTokens = Math.max(0, usage.inputTokens + savedTokens);
  const { plainCache } = baseline;
  const sentPlain = plainCache === undefined ? usage : withCache(usage, usage.inputTokens, plainCache);
  const rawPlain = rawInputTokens === usage.inputTokens ? sentPlain : withCache(usage, rawInputTokens, cacheOf(sentPlain));

  const asBaseline = prices.priceCall(baseline.provider, baseline.model, rawPlain);
  const asSmaller = prices.priceCall(baseline.provider, baseline.model, sentPlain);
  const asCheaper = prices.priceCall(call.provider, call.model, sentPlain);
  const asCalled = prices.priceCall(call.provider, call.model, usage);
  const onBothSides = difference(call.paidUsd, asCalled);
  return {
    baselineUsd: asBaseline === null || onBothSides === null ? null : asBaseline + onBothSides,
    viewsUsd: difference(asBaseline, asSmaller),
    modelUsd: difference(asSmaller, asCheaper),
    orderUsd: difference(asCheaper, asCalled),
    viewsTokens: rawInputTokens - usage.inputTokens,
    usesOtherModel: baseline.provider !== call.provider || baseline.model !== call.model,
  };
}

function difference(left: NanoUsd | null, right: NanoUsd | null): NanoUsd | null {
  return left === null || right === null ? null : left - right;
}

function cacheOf(usage: ModelUsage): CacheUse {
  return { readTokens: usage.cacheReadTokens ?? 0, writeTokens: usage.cacheWriteTokens ?? 0 };
}

/**
 * The usage with another input. Its cache use is that of `usage.inputTokens` tokens; a longer or shorter input has the same share of it:
 * a view is made when its content enters, is fresh once and cached after that, just as the raw content would be.
 */
function withCache(usage: ModelUsage, inputTokens: number, cache: CacheUse): ModelUsage {
  const share = usage.inputTokens === 0 ? 0 : inputTokens / usage.inputTokens;
  const cacheReadTokens = Math.min(inputTokens, Math.round(cache.readTokens * share));
  const cacheWriteTokens = Math.min(inputTokens - cacheReadTokens, Math.round(cache.writeTokens * share));
  return { ...usage, inputTokens, cacheReadTokens, cacheWriteTokens };
}
