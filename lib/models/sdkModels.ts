// Makes the AI SDK's model object for a configured provider. Nothing is asked of a model here; the SDK packages are loaded only when needed.
import type { LanguageModel } from "ai";
import { AppError } from "../core/errors.ts";

export type ProviderKind = "openai" | "anthropic" | "google" | "openai-compatible";

export interface SdkProviderSettings {
  readonly name: string;
  readonly kind: ProviderKind;
  /** Without it the provider's public address; required for `openai-compatible`. */
  readonly baseUrl?: string | null;
  /** Required but for `openai-compatible`. A function opens a stored connection; it is asked before each call, so a new key counts at once. */
  readonly apiKey?: string | null | (() => Promise<string>);
  /**
   * `openai-compatible` only: the server takes a JSON Schema as response format. When false the schema is written into
   * the prompt, which every server understands. @defaultValue false
   */
  readonly takesJsonSchema?: boolean;
}

export interface RegisteredProvider extends SdkProviderSettings {
  /** Absent or empty: any model name is passed on; otherwise only these. */
  readonly models?: readonly string[];
}

/** Given explicitly: without an address the SDKs read one from the environment, and send the key there. */
const PUBLIC_URLS = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
} as const;

/** @returns a function from model id to the SDK's model */
export async function loadSdkProvider(settings: SdkProviderSettings): Promise<(model: string) => LanguageModel> {
  const { name, kind } = settings;
  const apiKey = typeof settings.apiKey === "function" ? await settings.apiKey() : settings.apiKey;
  if (kind === "openai-compatible") {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const provider = createOpenAICompatible({
      name,
      baseURL: requireBaseUrl(settings),
      fetch: fetchWithoutRedirects,
      includeUsage: true,
      supportsStructuredOutputs: settings.takesJsonSchema ?? false,
      ...(isMissing(apiKey) ? {} : { apiKey }),
    });
    return (model) => provider.chatModel(model);
  }
  const options = { apiKey: requireApiKey(name, apiKey), baseURL: settings.baseUrl ?? PUBLIC_URLS[kind], fetch: fetchWithoutRedirects };
  if (kind === "openai") {
    const { createOpenAI } = await import("@ai-sdk/openai");
    const provider = createOpenAI(options);
    return (model) => provider.responses(model);
  }
  if (kind === "anthropic") {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const provider = createAnthropic(options);
    return (model) => provider.languageModel(model);
  }
  const { createGoogle } = await import("@ai-sdk/google");
  const provider = createGoogle(options);
  return (model) => provider.languageModel(model);
}

/** Only the configured address may see prompts and keys: a redirect is a failure, wherever it points. */
const fetchWithoutRedirects: typeof fetch = (input, init) => fetch(input, { ...init, redirect: "error" });

function isMissing(text: string | null | undefined): text is null | undefined {
  return text === undefined || text === null || text === "";
}

function requireApiKey(name: string, apiKey: string | null | undefined): string {
  if (!isMissing(apiKey)) return apiKey;
  throw new AppError("CONNECTION_MISSING", `provider ${name} needs an API key, and none is configured`, {
    details: { mayHaveSpent: false },
    hint: `store one with \`neuronforge connections set ${name} --from-env VAR\` and name it in the provider's \`apiKeyFrom\``,
  });
}

function requireBaseUrl({ name, baseUrl }: SdkProviderSettings): string {
  if (!isMissing(baseUrl)) return baseUrl;
  throw new AppError("CONFIG_INVALID", `provider ${name} is openai-compatible and needs a baseUrl, and none is configured`, {
    details: { mayHaveSpent: false },
  });
}
