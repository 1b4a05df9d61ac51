// Calls OpenAI, Anthropic, Google and anything that speaks OpenAI's chat protocol, through the AI SDK. One request, no retries, no tools run.
import type * as AiSdk from "ai";
import type { FinishReason, LanguageModel, LanguageModelUsage, OutputInterface, ToolSet } from "ai";
import { AppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { BaseProvider, type BaseProviderOptions, type ProviderAnswer } from "./BaseProvider.ts";
import type { CallProgress } from "./modelErrors.ts";
import { parseModelJson } from "./modelJson.ts";
import { loadSdkProvider, type SdkProviderSettings } from "./sdkModels.ts";
import type { ModelFinishReason, ModelRequest, ModelToolCall } from "./types.ts";
import type { ModelUsage } from "../tokens/types.ts";

export interface AiSdkProviderOptions extends Omit<BaseProviderOptions, "name"> {
  readonly settings: SdkProviderSettings;
}

type Sdk = typeof AiSdk;
type CallSettings = Parameters<Sdk["generateText"]>[0] & Parameters<Sdk["streamText"]>[0];

interface LoadedSdk {
  readonly sdk: Sdk;
  readonly modelOf: (model: string) => LanguageModel;
}

interface SdkToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: unknown;
}

/** Schemas of ours are not written in OpenAI's strict subset, and nothing we send is to be kept there. */
const PROVIDER_OPTIONS = { openai: { strictJsonSchema: false, store: false } };

export class AiSdkProvider extends BaseProvider {
  readonly #settings: SdkProviderSettings;
  #loading: Promise<LoadedSdk> | undefined;

  constructor(options: AiSdkProviderOptions) {
    super({ ...options, name: options.settings.name });
    this.#settings = options.settings;
  }

