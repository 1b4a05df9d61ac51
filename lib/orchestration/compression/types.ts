// The words of compression: payload types, units, reducers, what a stage reports. Types only. README.md has the idea.
import type { TokenCounter } from "../../tokens/TokenCounter.ts";

export type PayloadType =
  | "json"
  | "ndjson"
  | "csv"
  | "html"
  | "xml"
  | "email"
  | "log"
  | "diff"
  | "stack-trace"
  | "code"
  | "markdown"
  | "transcript"
  | "base64"
  | "prose";

export type CompressionLevel = 0 | 1 | 2 | 3;

/** `cannot_fit`: the view is the smallest one that still holds what is pinned. `passthrough`: nothing was gained or allowed; the view is the content. */
export type CompressionOutcome = "ok" | "cannot_fit" | "passthrough";

export interface StageReport {
  readonly id: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly ms: number;
  /** Why its result was not used. */
  readonly rolledBack?: string;
}

/** Facts that must be kept (numbers, ids, dates, names of pinned units; of the whole content where nothing was cut). A result with something lost cannot be made. */
export interface CompressionFacts {
  readonly total: number;
  /** In the view. */
  readonly retained: number;
  /** Not in the view, but behind a handle that this very step can open. */
  readonly recoverable: number;
  readonly lost: 0;
}

/** How the rest comes back in a tool loop. */
export interface ViewHandle {
  readonly id: string;
  /** What is behind it, as the marker in the view says. */
  readonly description: string;
}

/** Why a unit must be in the view: named by prompt, schema or a later reader; selected; anomalies. */
export type PinReason = "named" | "error" | "rare" | "extreme" | "outlier" | "negation" | "structure" | "obligation";

/**
 * The smallest piece of a content that is kept or cut whole: a row, a line, a sentence, a turn, a hunk.
 * Units are in source order and do not overlap.
 */
export interface Unit {
  /** As it stands in a view when kept; cheap to count, without markers. */
  readonly text: string;
  /** Words that a query is compared with, where they are not `text` itself (for example with column names). */
  readonly searchText?: string;
  /** Where it begins and ends in source units (0-based, end excluded): line, row, turn, … as `Reduction.noun` says. */
  readonly from: number;
  readonly to: number;
  /** Index of the unit without which this one makes no sense (heading, table header, speaker); kept whenever this is. Always smaller than its own index. */
  readonly parent?: number;
  readonly pin?: PinReason;
  /** White space before it; a space keeps it in the paragraph of the unit before. @defaultValue a line break */
  readonly lead?: string;
  /** 0–1, before any query: how much a reader without a task would miss it. @defaultValue 0.5 */
  readonly weight?: number;
}

/** A content taken apart. `render` with all units gives the level 1 view; with fewer, markers stand where something was cut. */
export interface Reduction {
  readonly type: PayloadType;
  /** What `from` and `to` count, for markers: `["line", "lines"]`. */
  readonly noun: readonly [one: string, many: string];
  readonly units: readonly Unit[];
  /** What was left out already, before any unit is cut (scripts, quoted mails, repeated lines, unnamed columns), for people and markers. */
  readonly dropped: readonly string[];
  /** True when `render` of all units holds everything the content says. */
  readonly lossless: boolean;
  /**
   * The view of the kept units (a superset-closed set: parents included). Every gap has a marker made by `marker(…)`; its
   * numbers are true in source units. Headers with totals over ALL units may be added. Deterministic.
   */
  render(kept: ReadonlySet<number>): string;
}

export interface ReduceContext {
  readonly counter: TokenCounter;
  /** The step's instruction; absent: none is known. */
  readonly task?: string;
  /** Field names and paths that prompt, output schema or later readers of the step's output name; absent: no projection. */
  readonly fields?: readonly string[];
  /** Level that is asked for: at 0 a reducer may only do what is lossless. */
  readonly level: CompressionLevel;
  readonly mark: MarkerWriter;
}

/** Makes markers and keeps the content from faking them. */
export interface MarkerWriter {
  /** `[… 14 rows cut]`-like text, one line, at most 20 tokens. */
  marker(text: string): string;
  /** The content's own text, with everything that looks like a marker of ours made harmless. Idempotent. */
  escape(text: string): string;
}

/**
 * One payload type's way to a shorter form. Pure, deterministic, idempotent: reducing the level 1 view again gives the
 * same view. Never grows: a reducer that cannot gain returns null. Bounded: O(n log n) in the content's length.
 */
export interface Reducer {
  readonly types: readonly PayloadType[];
  reduce(content: string, context: ReduceContext): Reduction | null;
}
