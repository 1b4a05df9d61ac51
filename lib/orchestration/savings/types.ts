// The words of savings: what a call paid, what it would have cost, the lines of a receipt. Shapes only; README.md has the idea.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelUsage } from "../../tokens/types.ts";

/** What a prompt cache does with a part of an input. */
export interface CacheUse {
  readonly readTokens: number;
  readonly writeTokens: number;
}

/** For people; no amount depends on it. */
export interface ViewCounts {
  /** How many contents were shown as a shorter view in this call for the first time. */
  readonly views?: number;
  /** Of `views`, those whose rest can be had back; and handles whose content came back in this call for the first time. */
  readonly handlesOffered?: number;
  readonly handlesOpened?: number;
}

/**
 * What the same call would have been without us. Small and JSON-safe: it is stored with the step. Tokens are whole numbers ≥ 0, both
 * sides counted by the same counter for the model that was called.
 */
export interface CallBaseline extends ViewCounts {
  /** What the agent or step names; neither names one: the balanced tier. Never "the capable one". */
  readonly provider: string;
  readonly model: string;
  /** The whole request with nothing compressed, without tools and notices of ours. */
  readonly rawInputTokens: number;
  /** The whole request as it was sent. Above `rawInputTokens` where our tools and opened handles cost more than the views saved. */
  readonly sentInputTokens: number;
  /** What the plain order of this request would have had of the same cache. Absent: it was sent in the plain order. */
  readonly plainCache?: CacheUse;
}

/** A model call that answered its step: the baseline makes it, too. */
export interface ServedCall {
  readonly kind: "served";
  /** The model that was called. */
  readonly provider: string;
  readonly model: string;
  /** As reported, or as assumed where nothing was reported. */
  readonly usage: ModelUsage;
  /** As booked in the ledger; null: its price is unknown. */
  readonly paidUsd: NanoUsd | null;
  /** Settled without a report (aborted, died): booked at what it may have cost. */
  readonly isAssumed: boolean;
  /** null: nothing is known about it, so nothing is claimed: the baseline pays the same. */
  readonly baseline: CallBaseline | null;
}

/** `refetch`: a content was asked for again because its view failed. `expand`: a handle was opened. */
export type OwnCostKind = "expand" | "refetch" | "repair" | "escalation" | "memory" | "summary" | "conclusion" | "other";

/** A model call that only we wanted: the baseline does not make it. An `escalation` is the cheap call whose answer was not good enough. */
export interface OwnCall extends ViewCounts {
  readonly kind: "own";
  /** A part of a served call that only we wanted, such as memory in its input: it is paid, and no call of its own. @defaultValue false */
  readonly isPart?: boolean;
  readonly purpose: OwnCostKind;
  readonly provider: string;
  readonly model: string;
  readonly usage: ModelUsage;
  readonly paidUsd: NanoUsd | null;
  readonly isAssumed: boolean;
}

/** A model step that code served: the baseline calls the model. Only for steps whose type calls one. */
export interface AvoidedCall {
  readonly kind: "avoided";
  readonly provider: string;
  readonly model: string;
  /** The request as it would have been sent, nothing compressed. */
  readonly rawInputTokens: number;
  /** Expected tokens of the answer; a low guess is an honest one. */
  readonly outputTokens: number;
}

export type SavingsCall = ServedCall | OwnCall | AvoidedCall;

/** What an execution did, as far as its receipt goes. */
export interface SavingsFacts {
  readonly calls: readonly SavingsCall[];
  /** Steps that never call a model: they save nothing and are only mentioned. */
  readonly stepsWithoutModel?: number;
}

export type SavingsCause = "smaller views" | "cheaper model" | "cache-wise order" | "no model needed" | "own costs";

/** `measured`: as reported by the provider. `computed`: a price times tokens that nobody paid. The two are never added into one line. */
export type SavingsMethod = "computed" | "measured";

export interface SavingsLine {
  readonly cause: SavingsCause;
  readonly method: SavingsMethod;
  /** Saved (own costs: spent); below 0 where a saving went wrong. null: a call that belongs here has no known price. */
  readonly usd: NanoUsd | null;
  /** The part of `usd` that is known: over calls whose prices are known on both sides. */
  readonly knownUsd: NanoUsd;
  /** Input and output tokens saved (own costs: used). 0 where a cause changes prices only. */
  readonly tokens: number;
  /** For people; may be empty. */
  readonly note: string;
}

/** One side of the comparison. */
export interface SavingsTotal {
  /** null: the price of a call in it is unknown. */
  readonly usd: NanoUsd | null;
  readonly knownUsd: NanoUsd;
  readonly tokens: number;
}

/**
 * `baseline − Σ savings + own costs = paid`, exactly: for `tokens`, for `knownUsd`, and for `usd` unless one is null. `lines` holds
 * every cause that occurred, savings first, own costs last.
 */
export interface SavingsReport {
  readonly baseline: SavingsTotal;
  readonly lines: readonly SavingsLine[];
  readonly paid: SavingsTotal;
  readonly calls: number;
  readonly unknown: {
    /** Calls whose own price or whose baseline's price is not known. */
    readonly callsWithoutPrice: number;
    /** Calls settled without a report. */
    readonly callsAssumed: number;
    /** Calls of which no baseline is known: counted as having saved nothing. */
    readonly callsWithoutBaseline: number;
  };
  /** Steps that never needed a model. */
  readonly stepsNotCounted: number;
}

/** What prices a call; a PriceBook is one. */
export interface CallPricer {
  /** @returns null when the price is unknown */
  priceCall(provider: string, model: string, usage: ModelUsage): NanoUsd | null;
}
