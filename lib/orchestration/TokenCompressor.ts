// Shortens what a model sees of a content, as far as a policy allows. It decides by measured quality; it asks no model unless it is given one.
import { LRUCache } from "lru-cache";
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";
import { TokenCounter } from "../tokens/TokenCounter.ts";
import { checkSummary } from "./compression/checkSummary.ts";
import { CompressThread } from "./compression/CompressThread.ts";
import { compressContent, type CompressJob, type JobTools } from "./compression/compressContent.ts";
import type { CompressionLevel } from "./compression/types.ts";
import type { CompressedContent } from "./types.ts";

export type CompressionPolicyName = "minimal" | "moderate" | "aggressive";

export interface CompressOptions {
  /** The reader's instruction: what is relevant to it stays. */
  readonly task?: string;
  /** Names that output schema and later readers use. */
  readonly fields?: readonly string[];
  /** Highest level allowed. @defaultValue the policy's: 0 for `minimal`, else 2 */
  readonly level?: CompressionLevel;
  /** @defaultValue "moderate" */
  readonly policy?: CompressionPolicyName;
  /** Least lower bound of Q, 0–5. @defaultValue the policy's: 4.9 moderate, 4.5 aggressive */
  readonly minQuality?: number;
  /** Nothing may be lost: level 0. */
  readonly exact?: boolean;
  /** For the fit of the calibration. */
  readonly onQuality?: JobTools["onQuality"];
}

export interface TokenCompressorOptions {
  readonly counter: TokenCounter;
  readonly clock?: Clock;
  /**
   * Level 3: writes a summary of a view by a small model. Its call is reserved and paid by whoever gives this function. What
   * it writes is checked; a summary that is longer, invents a figure or says too little is not used.
   */
  readonly summarizer?: (request: SummaryRequest) => Promise<string>;
  /** Least Q per policy, from system_config. */
  readonly minQuality?: Readonly<Partial<Record<"moderate" | "aggressive", number>>>;
}

export interface SummaryRequest {
  readonly content: string;
  readonly task?: string;
  /** What the summary may have; null: as short as it can be. */
  readonly targetTokens: number | null;
}

const SHIPPED_MIN_QUALITY = { moderate: 4.9, aggressive: 4.5 } as const;
/** Views remembered by hash: compressing one again gives itself. */
const REMEMBERED_VIEWS = 1_000;
/** Longer contents take too many milliseconds for the thread that everything else runs on. */
const THREAD_FROM_CHARACTERS = 64 * 1024;

export class TokenCompressor {
  readonly #counter: TokenCounter;
  readonly #clock: Clock;
  readonly #minQuality: Readonly<Record<"moderate" | "aggressive", number>>;
  readonly #summarizer: TokenCompressorOptions["summarizer"];
  readonly #thread = new CompressThread();
  readonly #views = new LRUCache<string, true>({ max: REMEMBERED_VIEWS });

  constructor({ counter, clock = systemClock, summarizer, minQuality = {} }: TokenCompressorOptions) {
    this.#counter = counter;
    this.#summarizer = summarizer;
    this.#clock = clock;
    this.#minQuality = { ...SHIPPED_MIN_QUALITY, ...minQuality };
  }

  /** With a token counter of its own. */
  static async create(): Promise<TokenCompressor> {
    return new TokenCompressor({ counter: await TokenCounter.load() });
  }

  /**
   * @param targetTokens to be reached as long as what is pinned fits; undefined or null: cut while quality holds
   * @param quality least Q: 0–5, or a fraction of 5 up to 1; undefined or null: the policy's, or with a target none
   * @throws AppError `USAGE` for a limit that is no number, negative or zero
   */
  async compress(
    content: string,
    targetTokens?: number | null,
    quality?: number | null,
    options: CompressOptions = {},
  ): Promise<CompressedContent> {
    const limits = { ...options, targetTokens, quality };
    const isLong = content.length > THREAD_FROM_CHARACTERS && !this.#isOwnView(content);
    const made = isLong ? await this.#thread.run(this.#jobOf(content, limits)) : this.compressNow(content, limits);
    this.#remember(made);
    return options.level === 3 ? this.#summarized(made, content, limits) : made;
  }

