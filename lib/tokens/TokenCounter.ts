// Counts tokens: exact o200k, times a learned factor for models with another vocabulary. It prices nothing and stores nothing.
import { LRUCache } from "lru-cache";
import { sha256 } from "../core/ids.ts";
import { Calibration } from "./calibration.ts";
import { detectContentType } from "./contentType.ts";
import { cutLongRuns } from "./longRuns.ts";
import { requestBlocks } from "./requestBlocks.ts";
import type { ContentType, CountableRequest, CountOptions, RequestCount } from "./types.ts";

type Count = (text: string) => number;

/** Blocks repeat from call to call of a loop; shorter ones are counted faster than hashed. */
const CACHED_FROM_CHARS = 400;
const CACHED_BLOCKS = 5_000;
/** Below this share of a request a content type says too little about its factor. */
const MIN_SHARE_TO_LEARN = 0.5;
const MIN_TOKENS_TO_LEARN = 50;

let loading: Promise<Count> | undefined;

/** The vocabulary costs 0.2 s to load and 30 MB: only once, and only for those who count. */
async function loadEncoding(): Promise<Count> {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, options);
}

interface BlockCount {
  readonly tokens: number;
  readonly contentType: ContentType;
}

export class TokenCounter {
  readonly calibration: Calibration;
  readonly #encode: Count;
  readonly #blocks = new LRUCache<string, BlockCount>({ max: CACHED_BLOCKS });

  private constructor(encode: Count, calibration: Calibration) {
    this.#encode = encode;
    this.calibration = calibration;
  }

  /** Loads the vocabulary (once per process); after that counting is synchronous. */
  static async load(calibration: Calibration = new Calibration()): Promise<TokenCounter> {
    loading ??= loadEncoding();
    return new TokenCounter(await loading, calibration);
  }

  /** Expected tokens of `text`; without a model plain o200k. Never throws on special tokens or lone surrogates. */
  count(text: string, options: CountOptions = {}): number {
    const block = this.#block(text);
    if (options.model === undefined) return block.tokens;
    const { factor } = this.calibration.getFactor(options.provider, options.model, options.contentType ?? block.contentType);
    return Math.ceil(block.tokens * factor);
  }

  /** The most that `text` hardly ever passes with this model. */
  countUpper(text: string, options: CountOptions = {}): number {
    const block = this.#block(text);
    const { upper } = this.calibration.getFactor(options.provider, options.model, options.contentType ?? block.contentType);
    return Math.ceil(block.tokens * upper);
  }

  /** True when the model counts as we do: no factor stands between our count and its own. */
  hasOwnVocabulary(provider: string, model: string): boolean {
    return (["prose", "json"] as const).every((type) => this.calibration.getFactor(provider, model, type).factor === 1);
  }

  /** Everything that is billed as input: system, messages, tools, output schema, wrapping. */
  countRequest(request: CountableRequest): RequestCount {
    const { texts, overheadTokens, upperOverheadTokens } = requestBlocks(request);
    let tokens = overheadTokens;
    let upperTokens = upperOverheadTokens;
    for (const text of texts) {
      const block = this.#block(text);
      const { factor, upper } = this.calibration.getFactor(request.provider, request.model, block.contentType);
      tokens += block.tokens * factor;
      upperTokens += block.tokens * upper;
    }
    return { tokens: Math.ceil(tokens), upperTokens: Math.ceil(Math.max(tokens, upperTokens)) };
  }

  /** Corrects the factor of the content type that makes up most of the request by what the provider reported. */
  observeRequest(request: CountableRequest & { readonly provider: string }, reportedInputTokens: number): void {
    const { texts, overheadTokens } = requestBlocks(request);
    const shares: Record<ContentType, number> = { json: 0, prose: 0, code: 0, other: 0 };
    let expected = 0;
    for (const text of texts) {
      const block = this.#block(text);
      const { factor } = this.calibration.getFactor(request.provider, request.model, block.contentType);
      shares[block.contentType] += block.tokens * factor;
      expected += block.tokens * factor;
    }
    const [contentType, share] = (Object.entries(shares) as [ContentType, number][]).reduce((best, next) =>
      next[1] > best[1] ? next : best,
    );
    const reported = reportedInputTokens - overheadTokens;
    if (expected < MIN_TOKENS_TO_LEARN || reported <= 0 || share < expected * MIN_SHARE_TO_LEARN) return;
    const { factor } = this.calibration.getFactor(request.provider, request.model, contentType);
    this.calibration.observe({ provider: request.provider, model: request.model, contentType }, (factor * reported) / expected);
  }

  #block(text: string): BlockCount {
    if (text.length < CACHED_FROM_CHARS) return this.#countBlock(text);
    const key = sha256(text).toString("base64");
    const cached = this.#blocks.get(key);
    if (cached !== undefined) return cached;
    const counted = this.#countBlock(text);
    this.#blocks.set(key, counted);
    return counted;
  }

  #countBlock(text: string): BlockCount {
    let tokens = 0;
    for (const piece of cutLongRuns(text)) tokens += this.#encode(piece);
    return { tokens, contentType: detectContentType(text) };
  }
}
