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
}

/** For one router. What a name resolves to is kept: providers do not change while a process runs. */
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
    const usd = input === null || output === null ? null : prices.priceCall(provider, model, { inputTokens: input, outputTokens: output });
    return {
      state: "served",
      windowTokens,
      takesTools: null,
      modalities: null,
      isHealthy: breakers?.mayCall({ provider }) ?? true,
      costUsd: usd === null ? null : nanoToUsd(usd),
      ...capabilities?.(provider, model),
    };
  };
}

function resolve(name: string, { providers, prices }: Pick<FactSources, "providers" | "prices">): Resolved | "no_key" | "unknown" {
  try {
    const { provider, model } = providers.resolve(name);
    return { provider: provider.name, model, windowTokens: prices.contextWindowTokens(provider.name, model) };
  } catch (error) {
    if (!AppError.is(error)) throw error;
    const bare = name.slice(name.indexOf("/") + 1);
    return PUBLIC_PROVIDERS.some((provider) => prices.contextWindowTokens(provider, bare) !== null) ? "no_key" : "unknown";
  }
}
