// Results that a call shows whole, by which later ones of the same call can be said in fewer words. It keeps nothing beyond the call.
import { encodeRelative } from "../orchestration/loops/relativeJson.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";

/** The call that a result is of. */
export interface ResultOf {
  readonly toolName: string;
  readonly input: unknown;
}

interface WholeResult {
  readonly key: string;
  readonly label: string;
  readonly content: string;
}

export interface RelativeView {
  readonly view: string;
  readonly tokens: number;
  /** Key of the result that the view refers to: without it the view says nothing. */
  readonly base: string;
}

/** Longer calls make a reference that is no gain. */
const LONGEST_LABEL_CHARS = 120;
/** Later results are like the latest ones; each candidate costs an encoding and a count. */
const MOST_CANDIDATES = 5;

export class WholeResults {
  readonly #labels = new Set<string>();
  readonly #doubles = new Set<string>();
  #results: WholeResult[] = [];

  has(key: string): boolean {
    return this.#results.some((result) => result.key === key);
  }

  /** To be told of every result in order, before it is shown. Two results of one call cannot be told apart by their call: neither is referred to. */
  see(call: ResultOf): void {
    const label = labelOf(call);
    if (this.#labels.has(label)) {
      this.#doubles.add(label);
      this.#results = this.#results.filter((result) => result.label !== label);
    }
    this.#labels.add(label);
  }

  /** To be told after `see` of those that are shown whole. */
  add(key: string, call: ResultOf, content: string): void {
    const label = labelOf(call);
    if (this.#doubles.has(label) || label.length > LONGEST_LABEL_CHARS || !/^\s*[[{]/.test(content)) return;
    this.#results.push({ key, label, content });
  }

  /** The shortest way to say `content` by one of the latest whole results; null when none has fewer than `tokens`. */
  relate(content: string, tokens: number, counter: TokenCounter): RelativeView | null {
    let best: RelativeView | null = null;
    for (const { key, label, content: base } of this.#results.slice(-MOST_CANDIDATES)) {
      const text = encodeRelative(content, base);
      if (text === null) continue;
      const view = `[keys in the order of ${label}; = is the same value]\n${text}`;
      const viewTokens = counter.count(view);
      if (viewTokens < (best?.tokens ?? tokens)) best = { view, tokens: viewTokens, base: key };
    }
    return best;
  }
}

/** The call as a reader of the messages knows it: `get_order(A-1007)`. */
function labelOf({ toolName, input }: ResultOf): string {
  const values = typeof input === "object" && input !== null ? Object.values(input) : [input];
  return `${toolName}(${values.map((value) => (typeof value === "string" ? value : JSON.stringify(value ?? null))).join(", ")})`;
}
