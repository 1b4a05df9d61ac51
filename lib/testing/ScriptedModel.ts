// A model that says what a test tells it to say. The only stand-in for a model; it books nothing.
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { BaseProvider, type ProviderAnswer } from "../models/BaseProvider.ts";
import type { CallProgress } from "../models/modelErrors.ts";
import type { ModelFinishReason, ModelRequest, ModelToolCall } from "../models/types.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { ModelUsage } from "../tokens/types.ts";

export interface ScriptedAnswer {
  readonly text?: string;
  /** Sets `text` to its JSON and `output` to itself. */
  readonly output?: JsonValue;
  readonly toolCalls?: readonly (Omit<ModelToolCall, "id"> & { readonly id?: string })[];
  readonly finishReason?: ModelFinishReason;
  /** Exact usage; null = the provider reports none. Absent: counted from the request and the text. */
  readonly usage?: ModelUsage | null;
  /** Multiplies the counted usage: a provider that lies upwards (1.5) or downwards (0.5). */
  readonly usageFactor?: number;
  /** Thrown instead of answering, after the delay and the text pieces. An AppError passes as it is. */
  readonly error?: Error;
  /** Waits on the model's clock before anything arrives. */
  readonly delayMs?: number;
  /** Pieces in which the text is streamed; with an error or an abort in between, what came before counts as received. */
  readonly pieces?: readonly string[];
  /** Waits between pieces. */
  readonly pieceDelayMs?: number;
}

export type Script =
  | readonly (ScriptedAnswer | string)[]
  | ((request: ModelRequest, callIndex: number) => ScriptedAnswer | string | undefined | Promise<ScriptedAnswer>);

export interface ScriptedModelOptions {
  /** Give it a paid provider's name to have its calls priced. @defaultValue "scripted" */
  readonly name?: string;
  readonly clock?: Clock;
  /** Counts usage exactly; without it four characters make a token. */
  readonly counter?: TokenCounter;
}

export class ScriptedModel extends BaseProvider {
  /** Every request that reached the model, in order. */
  readonly requests: ModelRequest[] = [];
  readonly #script: Script;
  readonly #counter: TokenCounter | undefined;

  constructor(script: Script, options: ScriptedModelOptions = {}) {
    super({ name: options.name ?? "scripted", clock: options.clock ?? systemClock });
    this.#script = script;
    this.#counter = options.counter;
  }

  protected override async perform(request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer> {
    const answer = await this.#next(request);
    if (answer.delayMs !== undefined) await this.clock.sleep(answer.delayMs, request.signal);
    const text = answer.output === undefined ? (answer.text ?? answer.pieces?.join("") ?? "") : JSON.stringify(answer.output);
    await this.#stream(answer, text, request, progress);
    const usage = this.#usage(answer, text, request);
    progress.usage = usage;
    if (answer.error !== undefined) throw answer.error;
    const toolCalls = (answer.toolCalls ?? []).map((call, index) => ({ ...call, id: call.id ?? `call_${this.requests.length}_${index}` }));
    return {
      text,
      toolCalls,
      output: answer.output ?? (request.outputSchema === undefined ? null : parseOrNull(text)),
      finishReason: answer.finishReason ?? (toolCalls.length > 0 ? "tool-calls" : "stop"),
      usage,
    };
  }

  async #next(request: ModelRequest): Promise<ScriptedAnswer> {
    const index = this.requests.length;
    this.requests.push(request);
    const found = typeof this.#script === "function" ? await this.#script(request, index) : this.#script[index];
    if (found === undefined) {
      throw new AppError(
        "SCRIPT_EXHAUSTED",
        `call ${index + 1} to the scripted model is not in its script: ${lastText(request).slice(0, 200)}`,
        {
          details: { mayHaveSpent: false },
        },
      );
    }
    return typeof found === "string" ? { text: found } : found;
  }

  async #stream(answer: ScriptedAnswer, text: string, request: ModelRequest, progress: CallProgress): Promise<void> {
    const pieces = answer.pieces ?? (answer.error === undefined && request.onDelta !== undefined ? [text] : []);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0 && answer.pieceDelayMs !== undefined) await this.clock.sleep(answer.pieceDelayMs, request.signal);
      request.signal?.throwIfAborted();
      progress.outputTextReceived += piece.length;
      request.onDelta?.(piece);
    }
  }

  #usage(answer: ScriptedAnswer, text: string, request: ModelRequest): ModelUsage | null {
    if (answer.usage !== undefined) return answer.usage;
    if (answer.error !== undefined) return null;
    const factor = answer.usageFactor ?? 1;
    const said = text + (answer.toolCalls ?? []).map((call) => JSON.stringify(call.arguments)).join("");
    const input = this.#counter?.countRequest(request).tokens ?? Math.ceil(lengthOf(request) / 4);
    const output = this.#counter?.count(said) ?? Math.ceil(said.length / 4);
    return { inputTokens: Math.round(input * factor), outputTokens: Math.round(output * factor) };
  }
}

function lengthOf(request: ModelRequest): number {
  return JSON.stringify([request.system, request.messages, request.tools, request.outputSchema]).length;
}

function lastText(request: ModelRequest): string {
  const content = request.messages.at(-1)?.content;
  return typeof content === "string" ? content : JSON.stringify(content ?? null);
}

function parseOrNull(text: string): JsonValue | null {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}
