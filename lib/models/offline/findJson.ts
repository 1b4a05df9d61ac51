// Finds the first JSON object or array inside a text. Linear but for a bounded number of false starts.
import type { JsonValue } from "../../core/json.ts";

export interface FoundJson {
  readonly value: JsonValue;
  readonly start: number;
  readonly end: number;
}

const MAX_STARTS = 20;

export function findJson(text: string): FoundJson | null {
  const opener = /[[{]/g;
  for (let tries = 0; tries < MAX_STARTS; tries += 1) {
    const match = opener.exec(text);
    if (match === null) return null;
    const end = closingIndex(text, match.index);
    if (end < 0) continue;
    const value = parse(text.slice(match.index, end));
    // `[1]` and `{}` inside prose are footnotes, not data.
    if (value !== undefined && (end - match.index > 8 || match.index === 0)) return { value, start: match.index, end };
    if (value !== undefined) opener.lastIndex = end;
  }
  return null;
}

function closingIndex(text: string, start: number): number {
  let depth = 0;
  let isInString = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (isInString) {
      if (character === "\\") index += 1;
      else if (character === '"') isInString = false;
      continue;
    }
    if (character === '"') isInString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return -1;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
