// Shapes of the journal: what a step's end looks like as rows.
import type { Transaction } from "../db/Database.ts";
import type { UnitPart } from "../db/UnitPart.ts";

export type StepStatus = "completed" | "failed" | "skipped" | "waiting" | "uncertain" | "rolled_back";

/** A stored value's address. */
export interface ValueRef {
  readonly executionId: string;
  /** SHA-256 of the JSON text. In memory only, a value that is stored in its step's row has its step path here. */
  readonly hash: Buffer;
}

export interface StepRow {
  readonly executionId: string;
  readonly epoch: number;
  readonly stepPath: string;
  readonly attempt: number;
  /** This attempt has a row that waits or is uncertain, and this one takes its place. */
  readonly replaces: boolean;
  readonly stepType: string;
  readonly status: StepStatus;
  readonly plugin: string | null;
  readonly action: string | null;
  readonly tokensUsed: number | null;
  readonly executionTimeMs: number | null;
  readonly itemCount: number | null;
  /** JSON text of a small output; at most one of `inline` and `output` is set. */
  readonly inline: string | null;
  /** Address of a large one. */
  readonly output: ValueRef | null;
  /** JSON text (error record, warnings, wake-up, model, cost), or null when there is nothing to say. */
  readonly detail: string | null;
  /** What the step is for; absent where classification is off. */
  readonly intent?: string;
  /** Planning share of the step in tokens; absent where governance is off. */
  readonly tokenBudget?: number;
}

/** Outputs up to this size stay in their step's row: below PostgreSQL's threshold for moving them out, and one row fewer to write. */
export const MAX_INLINE_BYTES = 1_536;

export interface ValueRow {
  readonly executionId: string;
  readonly hash: Buffer;
  /** JSON text. */
  readonly content: Buffer;
}

/** What commits together for one event of one execution. */
export interface Unit {
  readonly executionId: string;
  readonly epoch: number;
  readonly parts: readonly UnitPart[];
  /** Set on the execution's last unit: the queue job that ends with it. */
  readonly finish?: FinishedJob;
  /** Aborted when the owner has lost its lease: an uncommitted unit is then given up. */
  readonly signal?: AbortSignal;
}

export interface FinishedJob {
  readonly jobId: string;
  readonly retryCount: number;
  /** Grants are given back in the same transaction. */
  readonly hasGrants: boolean;
  /** The execution has rows of token_budgets; absent where governance is off, whose columns are then not named. */
  readonly hasBudget?: boolean;
}

/** `fenced`: another owner has the execution; facts were stored, progress was not. */
export type AppendOutcome = "committed" | "fenced";

/** Ends queue jobs and returns grants inside the batch's transaction; yields the executions whose job was not ours any more. */
export type FinishHook = (
  tx: Transaction,
  finished: readonly (FinishedJob & { readonly executionId: string })[],
) => Promise<ReadonlySet<string>>;
