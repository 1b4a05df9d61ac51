// What a call costs: an operator's price > the bundled tables > unknown. Unknown is null, never 0.
import type { Provider } from "@pydantic/genai-prices";
import { usdToNano, type NanoUsd } from "../core/money.ts";
import {
  bundledCostUsd,
  bundledModel,
  bundledProvider,
  bundledProviderByUrl,
  bundledWorstUsd,
  loadPriceTables,
  type PriceTables,
} from "./bundledPrices.ts";
import type { ModelUsage, PriceOverride, WorstCase } from "./types.ts";

/** A provider as configured: its name is the operator's, its list price depends on what answers at the address. */
export interface PricedProvider {
  readonly name: string;
  readonly kind: "openai" | "anthropic" | "google" | "openai-compatible";
  /** null or absent: the provider's public address. */
  readonly baseUrl?: string | null;
}

export interface PriceBookOptions {
  readonly overrides?: readonly PriceOverride[];
  readonly providers?: readonly PricedProvider[];
  readonly nowMs: () => number;
}

/** These answer without anybody being billed: their price is known to be nothing. */
const FREE_PROVIDERS = new Set(["offline", "scripted"]);
/** Names that stand for a server of one's own whatever it serves; a model called like a paid one is not that one. */
const LOCAL_NAMES = /^(?:ollama|lmstudio|lm-studio|vllm|llamacpp|llama\.cpp|local|localhost)/i;
/** The offline model samples what is too long, so no input is too large for it. */
const FREE_WINDOW_TOKENS = 10_000_000;
const TOKENS_PER_PRICE = 1_000_000;

export class PriceBook {
  readonly #tables: PriceTables;
  readonly #nowMs: () => number;
  readonly #bundled = new Map<string, Provider | null>();
  readonly #overrides: readonly PriceOverride[];
  readonly #providers: readonly PricedProvider[];

  private constructor(tables: PriceTables, options: PriceBookOptions) {
    this.#tables = tables;
    this.#nowMs = options.nowMs;
    this.#overrides = options.overrides ?? [];
    this.#providers = options.providers ?? [];
    for (const provider of this.#providers) this.#bundled.set(provider.name, this.#listed(provider));
  }

  static async load(options: PriceBookOptions): Promise<PriceBook> {
    return new PriceBook(await loadPriceTables(), options);
  }

  /** What was said besides the bundled tables: enough for another book of the same prices. */
  get terms(): { readonly prices: readonly PriceOverride[]; readonly providers: readonly PricedProvider[] } {
    return { prices: this.#overrides, providers: this.#providers };
  }

  /** @returns what the reported usage costs; null when the price is unknown */
  priceCall(provider: string, model: string, usage: ModelUsage): NanoUsd | null {
    if (isFree(provider, model)) return 0n;
    const override = this.#override(provider, model);
    if (override !== null) return usdToNano(overrideCostUsd(override, usage));
    const bundled = this.#provider(provider, model);
    const usd = bundled === null ? null : bundledCostUsd(this.#tables, bundled, { model, usage, nowMs: this.#nowMs() });
    return usd === null ? null : usdToNano(usd);
  }

  /** @returns what such a call can cost at most, cache writes and long-context prices included; null when unknown */
  worstCaseUsd(provider: string, model: string, worst: WorstCase): NanoUsd | null {
    if (isFree(provider, model)) return 0n;
    const override = this.#override(provider, model);
    if (override !== null) return usdToNano(overrideWorstUsd(override, worst));
    const bundled = this.#provider(provider, model);
    const usd = bundled === null ? null : bundledWorstUsd(this.#tables, bundled, { model, worst, nowMs: this.#nowMs() });
    return usd === null ? null : usdToNano(usd);
  }

  contextWindowTokens(provider: string, model: string): number | null {
    if (isFree(provider, model)) return FREE_WINDOW_TOKENS;
    const override = this.#override(provider, model)?.contextWindowTokens;
    if (override !== undefined && override !== null) return override;
    const bundled = this.#provider(provider, model);
    return bundled === null ? null : (bundledModel(this.#tables, bundled, model, this.#nowMs())?.context_window ?? null);
  }

  #override(provider: string, model: string): PriceOverride | null {
    const now = this.#nowMs();
    let latest: PriceOverride | null = null;
    for (const override of this.#overrides) {
      if (override.provider !== provider || override.model !== model || override.effectiveAtMs > now) continue;
      if (latest === null || override.effectiveAtMs > latest.effectiveAtMs) latest = override;
    }
    return latest;
  }

  #provider(provider: string, model: string): Provider | null {
    // A fine-tuned model has a price of its own, yet its id contains the base model's.
    if (model.startsWith("ft:")) return null;
    const known = this.#bundled.get(provider);
    if (known !== undefined) return known;
    const found = LOCAL_NAMES.test(provider) ? null : bundledProvider(this.#tables, provider);
    this.#bundled.set(provider, found);
    return found;
  }

  #listed(provider: PricedProvider): Provider | null {
    if (provider.baseUrl !== undefined && provider.baseUrl !== null) return bundledProviderByUrl(this.#tables, provider.baseUrl);
    return provider.kind === "openai-compatible" ? null : bundledProvider(this.#tables, provider.kind);
  }
}

function isFree(provider: string, model: string): boolean {
  return FREE_PROVIDERS.has(provider) || (provider === "" && model === "offline");
}

function overrideCostUsd(price: PriceOverride, usage: ModelUsage): number {
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const plain = Math.max(usage.inputTokens - cacheRead - cacheWrite, 0);
  const perMillion =
    plain * price.inputUsdPerMillion +
    cacheRead * (price.cacheReadUsdPerMillion ?? price.inputUsdPerMillion) +
    cacheWrite * (price.cacheWriteUsdPerMillion ?? price.inputUsdPerMillion) +
    usage.outputTokens * price.outputUsdPerMillion;
  return perMillion / TOKENS_PER_PRICE;
}

function overrideWorstUsd(price: PriceOverride, worst: WorstCase): number {
  const input = Math.max(price.inputUsdPerMillion, price.cacheReadUsdPerMillion ?? 0, price.cacheWriteUsdPerMillion ?? 0);
  return (worst.upperInputTokens * input + worst.outputCapTokens * price.outputUsdPerMillion) / TOKENS_PER_PRICE;
}
