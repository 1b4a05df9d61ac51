// What others would do with the same content: head truncation, minifying and tag stripping, TOON, BM25 over lines. Task-blind but the last.
import { encode as encodeToon } from "@toon-format/toon";
import { stemmer } from "stemmer";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";

/** The longest beginning that has no more tokens. */
export function headTruncate(counter: TokenCounter, text: string, tokens: number): string {
  return longest(text, (head) => counter.count(head) <= tokens);
}

function longest(text: string, fits: (head: string) => boolean): string {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
}

/** JSON without white space; markup without its tags; else single blanks. The content itself where that is no shorter. */
export function minify(counter: TokenCounter, text: string): string {
  return shorter(counter, text, parse(text) ?? withoutTags(text));
}

function parse(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function withoutTags(text: string): string {
  const isMarkup = /^\s*<(?:!doctype|html|\?xml)/i.test(text);
  const bare = isMarkup ? text.replace(/<(script|style|svg)\b[^>]*>[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ") : text;
  return bare
    .replace(/[ \t]+/g, " ")
    .replace(/ ?\n[\s]*/g, "\n")
    .trim();
}

export function toon(counter: TokenCounter, text: string): string {
  try {
    return shorter(counter, text, encodeToon(JSON.parse(text)));
  } catch {
    return text;
  }
}

function shorter(counter: TokenCounter, text: string, other: string): string {
  return counter.count(other) < counter.count(text) ? other : text;
}

/** The best lines for the task, in their own order, as many as fit. A document of few long lines is cut by sentence end or comma instead. */
export function bestLines(counter: TokenCounter, text: string, task: string, tokens: number): string {
  const lines = text.split("\n").length >= 8 ? text.split("\n") : text.split(/(?<=[.!?,>])\s*/);
  const scores = scoreByBm25(lines.map(wordsOf), wordsOf(task));
  const order = scores.map((_, index) => index).sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0) || left - right);
  const kept = new Set<number>();
  let used = 0;
  for (const index of order) {
    const cost = counter.count(`${lines[index]}\n`);
    if (used + cost > tokens) continue;
    kept.add(index);
    used += cost;
  }
  return lines.filter((_, index) => kept.has(index)).join("\n");
}

export function wordsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => stemmer(word));
}

/** Okapi BM25 with k1 = 1.2, b = 0.75 (Robertson and Zaragoza 2009). */
export function scoreByBm25(documents: readonly (readonly string[])[], query: readonly string[]): readonly number[] {
  const average = documents.reduce((sum, words) => sum + words.length, 0) / Math.max(1, documents.length);
  const wanted = new Set(query);
  const frequency = new Map<string, number>();
  for (const words of documents)
    for (const word of new Set(words)) if (wanted.has(word)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  return documents.map((words) => {
    const counts = new Map<string, number>();
    for (const word of words) if (wanted.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    let score = 0;
    for (const [word, count] of counts) {
      const inDocuments = frequency.get(word) ?? 0;
      const idf = Math.log(1 + (documents.length - inDocuments + 0.5) / (inDocuments + 0.5));
      score += (idf * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * words.length) / Math.max(1, average)));
    }
    return score;
  });
}
