// The smallest of views: JSON without its blanks, every number and text as it was written. Anything else is passed through.
import type { CompressedContent } from "../orchestration/types.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { ViewCompressor } from "./types.ts";

export class JsonMinifier implements ViewCompressor {
  readonly #counter: TokenCounter;

  constructor(counter: TokenCounter) {
    this.#counter = counter;
  }

  compressNow(content: string): CompressedContent {
    const minified = minifyJson(content);
    const tokensIn = this.#counter.count(content);
    const tokensOut = minified === null ? tokensIn : this.#counter.count(minified);
    const isShorter = minified !== null && tokensOut < tokensIn;
    return {
      view: isShorter ? minified : content,
      tokensIn,
      tokensOut: isShorter ? tokensOut : tokensIn,
      lossless: true,
      quality: 5,
      qualityLowerBound: 5,
      level: 0,
      stages: [],
      facts: { total: 0, retained: 0, recoverable: 0, lost: 0 },
      handles: [],
      outcome: isShorter ? "ok" : "passthrough",
    };
  }
}

/** @returns null when `content` is not JSON */
export function minifyJson(content: string): string | null {
  try {
    JSON.parse(content);
  } catch {
    return null;
  }
  const pieces: string[] = [];
  let from = 0;
  for (let at = 0; at < content.length; at += 1) {
    const character = content[at] ?? "";
    if (character === '"') at = endOfText(content, at);
    else if (BLANKS.has(character)) {
      if (at > from) pieces.push(content.slice(from, at));
      from = at + 1;
    }
  }
  pieces.push(content.slice(from));
  return pieces.join("");
}

const BLANKS = new Set([" ", "\t", "\n", "\r"]);

/** Index of the quotation mark that ends the text which begins at `start`. */
function endOfText(content: string, start: number): number {
  let at = start + 1;
  while (at < content.length && content[at] !== '"') at += content[at] === "\\" ? 2 : 1;
  return at;
}
