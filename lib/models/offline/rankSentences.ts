// Picks the sentences that say most. Whole sentences only, in their own order: nothing is reworded, so nothing is invented.
import { createRequire } from "node:module";
import type winkNLP from "wink-nlp";
import type { Model, WinkMethods } from "wink-nlp";
import { looksEnglish, splitSentences, stems } from "./words.ts";

/** The language model costs 0.3 s to load and 1.3 ms per KB: worth it for a page, not for a book. */
const MAX_MODEL_CHARS = 40_000;
const MIN_MODEL_CHARS = 600;
const MAX_SENTENCE_CHARS = 700;
const MIN_LINES = 5;
const MIN_LINE_SHARE = 0.9;
const TASK_WEIGHT = 0.6;
const FIGURE_WEIGHT = 0.15;
/** In lines of a log: what a reader of logs looks for. */
const SEVERE_WEIGHT = 1;
const SEVERE = /\b(?:ERROR|FATAL|CRITICAL|SEVERE)\b/i;
const FIRST_WEIGHT = 0.2;

interface Ranked {
  readonly sentence: string;
  readonly index: number;
  readonly score: number;
}

let loading: WinkMethods | undefined;

function loadWink(): WinkMethods {
  if (loading !== undefined) return loading;
  // CommonJS packages without types for the import form that Node needs.
  const require = createRequire(import.meta.url);
  const create = require("wink-nlp") as typeof winkNLP;
  loading = create(require("wink-eng-lite-web-model") as Model, ["sbd", "pos"]);
  return loading;
}

/** The `count` most telling sentences, in the order of the text. */
export function pickSentences(text: string, count: number, task: string): string[] {
  const ranked = rank(text, task);
  const best = ranked.toSorted((left, right) => right.score - left.score || left.index - right.index).slice(0, count);
  return best.toSorted((left, right) => left.index - right.index).map((entry) => entry.sentence);
}

function rank(text: string, task: string): Ranked[] {
  const taskStems = new Set(stems(task));
  const { sentences, importance } = weigh(text);
  const severeWeight = isLineByLine(text) ? SEVERE_WEIGHT : 0;
  const top = Math.max(...importance, 1e-9);
  const seen = new Set<string>();
  return sentences.flatMap((sentence, index) => {
    if (sentence.length > MAX_SENTENCE_CHARS || seen.has(sentence)) return [];
    seen.add(sentence);
    const words = stems(sentence);
    if (words.length < 2) return [];
    const shared = words.filter((word) => taskStems.has(word)).length / Math.max(taskStems.size, 1);
    const score =
      importance[index]! / top +
      TASK_WEIGHT * shared +
      (/\d/.test(sentence) ? FIGURE_WEIGHT : 0) +
      (index === 0 ? FIRST_WEIGHT : 0) +
      (SEVERE.test(sentence) ? severeWeight : 0);
    return [{ sentence, index, score }];
  });
}

function weigh(text: string): { sentences: string[]; importance: number[] } {
  if (text.length >= MIN_MODEL_CHARS && text.length <= MAX_MODEL_CHARS && looksEnglish(text) && !isLineByLine(text)) {
    const wink = loadWink();
    const document = wink.readDoc(text);
    // oxlint-disable-next-line typescript/unbound-method -- the package's own way: accessors are passed by reference
    const weights = document.out(wink.its.sentenceWiseImportance) as unknown as { index: number; importance: number }[];
    // It finds words that sentences share; a short text of many subjects has none.
    if (weights.some((weight) => weight.importance > 0)) {
      const sentences = document
        .sentences()
        .out()
        .map((sentence) => sentence.replaceAll(/\s+/g, " ").trim());
      return { sentences, importance: weights.map((weight) => weight.importance) };
    }
  }
  return weighByFrequency(text);
}

/** Logs and lists: their lines begin anew, those of wrapped prose go on in the middle of a sentence. The language model would join them. */
function isLineByLine(text: string): boolean {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length >= MIN_LINES && lines.filter((line) => /^[\d[(<*-]/.test(line)).length > lines.length * MIN_LINE_SHARE;
}

/** Frequent words of the text mark its subject; long sentences must not win by length alone. */
function weighByFrequency(text: string): { sentences: string[]; importance: number[] } {
  const sentences = splitSentences(text);
  const words = sentences.map((sentence) => stems(sentence));
  const frequency = new Map<string, number>();
  for (const word of words.flat()) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const importance = words.map((list) => {
    const sum = [...new Set(list)].reduce((total, word) => total + Math.log1p(frequency.get(word) ?? 0), 0);
    return sum / Math.sqrt(Math.max(list.length, 4));
  });
  return { sentences, importance };
}
