// Makes the view of one content under a policy, or leaves it raw: too short, not worth it, or refused by its checks. It sends nothing and stores nothing.
import type { TokenCompressor } from "./TokenCompressor.ts";
import type { CompressedContent, ViewPolicy } from "./types.ts";

/** The part of `TokenCompressor` that views need. */
export type ViewCompressor = Pick<TokenCompressor, "compress">;

export interface ViewRequest {
  readonly content: string;
  readonly policy: ViewPolicy;
  /** The step's instruction. */
  readonly task?: string;
  /** Names that output schema and later readers of the step's output use; absent: no projection by the graph. */
  readonly fields?: readonly string[];
  /** To be reached as long as what is pinned fits. Absent: cut only while quality holds. */
  readonly targetTokens?: number;
}

export interface View {
  readonly text: string;
  /** Tokens of `text`. null: it was too short to be counted. */
  readonly tokens: number | null;
  /** null: the content goes raw; `why` says why. */
  readonly made: CompressedContent | null;
  readonly why: string;
}

/** A view that leaves something out must save at least this share: less is no gain for anybody. */
const LEAST_SHARE_SAVED = 0.03;

/** Whether a view pays: nothing is lost, or enough is saved. Making it costs no tokens. */
export function isWorthIt({ lossless, tokensIn, tokensOut }: Pick<CompressedContent, "lossless" | "tokensIn" | "tokensOut">): boolean {
  const saved = tokensIn - tokensOut;
  return saved > 0 && (lossless || saved >= tokensIn * LEAST_SHARE_SAVED);
}

/** Below this many characters (about 200 tokens) nothing is gained that anybody would notice. */
const MIN_CHARACTERS = 600;

export class ViewMaker {
  readonly #compressor: ViewCompressor;

  constructor({ compressor }: { readonly compressor: ViewCompressor }) {
    this.#compressor = compressor;
  }

  async make({ content, policy, task, fields, targetTokens }: ViewRequest): Promise<View> {
    if (content.length < MIN_CHARACTERS) return { text: content, tokens: null, made: null, why: "too short" };
    const made = await this.#compressor.compress(content, targetTokens ?? null, null, {
      level: policy.level,
      ...(policy.level < 1 ? {} : { minQuality: policy.minQuality }),
      ...(task === undefined ? {} : { task }),
      ...(fields === undefined ? {} : { fields }),
    });
    if (made.outcome === "passthrough" || !isWorthIt(made))
      return { text: content, tokens: made.tokensIn, made: null, why: "nothing to gain" };
    return { text: made.view, tokens: made.tokensOut, made, why: `level ${made.level}` };
  }
}
