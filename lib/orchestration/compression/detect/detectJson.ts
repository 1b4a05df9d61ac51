// Tells JSON and NDJSON from texts that only begin like them, by parsing. It keeps no value.
import type { DetectedType } from "./DetectedType.ts";

/** JSON beyond this size is only checked at both ends. */
const LARGEST_PARSED = 4_000_000;
/** NDJSON is checked within these limits. */
const CHECKED_CHARS = 200_000;
const CHECKED_LINES = 40;

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isJson(trimmed: string, closer: string): boolean {
  if (!trimmed.endsWith(closer)) return false;
  if (trimmed.length <= LARGEST_PARSED) return parses(trimmed);
  return /^[[{]\s*(?:"|\d|-|\{|\[|true|false|null)/.test(trimmed.slice(0, 200));
}

function ndjsonShare(trimmed: string): number {
  const lines = trimmed
    .slice(0, CHECKED_CHARS)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (trimmed.length > CHECKED_CHARS) lines.pop();
  if (lines.length < 2) return 0;
  const checked = lines.slice(0, CHECKED_LINES);
  return checked.filter((line) => /^\s*[[{]/.test(line) && parses(line)).length / checked.length;
}

export function detectJson(content: string): DetectedType | undefined {
  const first = content.charAt(content.search(/\S/));
  if (first !== "{" && first !== "[") return undefined;
  const trimmed = content.trim();
  if (isJson(trimmed, first === "{" ? "}" : "]")) return { type: "json", confidence: trimmed.length > LARGEST_PARSED ? 0.8 : 1 };
  const share = ndjsonShare(trimmed);
  return share >= 0.95 ? { type: "ndjson", confidence: share } : undefined;
}
