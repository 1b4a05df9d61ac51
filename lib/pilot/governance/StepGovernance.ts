// One attempt of one governed step: gives views in place of content, keeps what every call would have cost without them. Decides nothing.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { nanoToUsd, type NanoUsd } from "../../core/money.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type { StepDecision } from "../../orchestration/types.ts";
import type { ViewMaker } from "../../orchestration/ViewMaker.ts";
import type { TokenCounter } from "../../tokens/TokenCounter.ts";
import { auditPart } from "../auditPart.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { CallFacts, GovernanceFacts, ViewFacts } from "./facts.ts";

export interface ShowOptions {
  /** Which content: `input`, `prompt`, `tool fetch_page`. */
  readonly of: string;
  readonly task?: string;
  readonly fields?: readonly string[];
  /** Where each item must stay whole. @defaultValue the policy's */
  readonly maxLevel?: 0 | 1 | 2;
}

export interface Shown {
  readonly text: string;
  /** Tokens by which the view is shorter; 0 where the content went raw. */
  readonly savedTokens: number;
  /** True when something the content says is not in `text`. */
  readonly isShortened: boolean;
}

export interface CallEnd {
  readonly call: number;
  readonly provider: string;
  readonly model: string;
  readonly savedInputTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: NanoUsd | null;
  readonly baselineUsd: NanoUsd | null;
  readonly allocatedTokens: number | null;
  readonly isOwnCost: boolean;
}

export class StepGovernance {
  readonly decision: StepDecision;
  readonly #views: ViewMaker;
  readonly #counter: TokenCounter;
  readonly #made: ViewFacts[] = [];
  readonly #calls: CallFacts[] = [];
  readonly #transitions: string[] = [];

  constructor({
    decision,
    views,
    counter,
  }: {
    readonly decision: StepDecision;
    readonly views: ViewMaker;
    readonly counter: TokenCounter;
  }) {
    this.decision = decision;
    this.#views = views;
    this.#counter = counter;
  }

  get isActing(): boolean {
    return this.decision.mode === "on";
  }

  /** What the model is to see of `raw`; while observing that is `raw` itself, and the view is only noted. */
  async show(raw: string, { of, task, fields, maxLevel }: ShowOptions): Promise<Shown> {
    const { views } = this.decision;
    const policy = maxLevel === undefined || maxLevel >= views.level ? views : { ...views, level: maxLevel };
    const { text, made } = await this.#views.make({
      content: raw,
      policy,
      ...(task === undefined ? {} : { task }),
      ...(fields === undefined ? {} : { fields }),
    });
    if (made === null) return { text: raw, savedTokens: 0, isShortened: false };
    const { tokensIn, tokensOut, level, quality, lossless, outcome } = made;
    this.#made.push({ of, tokensIn, tokensOut, level, quality: round(quality), lossless, outcome });
    if (!this.isActing) return { text: raw, savedTokens: 0, isShortened: false };
    return { text, savedTokens: this.#counter.count(raw) - this.#counter.count(text), isShortened: !lossless };
  }

  noteCall(end: CallEnd): void {
    const { call, provider, model, inputTokens, outputTokens, savedInputTokens, allocatedTokens, isOwnCost } = end;
    this.#calls.push({
      call,
      provider,
      model,
      rawInputTokens: inputTokens + savedInputTokens,
      sentInputTokens: inputTokens,
      outputTokens,
      baselineUsd: usdOrNull(end.baselineUsd),
      costUsd: usdOrNull(end.costUsd),
      allocatedTokens,
      ...(isOwnCost ? { isOwnCost } : {}),
    });
  }

  noteTransition(name: string): void {
    this.#transitions.push(name);
  }

  facts(): GovernanceFacts {
    const { mode, why, trail, views, allocatedTokens } = this.decision;
    return {
      mode,
      why,
      trail,
      policy: views.name,
      share: allocatedTokens,
      views: this.#made,
      calls: this.#calls,
      transitions: this.#transitions,
    };
  }

  /** Audit rows that travel in the step's unit: one for the allocation, one for all views. */
  auditParts(state: ExecutionState, path: string): UnitPart[] {
    const parts: UnitPart[] = [];
    const { mode } = this.decision;
    const allocated = this.#calls.flatMap(({ allocatedTokens }) => (allocatedTokens === null ? [] : [allocatedTokens]));
    if (allocated.length > 0 || this.decision.allocatedTokens !== null) {
      const details: JsonObject = {
        mode,
        share: this.decision.allocatedTokens,
        committed: allocated.reduce((sum, tokens) => sum + tokens, 0),
        transitions: [...this.#transitions],
      };
      parts.push(auditPart(state, "ORCHESTRATION_TOKEN_BUDGET_ALLOCATED", { entityType: "step", entityId: path, details }));
    }
    if (this.#made.length > 0) {
      const details = { mode, policy: this.decision.views.name, views: this.#made as unknown as JsonValue };
      parts.push(auditPart(state, "ORCHESTRATION_TOKEN_COMPRESSED", { entityType: "step", entityId: path, details }));
    }
    return parts;
  }
}

function usdOrNull(usd: NanoUsd | null): number | null {
  return usd === null ? null : nanoToUsd(usd);
}

function round(quality: number): number {
  return Math.round(quality * 1_000) / 1_000;
}
