// What a governed step leaves behind besides its output, in its row's `detail.governance`: decision, views, calls. Shapes only.
import type { OwnCostKind } from "../../orchestration/savings/types.ts";
import type { GovernanceMode } from "../../orchestration/types.ts";

export interface ViewFacts {
  /** Which of the step's contents: `input`, `prompt`, `tool fetch_page`. */
  readonly of: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly level: number;
  /** Q, 0–5. */
  readonly quality: number;
  readonly lossless: boolean;
  readonly outcome: string;
}

/** One model call against the same call with nothing compressed. Tokens in the model's own count. */
export interface CallFacts {
  readonly call: number;
  readonly provider: string;
  readonly model: string;
  /** Input with raw content in place of every view. */
  readonly rawInputTokens: number;
  readonly sentInputTokens: number;
  readonly outputTokens: number;
  /** What the call with raw content would have cost; null: unknown price. */
  readonly baselineUsd: number | null;
  readonly costUsd: number | null;
  /** Exact input and predicted output, set when the call was dispatched; null: nothing was predicted. */
  readonly allocatedTokens: number | null;
  /** A call that governance itself needed: it counts against what was saved. */
  readonly ownCost?: OwnCostKind;
}

export interface GovernanceFacts {
  readonly mode: GovernanceMode;
  readonly why: string;
  readonly trail: readonly string[];
  /** Policy of the views. */
  readonly policy: string;
  /** Planning share of the step in tokens; null: none was planned. */
  readonly share: number | null;
  readonly views: readonly ViewFacts[];
  readonly calls: readonly CallFacts[];
  /** Named steps that a too large need went through: `compressed_harder`, `took_from_pool`, … */
  readonly transitions: readonly string[];
}