  /** The summary of a view where it passes its checks and holds the quality that is asked for; else the view. */
  async #summarized(made: CompressedContent, content: string, options: CompressOptions & Limits): Promise<CompressedContent> {
    const { minQuality, targetTokens } = this.#jobOf(content, options);
    const isEnough = targetTokens !== null && made.tokensOut <= targetTokens;
    if (this.#summarizer === undefined || isEnough) return made;
    const startedMs = this.#clock.monotonicMs();
    const { task } = options;
    const view = (await this.#summarizer({ content: made.view, targetTokens, ...(task === undefined ? {} : { task }) })).trim();
    const tokensOut = this.#counter.count(view);
    const { fault, kept } = checkSummary(view, tokensOut, made);
    const quality = made.quality * kept;
    const isGood = fault === null && (minQuality === null || quality >= minQuality);
    const refused = fault ?? `Q would be ${quality.toFixed(2)}`;
    const stage = {
      id: "summary",
      tokensIn: made.tokensOut,
      tokensOut: isGood ? tokensOut : made.tokensOut,
      ms: this.#clock.monotonicMs() - startedMs,
    };
    if (!isGood) return { ...made, stages: [...made.stages, { ...stage, rolledBack: refused }] };
    const summarized: CompressedContent = {
      ...made,
      view,
      tokensOut,
      lossless: false,
      quality,
      qualityLowerBound: made.qualityLowerBound * kept,
      level: 3,
      stages: [...made.stages, stage],
      outcome: targetTokens === null || tokensOut <= targetTokens ? "ok" : "cannot_fit",
    };
    this.#remember(summarized);
    return summarized;
  }

  /** The same at once, for contents that are short enough not to hold up everything else (64 KB). */
  compressNow(content: string, options: CompressOptions & Limits = {}): CompressedContent {
    const job = this.#jobOf(content, options);
    const { targetTokens } = job;
    const tools: JobTools = {
      counter: this.#counter,
      now: () => this.#clock.monotonicMs(),
      ...(options.onQuality === undefined ? {} : { onQuality: options.onQuality }),
    };
    const mayPass = this.#isOwnView(content) && (targetTokens === null || this.#counter.count(content) <= targetTokens);
    const made = compressContent(mayPass ? { ...job, level: 0, targetTokens: null, minQuality: null } : job, tools);
    this.#remember(made);
    return made;
  }

  /** Ends the thread for long contents; a later one starts it anew. */
  async close(): Promise<void> {
    await this.#thread.close();
  }

  /** A view of ours is known by its hash, never by its looks: nobody can pass a text off as one. */
  #isOwnView(content: string): boolean {
    return this.#views.has(keyOf(content));
  }

  #remember({ outcome, view }: CompressedContent): void {
    if (outcome !== "passthrough") this.#views.set(keyOf(view), true);
  }

  #jobOf(content: string, options: CompressOptions & Limits): CompressJob {
    const targetTokens = options.targetTokens ?? null;
    const explicit = qualityOf(options.quality ?? null);
    if (targetTokens !== null && !(Number.isFinite(targetTokens) && targetTokens > 0))
      throw badLimit("targetTokens", targetTokens, "more than 0");
    const policy = options.policy ?? "moderate";
    const byPolicy =
      options.minQuality ?? (targetTokens === null ? this.#minQuality[policy === "aggressive" ? "aggressive" : "moderate"] : null);
    return {
      content,
      level: levelOf(options),
      ...(options.task === undefined ? {} : { task: options.task }),
      ...(options.fields === undefined ? {} : { fields: options.fields }),
      targetTokens,
      minQuality: explicit ?? byPolicy,
      compares: explicit === null ? "bound" : "estimate",
    };
  }
}

interface Limits {
  readonly targetTokens?: number | null | undefined;
  readonly quality?: number | null | undefined;
}

function levelOf({ exact = false, level, policy }: CompressOptions): 0 | 1 | 2 {
  if (exact) return 0;
  if (level !== undefined) return level === 3 ? 2 : level;
  return policy === "minimal" ? 0 : 2;
}

/** @throws AppError `USAGE` */
function qualityOf(quality: number | null): number | null {
  if (quality === null) return null;
  if (!(quality >= 0 && quality <= 5)) throw badLimit("quality", quality, "0 to 5, or a fraction up to 1");
  return quality <= 1 ? quality * 5 : quality;
}

function keyOf(text: string): string {
  return sha256(text).toString("base64");
}

function badLimit(field: string, got: number, expected: string): AppError {
  return new AppError("USAGE", `${field} is ${got}; expected ${expected}`, { details: { field, got: String(got), expected } });
}
