// The price tables that come with the package: which of our providers they know, and what a model costs in the dearest case.
import type { calcPrice, findProvider, ModelInfo, ModelPrice, Provider, TieredPrices } from "@pydantic/genai-prices";
import type { ModelUsage, WorstCase } from "./types.ts";

export interface PriceTables {
  readonly calcPrice: typeof calcPrice;
  readonly findProvider: typeof findProvider;
}

const INPUT_CLASSES = ["input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok"];
const OUTPUT_CLASSES = ["output_mtok", "output_reasoning_mtok"];
const HOUR_MS = 3_600_000;
const TOKENS_PER_PRICE = 1_000_000;

/** 0.3 MB of tables: loaded by the first who prices. */
export async function loadPriceTables(): Promise<PriceTables> {
  return await import("@pydantic/genai-prices");
}

export function bundledProvider(tables: PriceTables, id: string): Provider | null {
  return tables.findProvider({ providerId: id }) ?? null;
}

/** The provider whose public address this is, or null: a server of one's own has no list price. */
export function bundledProviderByUrl(tables: PriceTables, url: string): Provider | null {
  const found = tables.findProvider({ providerApiUrl: url });
  return found === undefined || !new RegExp(`^(?:${found.api_pattern})`).test(url) ? null : found;
}

/** @returns USD, or null when the model is not in the tables */
export function bundledCostUsd(
  tables: PriceTables,
  provider: Provider,
  call: { model: string; usage: ModelUsage; nowMs: number },
): number | null {
  const { model, usage, nowMs } = call;
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const result = tables.calcPrice(
    {
      // Some gateways report cached tokens beside the input instead of within it; the tables refuse that.
      input_tokens: Math.max(usage.inputTokens, cacheRead + cacheWrite),
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      output_tokens: usage.outputTokens,
    },
    model,
    { provider, timestamp: new Date(nowMs) },
  );
  return result?.total_price ?? null;
}

/** @returns USD for the dearest way in which this call can be billed within the next day, or null when unknown */
export function bundledWorstUsd(
  tables: PriceTables,
  provider: Provider,
  call: { model: string; worst: WorstCase; nowMs: number },
): number | null {
  const prices = pricesWithinADay(tables, provider, call.model, call.nowMs);
  if (prices.length === 0) return null;
  const costs = prices.map((price) => worstOf(price, call.worst));
  return costs.some((cost) => cost === null) ? null : Math.max(...costs.map((cost) => cost ?? 0));
}

export function bundledModel(tables: PriceTables, provider: Provider, model: string, nowMs: number): ModelInfo | null {
  return tables.calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { provider, timestamp: new Date(nowMs) })?.model ?? null;
}

function pricesWithinADay(tables: PriceTables, provider: Provider, model: string, nowMs: number): ModelPrice[] {
  const info = bundledModel(tables, provider, model, nowMs);
  if (info === null) return [];
  if (!Array.isArray(info.prices)) return [info.prices];
  // Some prices change by the hour or on a date, and a call may be billed when it ends.
  const hours = Array.from({ length: 25 }, (_, hour) => new Date(nowMs + hour * HOUR_MS));
  const found = hours.map(
    (timestamp) => tables.calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { provider, timestamp })?.model_price,
  );
  return found.filter((price) => price !== undefined);
}

function worstOf(price: ModelPrice, worst: WorstCase): number | null {
  const input = dearest(price, INPUT_CLASSES, worst.upperInputTokens);
  const output = dearest(price, OUTPUT_CLASSES, worst.upperInputTokens);
  if (input === null || output === null) return null;
  const fee = price["requests_kcount"];
  const fixed = typeof fee === "number" ? fee / 1_000 : 0;
  return (worst.upperInputTokens * input + worst.outputCapTokens * output) / TOKENS_PER_PRICE + fixed;
}

/** Tiers are chosen by the input's length, so only those that this input can reach count. */
function dearest(price: ModelPrice, classes: readonly string[], inputTokens: number): number | null {
  const found = classes.flatMap((name) => reachable(price[name], inputTokens));
  return found.length === 0 ? null : Math.max(...found);
}

function reachable(price: number | TieredPrices | undefined, inputTokens: number): number[] {
  if (price === undefined) return [];
  if (typeof price === "number") return [price];
  return [price.base, ...price.tiers.filter((tier) => tier.start <= inputTokens).map((tier) => tier.price)];
}
