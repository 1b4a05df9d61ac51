// The words of a model call: what is asked, what comes back. Shapes only.
import type { ModelMessage } from "ai";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { ModelUsage } from "../tokens/types.ts";

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. The caller runs the tool; no provider ever does. */
  readonly inputSchema: JsonObject;
}

export type ModelTask = "summarize" | "generate" | "classify" | "extract" | "decide";

export interface ModelLabel {
  readonly name: string;
  readonly description?: string;
}

/**
 * The same content as the messages, in a form that needs no parsing. Only the offline model reads it; without it the
 * offline model takes task and data out of the messages. Never sent to a provider.
 */
export interface ModelFacts {
  readonly kind: ModelTask;
  /** The instruction, in a person's words. */
  readonly task?: string;
  /** The raw or compressed input of the step. */
  readonly data?: JsonValue;
  /** For `classify` and `decide`: what may be answered. */
  readonly labels?: readonly ModelLabel[];
}

export interface ModelRequest {
  /** Name of a configured provider; absent: whichever the registry resolved `model` to. */
  readonly provider?: string;
  readonly model: string;
  readonly system?: string;
  /** The AI SDK's messages; cache marks go in their `providerOptions`. */
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[];
  /** JSON Schema that the answer must fit; the parsed answer is `ModelResult.output`. */
  readonly outputSchema?: JsonObject;
  /** Reasoning included. Never above the reservation's `outputCapTokens`. */
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  readonly facts?: ModelFacts;
  readonly signal?: AbortSignal;
  /** Called with each piece of text as it arrives; makes the call a streamed one. */
  readonly onDelta?: (text: string) => void;
}

export interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonValue;
}

export type ModelFinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "error" | "other";

export interface ModelResult {
  readonly text: string;
  readonly toolCalls: readonly ModelToolCall[];
  /** The answer as JSON when `outputSchema` was given and the text parses; its fit to the schema is the caller's check. */
  readonly output: JsonValue | null;
  readonly finishReason: ModelFinishReason;
  /** null: the provider reported none. */
  readonly usage: ModelUsage | null;
  readonly provider: string;
  readonly model: string;
  readonly latencyMs: number;
  /** True when no provider was asked: the text was computed from the input. */
  readonly isOffline: boolean;
  /** What the reader should know about the answer, for example that a long input was sampled or that a field was not found. */
  readonly warnings?: readonly string[];
}

/** Facts of a failed call that the ledger needs to settle it; found in the error's `details`. */
export interface ModelErrorFacts {
  /** What the provider reported before it failed. */
  readonly usage?: ModelUsage;
  /** False: refused before acceptance, nothing can be billed. True: settle as assumed unless `usage` is there. */
  readonly mayHaveSpent: boolean;
  /** Characters of output that arrived before it failed. */
  readonly outputTextReceived: number;
}