  protected override async perform(request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer> {
    progress.isDispatched = false;
    const { sdk, modelOf } = await this.#loaded();
    request.signal?.throwIfAborted();
    const answered: { text?: string } = {};
    const settings = this.#callSettings(sdk, modelOf(request.model), request, answered);
    progress.isDispatched = true;
    const isStreamed = request.onDelta !== undefined && request.outputSchema === undefined;
    const answer = isStreamed ? await stream(sdk, settings, request, progress) : await generate(sdk, settings, request, progress);
    progress.usage = answer.usage;
    if (answer.finishReason === "content-filter" && answer.text === "") {
      throw new AppError("MODEL_REFUSED", `${this.name}/${request.model} refused to answer`);
    }
    if (request.outputSchema === undefined) return answer;
    return { ...answer, output: parseModelJson(answered.text ?? answer.text) };
  }

  async #loaded(): Promise<LoadedSdk> {
    if (typeof this.#settings.apiKey === "function") return await this.#load();
    this.#loading ??= this.#load();
    return await this.#loading;
  }

  async #load(): Promise<LoadedSdk> {
    const [sdk, modelOf] = await Promise.all([import("ai"), loadSdkProvider(this.#settings)]);
    // The SDK prints warnings to the console, where our own output is read by programs.
    globalThis.AI_SDK_LOG_WARNINGS ??= false;
    return { sdk, modelOf };
  }

  #callSettings(sdk: Sdk, model: LanguageModel, request: ModelRequest, answered: { text?: string }): CallSettings {
    const instructions = this.#instructions(request);
    return {
      model,
      messages: [...request.messages],
      allowSystemInMessages: true,
      maxOutputTokens: request.maxOutputTokens,
      maxRetries: 0,
      providerOptions: PROVIDER_OPTIONS,
      experimental_download: refuseDownloads,
      ...(instructions === undefined ? {} : { instructions }),
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(request.signal === undefined ? {} : { abortSignal: request.signal }),
      ...(request.tools === undefined || request.tools.length === 0 ? {} : { tools: toToolSet(sdk, request) }),
      ...(request.outputSchema === undefined ? {} : { output: jsonOutput(request, answered) }),
    };
  }

  #instructions(request: ModelRequest): string | undefined {
    const isWritten = this.#settings.kind === "openai-compatible" && this.#settings.takesJsonSchema !== true;
    if (request.outputSchema === undefined || !isWritten) return request.system;
    const demand = `Answer with JSON only, fitting this JSON Schema:\n${JSON.stringify(request.outputSchema)}`;
    return request.system === undefined ? demand : `${request.system}\n\n${demand}`;
  }
}

async function generate(sdk: Sdk, settings: CallSettings, request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer> {
  const result = await sdk.generateText(settings);
  progress.outputTextReceived = result.text.length;
  if (result.text !== "") request.onDelta?.(result.text);
  return toAnswer(result.text, result.toolCalls, result.finishReason, result.usage);
}

async function stream(sdk: Sdk, settings: CallSettings, request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer> {
  // Without an onError of its own the SDK prints errors to the console; they arrive as parts all the same.
  const result = sdk.streamText({ ...settings, onError: () => undefined });
  let text = "";
  const toolCalls: SdkToolCall[] = [];
  let finishReason: FinishReason = "other";
  let usage: LanguageModelUsage | undefined;
  for await (const part of result.stream) {
    if (part.type === "text-delta") {
      text += part.text;
      progress.outputTextReceived = text.length;
      request.onDelta?.(part.text);
    } else if (part.type === "reasoning-delta") {
      progress.outputTextReceived += part.text.length;
    } else if (part.type === "tool-call") {
      toolCalls.push(part);
    } else if (part.type === "finish-step") {
      ({ finishReason, usage } = part);
      progress.usage = toUsage(usage);
    } else if (part.type === "error") {
      throw part.error;
    } else if (part.type === "abort") {
      request.signal?.throwIfAborted();
    }
  }
  return toAnswer(text, toolCalls, finishReason, usage);
}

function toAnswer(
  text: string,
  toolCalls: readonly SdkToolCall[],
  finishReason: FinishReason,
  usage: LanguageModelUsage | undefined,
): ProviderAnswer {
  return { text, toolCalls: toolCalls.map(toToolCall), output: null, finishReason: toFinishReason(finishReason), usage: toUsage(usage) };
}

function toToolCall(call: SdkToolCall): ModelToolCall {
  return { id: call.toolCallId, name: call.toolName, arguments: (call.input ?? {}) as JsonValue };
}

function toFinishReason(reason: FinishReason): ModelFinishReason {
  return reason === "interrupted" ? "other" : reason;
}

/** @returns null unless both sides were reported: half a bill is no bill */
function toUsage(usage: LanguageModelUsage | undefined): ModelUsage | null {
  if (usage?.inputTokens === undefined || usage.outputTokens === undefined) return null;
  const { cacheReadTokens, cacheWriteTokens } = usage.inputTokenDetails;
  const { reasoningTokens } = usage.outputTokenDetails;
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}

function toToolSet(sdk: Sdk, request: ModelRequest): ToolSet {
  const tools: ToolSet = {};
  for (const { name, description, inputSchema } of request.tools ?? []) {
    tools[name] = sdk.tool({ description, inputSchema: sdk.jsonSchema(inputSchema as Parameters<Sdk["jsonSchema"]>[0]) });
  }
  return tools;
}

/** Asks for JSON by schema but never fails on what comes back: a bad answer was paid for, and its usage must be booked. */
function jsonOutput(request: ModelRequest, answered: { text?: string }): OutputInterface<string, string, never> {
  return {
    name: "object",
    responseFormat: Promise.resolve({ type: "json", schema: request.outputSchema as never, name: "answer" }),
    parseCompleteOutput: ({ text }) => {
      answered.text = text;
      return Promise.resolve(text);
    },
    parsePartialOutput: ({ text }) => Promise.resolve({ partial: text }),
    createElementStreamTransform: () => undefined,
  };
}

/** Addresses in messages come from data: this process fetches none of them. */
async function refuseDownloads(files: readonly { readonly url: URL; readonly isUrlSupportedByModel: boolean }[]): Promise<null[]> {
  const refused = files.find((file) => !file.isUrlSupportedByModel);
  if (refused === undefined) return files.map(() => null);
  await Promise.resolve();
  throw new AppError("ADDRESS_FORBIDDEN", `a message names ${refused.url.host}, and files are not fetched for a model; pass their bytes`, {
    details: { mayHaveSpent: false },
  });
}
