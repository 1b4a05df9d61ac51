// Decides what is done with a call that does not fit its step's budget or the model's window: an ordered list of tries, then the policy. Pure.
import type { CompressionLevel } from "../compression/types.ts";
import type { OverBudgetPolicy } from "./GovernanceSettings.ts";
import type { Commitment } from "./types.ts";

/** In the order in which they are tried. */
export type TransitionName = "compress_harder" | "borrow_from_pool" | "larger_window" | "split" | "warn" | "degrade" | "pause" | "fail";

/** One try, for the audit trail. */
export interface Transition {
  readonly name: TransitionName;
  /** True when after it, and those before it, the call fits. */
  readonly isEnough: boolean;
  /** Tokens that the call needs before and after it. */
  readonly fromTokens: number;
  readonly toTokens: number;
  /** One sentence for people. */
  readonly why: string;
}

export interface HarderView {
  readonly level: CompressionLevel;
  /** Input tokens that this level would leave; exact or upper, never below the truth. */
  readonly inputTokens: number;
}

export interface LargerWindow {
  readonly model: string;
  readonly windowTokens: number;
}

export interface OverBudgetRequest {
  readonly commitment: Commitment;
  /** What the step may still use: its own rest and what others gave back. */
  readonly remainingTokens: number;
  readonly poolTokens: number;
  /** What the window takes at most (window − safety); null: unknown, taken as enough. */
  readonly windowTokens: number | null;
  /** Views at levels above the one that was counted, lowest level first. */
  readonly harderViews: readonly HarderView[];
  readonly largerWindows: readonly LargerWindow[];
  /** The content falls into parts that can be answered one by one. */
  readonly isSplittable: boolean;
  readonly policy: OverBudgetPolicy;
  /** Least output with which an answer makes sense; `degrade` never asks for less. @defaultValue 64 */
  readonly leastOutputTokens?: number;
}

export interface OverBudgetDecision {
  /** `warn`: proceeds beyond its budget; `split`: in parts; `cannot_fit`: the window is too small whatever the policy says. */
  readonly action: "proceed" | "warn" | "degrade" | "split" | "pause" | "fail" | "cannot_fit";
  /** Level that the view must be made at; null: as it was counted. */
  readonly level: CompressionLevel | null;
  readonly borrowedTokens: number;
  /** Model with the larger window; null: as chosen. */
  readonly model: string | null;
  /** With `degrade`: the smaller cap. Else the commitment's. */
  readonly outputCap: number;
  /** Empty when the call fitted at once. */
  readonly transitions: readonly Transition[];
}

const LEAST_OUTPUT = 64;

/**
 * Compress harder → borrow from the pool → larger window → split → policy. Each is tried only for what it can cure: the
 * pool does not widen a window, a wider window does not add to a budget. A call that fits neither after all that and whose
 * window is the matter is `cannot_fit`; a budget never is: `warn` lets it pass, `degrade` with what is left for the answer.
 */
export function decideOverBudget(request: OverBudgetRequest): OverBudgetDecision {
  const attempt = new Attempt(request);
  if (!attempt.fits) attempt.compressHarder();
  if (!attempt.fits && !attempt.fitsBudget) attempt.borrow();
  if (!attempt.fits && !attempt.fitsWindow) attempt.widen();
  if (!attempt.fits && !attempt.fitsWindow && request.isSplittable) return attempt.split();
  if (!attempt.fitsWindow) return attempt.end("cannot_fit");
  return attempt.fitsBudget ? attempt.end("proceed") : attempt.applyPolicy();
}

class Attempt {
  readonly #request: OverBudgetRequest;
  readonly #transitions: Transition[] = [];
  #inputTokens: number;
  #level: CompressionLevel | null = null;
  #borrowed = 0;
  #model: string | null = null;
  #windowTokens: number;
  #outputCap: number;

