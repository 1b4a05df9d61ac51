// From the name of a model to the provider that serves it. It decides no tier and no fallback; that is the router's.
import type { Clock } from "../core/clock.ts";
import { closestName } from "../core/closestName.ts";
import { AppError } from "../core/errors.ts";
import type { PricedProvider } from "../tokens/pricing.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import { AiSdkProvider } from "./AiSdkProvider.ts";
import type { BaseProvider } from "./BaseProvider.ts";
import { OfflineProvider } from "./offline.ts";
import { probeOllama, OLLAMA_URL } from "./probeOllama.ts";
import type { ProviderKind, RegisteredProvider } from "./sdkModels.ts";

export interface ProviderRegistryOptions {
  readonly providers: readonly RegisteredProvider[];
  /** For steps and agents that name no model. */
  readonly defaultModel?: string | null;
  /** Keys found in the environment make providers of their own only with this. */
  readonly live: boolean;
  /** Keys found in the environment, by kind. Also used by a configured provider of that kind that has no key, at its public address only. */
  readonly foundKeys?: Readonly<Partial<Record<Exclude<ProviderKind, "openai-compatible">, string | null>>>;
  readonly clock: Clock;
  readonly counter: TokenCounter;
  /** Providers made elsewhere, such as a ScriptedModel; they come before the configured ones. */
  readonly custom?: readonly { readonly provider: BaseProvider; readonly models?: readonly string[] }[];
  /** @defaultValue the usual local address; null: no probe */
  readonly ollamaUrl?: string | null;
}

export interface ResolvedModel {
  readonly provider: BaseProvider;
  readonly model: string;
}

interface Entry {
  readonly provider: BaseProvider;
  readonly kind: ProviderKind | "offline" | "custom";
  readonly models: readonly string[];
}

export const OFFLINE_MODEL = "offline";

/** What a bare name of a well-known family belongs to, when a provider of that kind lists no models. */
const FAMILIES: Readonly<Partial<Record<ProviderKind, RegExp>>> = {
  openai: /^(?:gpt-|o\d|chatgpt-|ft:)/,
  anthropic: /^claude-/,
  google: /^gemini-/,
};
/** Cheap and current; used when one provider is there and nobody named a model. */
const DEFAULT_MODELS: Readonly<Partial<Record<ProviderKind, string>>> = {
  openai: "gpt-5-mini",
  anthropic: "claude-haiku-4-5",
  google: "gemini-3.8-flash",
};

