// What a receipt looks like on every surface. Plain JSON; shapes only.
/** As `run --json` reports it: `suspended` shows as `waiting`. */
export type ReportedStatus = "completed" | "failed" | "cancelled" | "waiting" | "uncertain" | "queued" | "running";

export interface ReceiptLine {
  readonly cause: string;
  readonly usd: number | null;
  readonly tokens: number | null;
  readonly note: string;
}

export interface Receipt {
  readonly executionId: string;
  readonly status: ReportedStatus;
  readonly paidUsd: number | null;
  readonly limitUsd: number | null;
  readonly baselineUsd: number | null;
  readonly pricedAs: string | null;
  readonly lines: readonly ReceiptLine[];
  readonly calls: readonly {
    /** What `reconcileBudgets` takes for a call whose state is `assumed`. */
    readonly attemptId: string;
    readonly path: string;
    readonly dispatchedAt: string;
    readonly provider: string;
    readonly model: string;
    readonly state: string;
    readonly reservedTokens: number;
    readonly usedTokens: number | null;
    readonly reservedUsd: number | null;
    readonly usedUsd: number | null;
  }[];
  readonly unknown: { readonly callsWithoutPrice: number; readonly callsAssumed: number };
  readonly overrunUsd: number;
  /** null: the agent's memory was off when the execution began. */
  readonly memory: ReceiptMemory | null;
  /** Model calls against the same calls with nothing compressed; null: nothing of the execution was governed or observed. */
  readonly savings: SavingsDocument | null;
}

/** What memory cost; all of it is part of `paidUsd`. */
export interface ReceiptMemory {
  /** Input tokens by which it made calls longer. */
  readonly injectedTokens: number;
  /** Calls that made the execution's own summary, which may come after its end. */
  readonly summaryTokens: number;
  /** null: unknown price. */
  readonly summaryUsd: number | null;
}

export interface SavingsAmount {
  /** null: an unknown price is part of it. */
  readonly usd: number | null;
  readonly tokens: number;
}

/** `baseline − Σ savings + own costs = paid`, in tokens and in money. */
export interface SavingsDocument {
  readonly baseline: SavingsAmount;
  /** `computed`: a price times tokens that nobody paid; `measured`: as reported. */
  readonly lines: readonly (SavingsAmount & { readonly cause: string; readonly method: "computed" | "measured"; readonly note: string })[];
  readonly paid: SavingsAmount;
  readonly calls: number;
  /** Steps that never call a model save nothing. */
  readonly stepsNotCounted: number;
  /** Counted as having saved nothing. */
  readonly callsWithoutBaseline: number;
  /** What views would have kept from being sent, where governance only observed. */
  readonly wouldSaveTokens: number;
  /** The same for people, in 80 columns. */
  readonly text: string;
}
