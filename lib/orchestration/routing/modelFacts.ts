// What this installation knows of a model: whether it is served, its window, its price, its provider's health. Asks no provider.
import { AppError } from "../../core/errors.ts";
import { nanoToUsd } from "../../core/money.ts";
import type { ProviderRegistry } from "../../models/ProviderRegistry.ts";
import type { PriceBook } from "../../tokens/pricing.ts";
import type { ModelFactsSource } from "../AISRouter.ts";
import type { ProviderBreakers } from "./ProviderBreakers.ts";
import type { ModelFacts } from "./types.ts";

export interface FactSources {
  readonly providers: Pick<ProviderRegistry, "resolve">;
  readonly prices: Pick<PriceBook, "priceCall" | "contextWindowTokens">;
  readonly breakers?: Pick<ProviderBreakers, "mayCall">;
  /** What no table of prices says, such as that a model takes no tools. */
  readonly capabilities?: (provider: string, model: string) => Partial<Pick<ModelFacts, "takesTools" | "modalities">>;
}

/** A model of theirs that nothing serves lacks a key; any other is unknown. */
const PUBLIC_PROVIDERS = ["openai", "anthropic", "google"];

interface Resolved {
  readonly provider: string;
  readonly model: string;
  readonly windowTokens: number | null;
  /** By the size of the input, rounded up: long inputs may have other prices. */
  readonly rates: Map<number, Rates | null>;
}

/** USD for one token. */
interface Rates {
  readonly input: number;
  readonly output: number;
}

/**
 * What a name resolves to and its prices are kept, because looking them up takes longer than a decision. So make one at
 * each start of an execution: it then lives by the providers and prices of that moment.
 */
export function createModelFacts({ providers, prices, breakers, capabilities }: FactSources): ModelFactsSource {
  const known = new Map<string, Resolved | "no_key" | "unknown">();
  const resolved = (name: string): Resolved | "no_key" | "unknown" => {
    const kept = known.get(name) ?? resolve(name, { providers, prices });
    known.set(name, kept);
    return kept;
  };
  return (callModel, { input, output }) => {
    const found = resolved(callModel);
    if (typeof found === "string")
      return { state: found, windowTokens: null, takesTools: null, modalities: null, isHealthy: true, costUsd: null };
    const { provider, model, windowTokens } = found;
    return {
      state: "served",
      windowTokens,
      takesTools: null,
      modalities: null,
      isHealthy: breakers?.mayCall({ provider }) ?? true,
      costUsd: input === null || output === null ? null : costOf(found, { input, output }, prices),
      ...capabilities?.(provider, model),
    };
  };
}

function costOf(
  resolved: Resolved,
  { input, output }: { readonly input: number; readonly output: number },
  prices: FactSources["prices"],
): number | null {
  const size = roundedUp(input);
  const kept = resolved.rates.get(size);
  const rates = kept === undefined ? ratesOf(resolved, size, prices) : kept;
  if (kept === undefined) resolved.rates.set(size, rates);
  return rates === null ? null : input * rates.input + output * rates.output;
}

const OUTPUT_PROBE_TOKENS = 1_000_000;

function ratesOf({ provider, model }: Resolved, size: number, prices: FactSources["prices"]): Rates | null {
  const input = prices.priceCall(provider, model, { inputTokens: size, outputTokens: 0 });
  const both = prices.priceCall(provider, model, { inputTokens: size, outputTokens: OUTPUT_PROBE_TOKENS });
  return input === null || both === null ? null : { input: nanoToUsd(input) / size, output: nanoToUsd(both - input) / OUTPUT_PROBE_TOKENS };
}

/** To two digits, 1 000 at least: 200 001 tokens are 210 000, on the right side of where prices change. */
function roundedUp(tokens: number): number {
  const size = Math.max(tokens, 1_000);
  const unit = 10 ** (Math.floor(Math.log10(size)) - 1);
  return Math.ceil(size / unit) * unit;
}

function resolve(name: string, { providers, prices }: Pick<FactSources, "providers" | "prices">): Resolved | "no_key" | "unknown" {
  try {
    const { provider, model } = providers.resolve(name);
    return { provider: provider.name, model, windowTokens: prices.contextWindowTokens(provider.name, model), rates: new Map() };
  } catch (error) {
    if (!AppError.is(error)) throw error;
    const bare = name.slice(name.indexOf("/") + 1);
    return PUBLIC_PROVIDERS.some((provider) => prices.contextWindowTokens(provider, bare) !== null) ? "no_key" : "unknown";
  }
}