  constructor(request: OverBudgetRequest) {
    this.#request = request;
    this.#inputTokens = request.commitment.inputTokens;
    this.#windowTokens = request.windowTokens ?? Number.POSITIVE_INFINITY;
    this.#outputCap = request.commitment.outputCap;
  }

  /** Input + predicted output: what budgets are about. */
  get #need(): number {
    return this.#inputTokens + Math.min(this.#request.commitment.predictedOutputTokens, this.#outputCap);
  }

  /** Upper input + cap: what windows are about. A view shrinks the upper count as it shrinks the count. */
  get #worst(): number {
    const { hardCap, outputCap, inputTokens } = this.#request.commitment;
    const upper = hardCap - outputCap;
    const shrunk = inputTokens === 0 ? 0 : Math.ceil((upper * this.#inputTokens) / inputTokens);
    return Math.min(upper, shrunk) + this.#outputCap;
  }

  get fitsBudget(): boolean {
    return this.#need <= this.#request.remainingTokens + this.#borrowed;
  }

  get fitsWindow(): boolean {
    return this.#worst <= this.#windowTokens;
  }

  get fits(): boolean {
    return this.fitsBudget && this.fitsWindow;
  }

  compressHarder(): void {
    for (const { level, inputTokens } of this.#request.harderViews) {
      if (inputTokens >= this.#inputTokens) continue;
      const from = this.#need;
      this.#inputTokens = inputTokens;
      this.#level = level;
      this.#note("compress_harder", from, `a view at level ${level} leaves ${inputTokens} input tokens`);
      if (this.fits) return;
    }
  }

  borrow(): void {
    const missing = this.#need - this.#request.remainingTokens;
    const { poolTokens } = this.#request;
    if (poolTokens <= 0) return;
    // A loan that does not make it fit would only empty the pool for others.
    if (missing > poolTokens) {
      this.#note("borrow_from_pool", this.#need, `${missing} tokens are missing, the pool has ${poolTokens}`);
      return;
    }
    this.#borrowed = missing;
    this.#note("borrow_from_pool", this.#need, `${missing} of ${poolTokens} tokens come from the pool`);
  }

  widen(): void {
    const larger = this.#request.largerWindows.find(({ windowTokens }) => windowTokens >= this.#worst);
    if (larger === undefined) {
      if (this.#request.largerWindows.length > 0) this.#note("larger_window", this.#need, `no window takes ${this.#worst} tokens`);
      return;
    }
    this.#model = larger.model;
    this.#windowTokens = larger.windowTokens;
    this.#note("larger_window", this.#need, `${larger.model} takes ${larger.windowTokens} tokens`);
  }

  split(): OverBudgetDecision {
    this.#note("split", this.#need, `${this.#worst} tokens pass the window of ${this.#windowTokens}; the content is asked about in parts`);
    return this.end("split");
  }

  applyPolicy(): OverBudgetDecision {
    const { policy, remainingTokens, leastOutputTokens = LEAST_OUTPUT } = this.#request;
    const from = this.#need;
    const over = `needs ${from} tokens, ${remainingTokens + this.#borrowed} are left`;
    if (policy === "degrade") {
      // The answer gets what the input leaves; a cheaper tier is the router's to choose.
      const left = remainingTokens + this.#borrowed - this.#inputTokens;
      this.#outputCap = Math.min(Math.max(left, leastOutputTokens), this.#outputCap);
      this.#note("degrade", from, `${over}; the answer may have ${this.#outputCap} tokens`);
    } else {
      this.#note(policy, from, over);
    }
    return this.end(policy);
  }

  end(action: OverBudgetDecision["action"]): OverBudgetDecision {
    return {
      action,
      level: this.#level,
      borrowedTokens: this.#borrowed,
      model: this.#model,
      outputCap: this.#outputCap,
      transitions: this.#transitions,
    };
  }

  #note(name: TransitionName, fromTokens: number, why: string): void {
    this.#transitions.push({ name, isEnough: this.fits, fromTokens, toTokens: this.#need, why });
  }
}
