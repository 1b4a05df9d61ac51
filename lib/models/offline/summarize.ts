// Summaries of texts and tables out of their own sentences and figures, as long as the task allows.
import type { JsonValue } from "../../core/json.ts";
import { describeData } from "./describeData.ts";
import { pickSentences } from "./rankSentences.ts";
import { readableText } from "./readableText.ts";
import { splitSentences } from "./words.ts";

const DEFAULT_SENTENCES = 5;
const DEFAULT_FACTS = 14;
const NUMBER_WORDS: Readonly<Record<string, number>> = {
  a: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
};
/** Longer texts are read in passages spread evenly over them. */
const MAX_TEXT_CHARS = 120_000;
const PASSAGE_CHARS = 4_000;

export interface Summary {
  readonly sentences: readonly string[];
  /** That only a part was read, or "". */
  readonly notice: string;
}

export function summarize(data: JsonValue, text: string, task: string): Summary {
  const asked = sentenceCount(task);
  if (data !== null) {
    const facts = describeData(data, task).slice(0, asked ?? DEFAULT_FACTS);
    return { sentences: limitWords(facts, task), notice: "" };
  }
  const { sample, notice } = samplePassages(readableText(text));
  const count = asked ?? Math.min(DEFAULT_SENTENCES, Math.max(1, Math.ceil(splitSentences(sample.slice(0, 20_000)).length / 3)));
  const picked = pickSentences(sample, count, task);
  return { sentences: limitWords(picked.length > 0 ? picked : splitSentences(sample).slice(0, count), task), notice };
}

export function isBulleted(task: string): boolean {
  return /\bbullet|\bkey points|\blist\b/i.test(task);
}

function sentenceCount(task: string): number | null {
  const match =
    /\b(\d{1,2}|a|one|two|three|four|five|six|seven|eight|nine|ten)(?:\s+to\s+\d+)?[\s-]+(?:\w+\s+)?(?:sentences?|bullets?(?: points?)?|points|lines)\b/i.exec(
      task,
    );
  if (match === null) return null;
  const word = match[1]!.toLowerCase();
  return Math.max(1, NUMBER_WORDS[word] ?? Number(word));
}

function limitWords(sentences: readonly string[], task: string): string[] {
  const limit = /\b(?:under|at most|max(?:imum)?(?: of)?|up to|within|no more than|fewer than|less than)\s+(\d{1,4})\s+words\b/i.exec(
    task,
  )?.[1];
  if (limit === undefined) return [...sentences];
  let left = Number(limit);
  return sentences.filter((sentence) => {
    const words = sentence.split(/\s+/).length;
    if (words > left) return false;
    left -= words;
    return true;
  });
}

function samplePassages(text: string): { sample: string; notice: string } {
  if (text.length <= MAX_TEXT_CHARS) return { sample: text, notice: "" };
  const count = Math.floor(MAX_TEXT_CHARS / PASSAGE_CHARS);
  const step = (text.length - PASSAGE_CHARS) / (count - 1);
  const passages = Array.from({ length: count }, (_, index) => {
    const start = Math.round(index * step);
    const passage = text.slice(start, start + PASSAGE_CHARS);
    // Whole sentences only: the cut ones at both ends are dropped.
    return passage.replace(start === 0 ? /^/ : /^[\s\S]*?(?:[.!?]\s|\n)/, "").replace(/(?<=[.!?\n])[^.!?\n]*$/, "");
  });
  return { sample: passages.join("\n"), notice: `Read in ${count} passages spread over ${text.length} characters.` };
}
