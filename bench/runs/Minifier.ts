// The baseline of views: JSON without its blanks, all else as it is.
import type { ViewCompressor } from "../../lib/ai-sdk/types.ts";
import { minifyNode, parseJson } from "../../lib/orchestration/compression/lossless/parseJson.ts";
import type { CompressedContent } from "../../lib/orchestration/types.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";

export class Minifier implements ViewCompressor {
  readonly #counter: TokenCounter;

  constructor(counter: TokenCounter) {
    this.#counter = counter;
  }

  compress(content: string): Promise<CompressedContent> {
    const node = parseJson(content);
    const view = node === null ? content : minifyNode(node);
    return Promise.resolve({
      view,
      tokensIn: this.#counter.count(content),
      tokensOut: this.#counter.count(view),
      lossless: true,
      quality: 5,
      qualityLowerBound: 5,
      level: 0,
      stages: [],
      facts: { total: 0, retained: 0, recoverable: 0, lost: 0 },
      handles: [],
      outcome: view === content ? "passthrough" : "ok",
    });
  }
}
