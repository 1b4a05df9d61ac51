// The words of governing an AI SDK model: options, decisions, receipt, and the seams for a ledger and a compressor. Shapes only.
import type { wrapLanguageModel } from "ai";
import type { NanoUsd } from "../core/money.ts";
import type { SavingsReport } from "../orchestration/savings/types.ts";
import type { ExpandTool } from "./expandTool.ts";
import type { SessionCounting, SessionSettlement, SessionViews } from "../sessionApi.ts";
import type { System } from "../systemApi.ts";
import type { CompressedContent } from "../orchestration/types.ts";

/** Any model object of a provider package (specification v2, v3 or v4); a model's name as text is not one. */
export type GovernableModel = Parameters<typeof wrapLanguageModel>[0]["model"];
/** What the AI SDK's functions and agents take as `model`. */
export type SdkModel = ReturnType<typeof wrapLanguageModel>;
export type SdkCall = Parameters<SdkModel["doGenerate"]>[0];
export type SdkAnswer = Awaited<ReturnType<SdkModel["doGenerate"]>>;
export type SdkStream = Awaited<ReturnType<SdkModel["doStream"]>>;
export type SdkMessage = SdkCall["prompt"][number];
export type SdkUsage = SdkAnswer["usage"];

export interface GovernLimits {
  /** Decimal text such as "5" or "0.25": money is never a float on its way in. Absent: no money limit. */
  readonly usd?: string;
  /** Input and output together. Absent: no token limit. */
  readonly tokens?: number;
}

/** A price of one's own, for a model that the bundled tables, or the system's prices, do not know or price otherwise. USD per million tokens, ≥ 0. */
export interface OwnPrice {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** Absent: cached input costs as much as other input. */
  readonly cacheReadUsdPerMillion?: number;
  readonly cacheWriteUsdPerMillion?: number;
}

/**
 * `on`: limits hold, views are sent. `observe`: the model gets exactly what it would get without us; the receipt says what
 * would have been saved and refused.
 */
export type GovernMode = "on" | "observe";

export interface ViewOptions {
  /**
   * Highest level: 0 lossless; 1 leaves out of long results what `expand` brings back; 2 also cuts by relevance to the user's last message,
   * and says results by what differs from earlier ones that are still shown. Nothing is left out of requests that do not offer
   * the `expand` tool. @defaultValue 1
   */
  readonly level?: 0 | 1 | 2;
  /** Tool results of fewer tokens are lossless only. @defaultValue 2000 */
  readonly longFromTokens?: number;
  /** Names of tools whose results are never touched. */
  readonly verbatimTools?: readonly string[];
}

export interface GovernOptions {
  /**
   * Books every call in this system's database: its limits hold, also those that other processes set, and they last beyond this process.
   * `agent` is then required, and every call gets an output cap. Absent: a ledger in memory.
   */
  readonly system?: System;
  /** Whose calls these are, for receipts and decisions; with `system` also whose limits and history. @defaultValue "agent" */
  readonly agent?: string;
  readonly tags?: readonly string[];
  /**
   * Absent: nothing is refused, and calls get no output cap that they do not bring. With `system`: the agent's lasting limit in total, put
   * in place unless one is stored already.
   */
  readonly limits?: GovernLimits;
  /** @defaultValue "on" */
  readonly mode?: GovernMode;
  /** Output cap of a call that sets none, where a limit is set; reasoning included. @defaultValue 4096 */
  readonly maxOutputTokens?: number;
  readonly price?: OwnPrice;
  /** `false`: tool results are sent as they are. */
  readonly views?: ViewOptions | false;
  /** Several models on one budget share a ledger; `limits` must then be absent. */
  readonly ledger?: CallLedger;
  readonly compressor?: ViewCompressor;
  /** Told of every decision after it was booked. What it throws is ignored. */
  readonly onDecision?: (decision: GovernDecision) => void;
}

export type GovernDecision =
  | { readonly type: "view"; readonly toolName: string; readonly level: number; readonly tokensIn: number; readonly tokensOut: number }
  | { readonly type: "reserved"; readonly callId: string; readonly tokens: number; readonly usd: NanoUsd | null }
  | { readonly type: "refused"; readonly refusal: CallRefusal; readonly isOnlyObserved: boolean }
  | {
      readonly type: "settled";
      readonly callId: string;
      readonly state: "settled" | "assumed" | "failed";
      readonly tokens: number;
      readonly usd: NanoUsd | null;
    };

