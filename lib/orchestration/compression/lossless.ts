// The shortest exact form of a JSON or NDJSON text, and the way back. It leaves nothing out and converts no number.
import { ASCII_LINE, escapedLetters, plainLetters } from "./lossless/asciiEscapes.ts";
import { readBlocks, writeBlocks } from "./lossless/blockText.ts";
import { writeInline } from "./lossless/inlineJson.ts";
import { minifyNode, parseJson, type JsonNode } from "./lossless/parseJson.ts";

export interface LosslessView {
  readonly view: string;
  /** `relaxed`: JSON without needless quotes; `columnar`: lines and tables; `none`: the content as it is. */
  readonly encoding: "minified" | "relaxed" | "columnar" | "none";
}

/** Longer texts are counted in part to choose a form. */
const SAMPLE_CHARS = 64_000;

/**
 * The candidate with the fewest tokens by `count`.
 * @returns null when the content is neither JSON nor NDJSON, is nested deeper than 120 levels, or no form has fewer tokens
 */
export function encodeLossless(content: string, count: (text: string) => number): LosslessView | null {
  const node = documentOf(content);
  if (node === null) return null;
  const minified = minifyNode(node);
  const sampled = (text: string): number =>
    text.length <= SAMPLE_CHARS ? count(text) : (count(text.slice(0, SAMPLE_CHARS)) * text.length) / SAMPLE_CHARS;
  const plain = plainLetters(content);
  const plainNode = plain === null ? null : documentOf(plain);
  const candidates: LosslessView[] = [
    { view: content, encoding: "none" },
    ...formsOf(node, minified),
    ...(plainNode === null
      ? []
      : formsOf(plainNode, minifyNode(plainNode)).map(({ view, encoding }) => ({ view: `${ASCII_LINE}${view}`, encoding }))),
  ];
  const ranked = candidates.map((candidate) => ({ candidate, tokens: sampled(candidate.view) })).sort((a, b) => a.tokens - b.tokens);
  // A form that does not come back is no form, whatever the reason.
  const best = ranked.find(
    ({ candidate: { view, encoding } }) => encoding === "none" || view === minified || decodeLossless(view) === minified,
  );
  if (best === undefined || best.candidate.encoding === "none") return null;
  return best.candidate.view.length > SAMPLE_CHARS && count(best.candidate.view) >= count(content) ? null : best.candidate;
}

function formsOf(node: JsonNode, minified: string): LosslessView[] {
  const blocks = writeBlocks(node);
  return [
    { view: minified, encoding: "minified" },
    { view: writeInline(node, "line", ","), encoding: "relaxed" },
    ...(blocks === null ? [] : [{ view: blocks, encoding: "columnar" } as const]),
  ];
}

/** JSON; lines of JSON become an array. */
export function documentOf(content: string): JsonNode | null {
  const text = content.codePointAt(0) === 0xfeff ? content.slice(1) : content;
  const whole = parseJson(text);
  if (whole !== null) return whole.kind === "leaf" ? null : whole;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2 || !/^\s*[[{]/.test(lines[0] ?? "")) return null;
  const items: JsonNode[] = [];
  for (const line of lines) {
    const item = parseJson(line);
    if (item === null) return null;
    items.push(item);
  }
  return { kind: "array", items };
}

/**
 * The minified JSON text that a view of `encodeLossless` stands for: numbers and strings as in the source. NDJSON comes back as
 * one array of its lines.
 */
export function decodeLossless(view: string): string {
  if (view.startsWith(ASCII_LINE)) return escapedLetters(decodeLossless(view.slice(ASCII_LINE.length)));
  if (isJson(view)) return view;
  return minifyNode(readBlocks(view));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
