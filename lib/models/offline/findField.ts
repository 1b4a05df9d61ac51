// Finds the value that a field of that name asks for: in the keys of the data, in labelled lines of a text, or by its shape. Ambiguous is not found.
import { isJsonObject, type JsonValue } from "../../core/json.ts";

const MAX_VISITED = 5_000;
const SHAPES: readonly (readonly [RegExp, RegExp])[] = [
  [/e-?mail/i, /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  [/\b(?:url|link|website|homepage)\b/i, /https?:\/\/[^\s"'<>)\]]+/g],
  [/phone|mobile|telephone/i, /\+?\d[\d ()/-]{6,}\d/g],
  [/date|\bday\b|deadline|\bdue\b/i, /\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b/g],
];

/** @returns undefined when the data has no such key, or several that fit alike */
export function findKey(name: string, data: JsonValue): JsonValue | undefined {
  const wanted = plain(name);
  const exact = new Set<JsonValue>();
  const near = new Set<JsonValue>();
  const queue: JsonValue[] = [data];
  for (let visited = 0; visited < Math.min(queue.length, MAX_VISITED); visited += 1) {
    const node = queue[visited]!;
    if (!isJsonObject(node)) continue;
    for (const [key, value] of Object.entries(node)) {
      if (value === undefined || value === null) continue;
      const found = plain(key);
      if (found === wanted) exact.add(value);
      else if (isNear(wanted, found)) near.add(value);
      if (isJsonObject(value)) queue.push(value);
    }
    // The nearest level wins: an order's own id, not its customer's.
    if (exact.size > 0) break;
  }
  const candidates = exact.size > 0 ? exact : near;
  return candidates.size === 1 ? [...candidates][0] : undefined;
}

/** `customer_name` for `customerName`, `total` for `invoice total`. */
function isNear(wanted: string, found: string): boolean {
  if (wanted.length < 4 || found.length < 4) return false;
  return wanted.endsWith(found) || found.endsWith(wanted);
}

export function findInText(name: string, text: string): string | undefined {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll(/[_-]+/g, " ")
    .trim();
  const spaced = words.split(" ").map(escape).join("[\\s_-]*");
  const labelled = new RegExp(
    `(?:^|[\\n,;|(*])[^\\S\\n]*[-*]*[^\\S\\n]*${spaced}[^\\S\\n]*\\**[^\\S\\n]*[:=][^\\S\\n]*([^\\n]{1,300})`,
    "i",
  ).exec(text)?.[1];
  if (labelled !== undefined) return trimmed(labelled);
  const shape = SHAPES.find(([called]) => called.test(words))?.[1];
  if (shape === undefined) return undefined;
  const found = new Set(text.match(shape) ?? []);
  return found.size === 1 ? [...found][0]!.trim() : undefined;
}

export function findAllInText(name: string, text: string): string[] {
  const shape = SHAPES.find(([called]) => called.test(name))?.[1];
  return shape === undefined ? [] : [...new Set(text.match(shape) ?? [])].map((match) => match.trim());
}

function trimmed(value: string): string {
  return value
    .replaceAll("**", "")
    .trim()
    .replace(/^["'](.*)["']$/, "$1");
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function escape(word: string): string {
  return word.replaceAll(/[^\p{L}\p{N}]/gu, "\\$&");
}
