// The values an assistant used (arguments of its tool calls) or stated (figures, ids, dates, addresses), and where they stand. It judges no view.
import type { RecordedAnswer } from "./recordedLoops.ts";

/** Words with a digit, addresses, codes in capitals: what can only have been read somewhere. */
const STATED = /[\p{L}\p{N}_#@.:/+-]*(?:\p{N}|@)[\p{L}\p{N}_#@.:/+-]*|\b\p{Lu}{3,}\b/gu;
const EDGES = /^[.:/+#-]+|[.:/+-]+$/g;
const MIN_CHARS = 2;

export function valuesOf({ text, inputs }: RecordedAnswer): ReadonlySet<string> {
  const stated = text.replaceAll(/(?<=\d),(?=\d{3})/g, "").match(STATED) ?? [];
  const values = [...stated.map((value) => value.replaceAll(EDGES, "")), ...inputs.flatMap(leavesOf)];
  return new Set(values.filter((value) => value.length >= MIN_CHARS));
}

function leavesOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** Whether `value` stands in `text` as a whole: `12` does not stand in `2012`. */
export function standsIn(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    if (!isWordPart(text[at - 1], value[0]) && !isWordPart(text[at + value.length], value.at(-1))) return true;
  }
  return false;
}

function isWordPart(neighbour: string | undefined, edge: string | undefined): boolean {
  return isWord(neighbour) && isWord(edge);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
