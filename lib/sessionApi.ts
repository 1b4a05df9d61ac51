// Model calls outside of a workflow, booked in a system like those of a step: what `System.openSession` takes and gives. Shapes only.
import type { NanoUsd } from "./core/money.ts";

export interface SessionRequest {
  /** Name of the agent; made on first use, and the same one as a workflow's of that name. */
  readonly agent: string;
  readonly tags?: readonly string[];
  /** Put in place as the agent's lasting limit unless it has one: what `budgets set` and `topup` say comes before what a program says. */
  readonly limits?: { readonly usd?: string; readonly tokens?: number };
}

/** One call before it is made: its worst case. */
export interface SessionCall {
  readonly provider: string;
  readonly model: string;
  /** Upper count of the input plus the output cap. */
  readonly tokens: number;
  /** null: the price is unknown. */
  readonly usd: NanoUsd | null;
  /** Reasoning included. */
  readonly outputCapTokens: number;
}

export interface SessionRefusal {
  readonly reason: "limit" | "price_unknown";
  /** As `budgets topup` takes it: `agent:ID`, `workspace`, `tag:NAME`. */
  readonly scope: string;
  readonly window: "total" | "day" | "month";
  readonly needTokens: number;
  readonly needUsd: NanoUsd | null;
  /** null: not limited in this unit. */
  readonly leftTokens: number | null;
  readonly leftUsd: NanoUsd | null;
  readonly limitTokens: number | null;
  readonly limitUsd: NanoUsd | null;
}

/** `reserved`: durable. `ended`: the session is over, its process having been silent for too long, or after 24 h or 10 000 calls; a new one may be opened. */
export type SessionReserveOutcome =
  | { readonly kind: "reserved"; readonly attemptId: string }
  | { readonly kind: "refused"; readonly refusal: SessionRefusal }
  | { readonly kind: "ended" };

/** What a call came to. */
export interface SessionSettlement {
  /** `assumed`: nothing was reported, so it is booked at its worst case. `failed`: nothing was spent. */
  readonly state: "settled" | "assumed" | "failed";
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cacheReadTokens?: number;
    readonly cacheWriteTokens?: number;
    readonly reasoningTokens?: number;
  };
  readonly usd: NanoUsd | null;
  /** Code of the error that the call ended with; null: it was answered. */
  readonly errorCode: string | null;
  /** Absent: no views were made for it. */
  readonly views?: SessionViews;
}

/** The call against the same call with raw tool results. */
export interface SessionViews {
  /** Counted as the input that was sent: what was left out is the difference. */
  readonly rawInputTokens: number;
  readonly sentInputTokens: number;
  /** Why the call would not have been made without views; null: it would have been. */
  readonly ownCost: "expand" | "refetch" | null;
  readonly made: readonly {
    readonly toolName: string;
    readonly level: number;
    readonly tokensIn: number;
    readonly tokensOut: number;
    readonly isLossless: boolean;
    /** Q, 0–5. */
    readonly quality: number;
  }[];
}

/** What the system's own steps are priced and counted with, besides the bundled tables, as it was when the session was opened. */
export interface SessionCounting {
  /** Prices that an operator set, in USD per million tokens; null: as other input, or unknown. */
  readonly prices: readonly {
    readonly provider: string;
    readonly model: string;
    /** Milliseconds since the epoch from which it holds. */
    readonly effectiveAtMs: number;
    readonly inputUsdPerMillion: number;
    readonly outputUsdPerMillion: number;
    readonly cacheReadUsdPerMillion: number | null;
    readonly cacheWriteUsdPerMillion: number | null;
    readonly contextWindowTokens: number | null;
  }[];
  /** Configured providers: whose list price a name stands for. */
  readonly providers: readonly {
    readonly name: string;
    readonly kind: "openai" | "anthropic" | "google" | "openai-compatible";
    readonly baseUrl?: string | null;
  }[];
  /** Reported ÷ counted tokens, as learned. */
  readonly factors: readonly {
    readonly provider: string;
    readonly model: string;
    readonly contentType: "json" | "prose" | "code" | "other";
    readonly factor: number;
    readonly spread: number;
    readonly samples: number;
  }[];
}

export interface ModelSession extends AsyncDisposable {
  /** Its row among the executions: `executions show`, `receipt`, `cancel` take it. */
  readonly executionId: string;
  readonly agentId: string;
  /** The agent's lasting limit when the session was opened; null: none in that unit. */
  readonly limits: { readonly tokens: number | null; readonly usd: NanoUsd | null };
  /** `off`: a person has switched orchestration off for this agent. null: as its program says. */
  readonly orchestration: "off" | "on" | null;
  /** A worst case that is reckoned otherwise holds none of the system's money limits. */
  readonly counting: SessionCounting;
  /** Whether any limit now applies to its calls. */
  hasLimits(): Promise<boolean>;
  /**
   * Resolves with `reserved` once the worst case is durably booked on every limited account, or on none; with `refused` once that is in
   * the audit trail, or after 10 s without a database.
   *
   * @throws AppError `EXECUTION_CANCELLED` after `executions cancel`; `CONFLICT` after `close()`; `DATABASE_UNAVAILABLE`
   */
  reserve(call: SessionCall): Promise<SessionReserveOutcome>;
  /** Resolves once what the call came to is durable, or after 10 s without a database: it is then stored when one is there. Never rejects. */
  settle(attemptId: string, settlement: SessionSettlement): Promise<void>;
  /** Waits up to 10 s for calls under way, then ends the session: what is still open is booked as assumed. Safe to repeat. */
  close(): Promise<void>;
}
