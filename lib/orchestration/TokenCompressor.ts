// Shortens what a model sees of a content, as far as a policy allows. It decides by measured quality; it asks no model unless it is given one.
import { LRUCache } from "lru-cache";
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";
import { TokenCounter } from "../tokens/TokenCounter.ts";
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
  /** Least Q per policy, from system_config. */
  readonly minQuality?: Readonly<Partial<Record<"moderate" | "aggressive", number>>>;
}

const SHIPPED_MIN_QUALITY = { moderate: 4.9, aggressive: 4.5 } as const;
/** Views remembered by hash: compressing one again gives itself. */
const REMEMBERED_VIEWS = 1_000;

export class TokenCompressor {
  readonly #counter: TokenCounter;
  readonly #clock: Clock;
  readonly #minQuality: Readonly<Record<"moderate" | "aggressive", number>>;
  readonly #views = new LRUCache<string, true>({ max: REMEMBERED_VIEWS });

  constructor({ counter, clock = systemClock, minQuality = {} }: TokenCompressorOptions) {
    this.#counter = counter;
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
    return this.compressNow(content, { ...options, targetTokens, quality });
  }

  /** The same at once, for contents that are short enough not to hold up everything else (64 KB). */
  compressNow(
    content: string,
    options: CompressOptions & { readonly targetTokens?: number | null | undefined; readonly quality?: number | null | undefined } = {},
  ): CompressedContent {
    const job = this.#jobOf(content, options);
    const key = sha256(content).toString("base64");
    // A view of ours is known by its hash, never by its looks: nobody can pass a text off as one.
    const isOwnView = this.#views.has(key) && (job.targetTokens === null || this.#counter.count(content) <= job.targetTokens);
    const tools: JobTools = {
      counter: this.#counter,
      now: () => this.#clock.monotonicMs(),
      ...(options.onQuality === undefined ? {} : { onQuality: options.onQuality }),
    };
    const made = compressContent(isOwnView ? { ...job, level: 0, targetTokens: null, minQuality: null } : job, tools);
    if (made.outcome !== "passthrough") this.#views.set(sha256(made.view).toString("base64"), true);
    return made;
  }

  #jobOf(
    content: string,
    options: CompressOptions & { readonly targetTokens?: number | null | undefined; readonly quality?: number | null | undefined },
  ): CompressJob {
    const { policy = "moderate", exact = false } = options;
    const targetTokens = options.targetTokens ?? null;
    const quality = options.quality ?? null;
    if (targetTokens !== null && !(Number.isFinite(targetTokens) && targetTokens > 0))
      throw badLimit("targetTokens", targetTokens, "more than 0");
    if (quality !== null && !(quality >= 0 && quality <= 5)) throw badLimit("quality", quality, "0 to 5, or a fraction up to 1");
    const level = exact ? 0 : (options.level ?? (policy === "minimal" ? 0 : 2));
    const explicit = quality === null ? null : quality <= 1 ? quality * 5 : quality;
    const byPolicy = options.minQuality ?? this.#minQuality[policy === "aggressive" ? "aggressive" : "moderate"];
    return {
      content,
      level: level === 3 ? 2 : level,
      ...(options.task === undefined ? {} : { task: options.task }),
      ...(options.fields === undefined ? {} : { fields: options.fields }),
      targetTokens,
      minQuality: explicit ?? (targetTokens === null ? byPolicy : (options.minQuality ?? null)),
      compares: explicit === null ? "bound" : "estimate",
    };
  }
}

function badLimit(field: string, got: number, expected: string): AppError {
  return new AppError("USAGE", `${field} is ${got}; expected ${expected}`, { details: { field, got: String(got), expected } });
}
