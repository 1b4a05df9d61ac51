// The words of counting and pricing. Shapes only.
import type { JsonObject } from "../core/json.ts";
import type { NanoUsd } from "../core/money.ts";

/** What a provider reported for one call. */
export interface ModelUsage {
  /** All input tokens, those read from and written to a prompt cache included. */
  readonly inputTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  /** Part of `inputTokens` that came from the provider's prompt cache. */
  readonly cacheReadTokens?: number;
  /** Part of `inputTokens` that was written to the provider's prompt cache. */
  readonly cacheWriteTokens?: number;
  /** Part of `outputTokens` that was spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** What a text looks like to a tokenizer; the factor between tokenizers depends on it. */
export type ContentType = "json" | "prose" | "code" | "other";

/** For whom a text is counted. Without a model the count is plain o200k. */
export interface CountOptions {
  readonly provider?: string;
  readonly model?: string;
  /** Detected when absent. */
  readonly contentType?: ContentType;
}

/** The part of a model request that is billed as input. `models/types.ts` ModelRequest fits it. */
export interface CountableRequest {
  readonly provider?: string;
  readonly model: string;
  readonly system?: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly name: string; readonly description?: string; readonly inputSchema: JsonObject }[];
  readonly outputSchema?: JsonObject;
}

export interface RequestCount {
  /** The expected count: for budgets, plans and receipts. */
  readonly tokens: number;
  /** Upper band of the count: for reservations and context windows. Never below `tokens`. */
  readonly upperTokens: number;
}

/** Reported ÷ counted for one provider, model and content type, as learned so far. */
export interface CalibrationFactor {
  /** Exponentially weighted mean of reported ÷ counted. */
  readonly factor: number;
  /** Exponentially weighted mean absolute deviation from it. */
  readonly spread: number;
  readonly samples: number;
}

export interface CalibrationKey {
  readonly provider: string;
  readonly model: string;
  readonly contentType: ContentType;
}

/** A price that an operator set; it wins over the bundled tables. */
export interface PriceOverride {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch from which it holds. */
  readonly effectiveAtMs: number;
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** null: cached input costs as much as other input. */
  readonly cacheReadUsdPerMillion: number | null;
  readonly cacheWriteUsdPerMillion: number | null;
  readonly contextWindowTokens: number | null;
}

/** The largest call that a reservation must cover. */
export interface WorstCase {
  readonly upperInputTokens: number;
  /** Reasoning included. */
  readonly outputCapTokens: number;
}

/** One row of `token_usage`: one model call, whatever became of it. */
export interface TokenUsageRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly executionId: string | null;
  readonly attemptId: string | null;
  readonly agentId: string | null;
  readonly userId: string | null;
  readonly stepPath: string | null;
  readonly provider: string;
  readonly model: string;
  /** null: neither reported nor assumed. */
  readonly usage: ModelUsage | null;
  /** null: the price is unknown. */
  readonly costUsd: NanoUsd | null;
  /** `reported` by the provider, or `assumed` at the cap or by count because nothing was reported. */
  readonly usageState: "reported" | "assumed";
  /** What the call was for, for example `step_execution`, `memory_summarization`, `agent_generation`. */
  readonly activityType: string;
  readonly latencyMs: number | null;
  readonly isSuccess: boolean;
  readonly errorCode: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}