export class ProviderRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #settings: readonly RegisteredProvider[];
  readonly #defaultModel: string | null;

  private constructor(entries: readonly Entry[], settings: readonly RegisteredProvider[], defaultModel: string | null) {
    // The first of a name stays: a double in a test stands before what is configured.
    for (const entry of entries) if (!this.#entries.has(entry.provider.name)) this.#entries.set(entry.provider.name, entry);
    this.#settings = settings;
    this.#defaultModel = defaultModel;
  }

  /** Looks for a local Ollama only when live is asked and nothing else is there. Makes no other request. */
  static async create(options: ProviderRegistryOptions): Promise<ProviderRegistry> {
    const { clock, counter } = options;
    const custom = (options.custom ?? []).map(({ provider, models }): Entry => ({ provider, kind: "custom", models: models ?? [] }));
    const settings = withFoundKeys(options);
    if (settings.length === 0 && custom.length === 0 && options.live && options.ollamaUrl !== null) {
      const local = await probeOllama(options.ollamaUrl ?? OLLAMA_URL);
      if (local !== null) settings.push(local);
    }
    const configured = settings.map((setting): Entry => ({
      provider: new AiSdkProvider({ settings: setting, clock, counter }),
      kind: setting.kind,
      models: setting.models ?? [],
    }));
    const offline: Entry = { provider: new OfflineProvider({ clock, counter }), kind: "offline", models: [OFFLINE_MODEL] };
    return new ProviderRegistry([...custom, ...configured, offline], settings, options.defaultModel ?? null);
  }

  /** Names of all providers, `offline` included. */
  get providerNames(): string[] {
    return [...this.#entries.keys()];
  }

  /** For `PriceBook.load`: what answers at which address. */
  get pricedProviders(): PricedProvider[] {
    return this.#settings.map(({ name, kind, baseUrl }) => ({ name, kind, baseUrl: baseUrl ?? null }));
  }

  /** Every model known by name, as `provider/model`; `offline` stands alone. */
  get knownModels(): string[] {
    return [...this.#entries.values()].flatMap(({ provider, kind, models }) =>
      kind === "offline" ? [OFFLINE_MODEL] : models.map((model) => `${provider.name}/${model}`),
    );
  }

  /**
   * @param name `offline`, `provider/model`, a bare model name that one provider serves, or undefined for the default
   * @throws AppError `MODEL_UNKNOWN` with what was probably meant
   */
  resolve(name: string | undefined): ResolvedModel {
    const wanted = name ?? this.#defaultModel ?? this.#implicitDefault();
    const found = this.#byPrefix(wanted) ?? this.#byModel(wanted);
    if (found !== null) return found;
    throw this.#unknown(wanted);
  }

  #implicitDefault(): string {
    for (const { provider, kind, models } of this.#entries.values()) {
      if (kind === "offline") break;
      const model = models[0] ?? (kind === "custom" ? undefined : DEFAULT_MODELS[kind]);
      if (model !== undefined) return `${provider.name}/${model}`;
    }
    return OFFLINE_MODEL;
  }

  /** Only up to the first slash: model names of gateways hold slashes themselves. */
  #byPrefix(name: string): ResolvedModel | null {
    const slash = name.indexOf("/");
    if (slash < 1) return null;
    const entry = this.#entries.get(name.slice(0, slash));
    const model = name.slice(slash + 1);
    if (entry === undefined || model === "") return null;
    if (entry.models.length > 0 && !entry.models.includes(model)) return null;
    return { provider: entry.provider, model };
  }

  #byModel(name: string): ResolvedModel | null {
    const entries = [...this.#entries.values()];
    const listed = entries.filter((entry) => entry.models.includes(name));
    const serving = listed.length > 0 ? listed : entries.filter((entry) => servesFamily(entry, name));
    if (serving.length > 1) {
      const choices = serving.map((entry) => `${entry.provider.name}/${name}`);
      throw new AppError("MODEL_UNKNOWN", `model ${name} is served by ${serving.length} providers: say ${choices.join(" or ")}`, {
        details: { got: name, expected: choices.join(", ") },
        hint: "name the provider, as in provider/model",
      });
    }
    const only = serving[0];
    return only === undefined ? null : { provider: only.provider, model: name };
  }

  #unknown(name: string): AppError {
    const known = this.knownModels;
    const bare = known.map((model) => model.slice(model.indexOf("/") + 1));
    const near = closestName(name, known) ?? closestName(name, bare) ?? closestName(name, this.providerNames);
    const suggestion = near === null ? "" : `; did you mean ${near}?`;
    return new AppError("MODEL_UNKNOWN", `no configured provider serves model ${name}${suggestion}`, {
      details: { got: name, expected: [...known, ...this.#openProviders()].join(", ") },
    });
  }

  #openProviders(): string[] {
    return [...this.#entries.values()].filter((entry) => entry.models.length === 0).map((entry) => `${entry.provider.name}/…`);
  }
}

function servesFamily(entry: Entry, model: string): boolean {
  if (entry.models.length > 0 || entry.kind === "custom" || entry.kind === "offline") return false;
  return FAMILIES[entry.kind]?.test(model) ?? false;
}

function withFoundKeys(options: ProviderRegistryOptions): RegisteredProvider[] {
  const found = options.foundKeys ?? {};
  const settings = options.providers.map((provider): RegisteredProvider => {
    const { kind } = provider;
    // A key goes only to the address that it was made for.
    if (kind === "openai-compatible" || hasText(provider.apiKey) || hasText(provider.baseUrl)) return provider;
    return { ...provider, apiKey: found[kind] ?? null };
  });
  if (!options.live) return settings;
  for (const kind of ["anthropic", "openai", "google"] as const) {
    const apiKey = found[kind];
    const isThere = settings.some((setting) => setting.name === kind || setting.kind === kind);
    if (hasText(apiKey) && !isThere) settings.push({ name: kind, kind, apiKey });
  }
  return settings;
}

function hasText<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null && value !== "";
}