export interface CallRefusal {
  readonly reason: "limit" | "price_unknown";
  readonly needTokens: number;
  readonly needUsd: NanoUsd | null;
  /** null: not limited. */
  readonly leftTokens: number | null;
  readonly leftUsd: NanoUsd | null;
  /** Where several limits may apply: the one that has no room. */
  readonly limit?: {
    /** As `budgets topup` takes it. */
    readonly scope: string;
    readonly window: string;
    readonly limitTokens: number | null;
    readonly limitUsd: NanoUsd | null;
  };
}

/** A call's worst case: upper count of the input plus the output cap; null = unknown price. */
export interface CallReservation {
  readonly tokens: number;
  readonly usd: NanoUsd | null;
}

export interface LedgerBalance {
  /** null: not limited. */
  readonly limitTokens: number | null;
  readonly limitUsd: NanoUsd | null;
  readonly spentTokens: number;
  readonly spentUsd: NanoUsd;
  readonly openTokens: number;
  readonly openUsd: NanoUsd;
  readonly callsWithoutPrice: number;
}

/** What a durable ledger keeps of a call before it is made. */
export interface CallFacts {
  readonly provider: string;
  readonly model: string;
  readonly outputCapTokens: number;
}

/** How a call ended. */
export interface CallEnd {
  readonly state: SessionSettlement["state"];
  /** null: nothing was spent, or nothing is known but the amount. */
  readonly usage: SessionSettlement["usage"] | null;
  /** null: it was answered. */
  readonly errorCode: string | null;
  readonly views?: SessionViews;
}

/** Where calls are booked. */
export interface CallLedger {
  /** One sentence for the receipt: how long the limits last. */
  readonly remark: string;
  readonly isLimited: boolean;
  /** Asked where a call offers a tool that no worst case covers. @defaultValue `isLimited` */
  hasLimits?(): Promise<boolean>;
  /** False: tool results are sent as they are. @defaultValue true */
  allowsViews?(): Promise<boolean>;
  /** What worst cases are reckoned with. @defaultValue the bundled tables, and factors as they are delivered */
  counting?(): Promise<SessionCounting>;
  /** The execution that calls are booked under; null: none yet. Absent: there is none. */
  readonly executionId?: string | null;
  /** Books the worst case, or refuses; all or nothing, whatever else is under way. `isForced`: books it in any case and still says what it would have refused. */
  reserve(callId: string, worst: CallReservation, isForced: boolean, facts?: CallFacts): Promise<CallRefusal | null>;
  /** Replaces the reservation by what was used. `usd` null: unknown price. */
  settle(callId: string, used: CallReservation, end?: CallEnd): Promise<void>;
  balance(): LedgerBalance;
}

/** What makes views; `TokenCompressor` is one. */
export interface ViewCompressor {
  compress(
    content: string,
    targetTokens: undefined,
    quality: undefined,
    options: { readonly level: 0 | 1 | 2; readonly task?: string },
  ): Promise<CompressedContent>;
}

export interface GovernReceipt {
  readonly agent: string;
  readonly tags: readonly string[];
  readonly mode: GovernMode;
  /** With `system`: what `system.receipt` and `executions receipt` take; null: no call was made, or there is no system. */
  readonly executionId: string | null;
  readonly remark: string;
  readonly balance: LedgerBalance;
  /** Of the calls of this model only, where several share a ledger. */
  readonly savings: SavingsReport;
  readonly callsRefused: number;
  /** null in mode `on`. `savings.paid` is what would have been paid, refused calls included. */
  readonly observed: { readonly savings: SavingsReport; readonly callsRefused: number } | null;
}

/** The model, with its receipt. */
export type GovernedModel = SdkModel & {
  /** `{ expand }`: add it to an agent's tools to allow views that leave something out. Without it views are lossless. */
  readonly tools: { readonly expand: ExpandTool };
  receipt(): GovernReceipt;
  /** The receipt for people, in 80 columns. */
  receiptText(): string;
  /** With `system`: ends the session once calls under way have ended; later calls are refused. Without one, or with a shared ledger, nothing. */
  close(): Promise<void>;
};
