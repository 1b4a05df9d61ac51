// Tells JSON, prose, code and the rest apart by a short sample. A hint for the tokenizer factor; it parses nothing.
import type { ContentType } from "./types.ts";

const SAMPLE_CHARS = 1_500;
const CODE_MARKS =
  /(?:^|\n)\s*(?:import |export |from \S+ import|function |class |def |const |let |var |public |private |#include|package |return\b|if ?\(|for ?\(|\}|<\/?[a-z]+|SELECT )/g;

export function detectContentType(text: string): ContentType {
  const sample = text.slice(0, SAMPLE_CHARS);
  const trimmed = sample.trimStart();
  if (/^[[{]\s*(?:["[{\]}\d-]|true|false|null)/.test(trimmed)) return "json";
  if (trimmed === "") return "other";
  const wordChars = countMatches(sample, /[A-Za-z \u00c0-\u024f]/g);
  const symbols = countMatches(sample, /[{};=<>()]/g);
  const beyondLatin = countMatches(sample, /[\u0250-\uffff]/g);
  if (beyondLatin > sample.length * 0.25) return "other";
  const lines = sample.split("\n").length;
  const codeLines = countMatches(sample, CODE_MARKS);
  if (symbols > sample.length * 0.025 && codeLines >= Math.max(1, lines * 0.15)) return "code";
  return wordChars >= sample.length * 0.85 ? "prose" : "other";
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
