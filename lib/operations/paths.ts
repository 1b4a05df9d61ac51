// Paths into JSON values: `a.b[0]['Key with spaces'][*].c`. Parsing and strict lookup of own keys; no guessing of case or spelling.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { describeKeys, describeValue } from "./describeValue.ts";
import { didYouMean } from "./didYouMean.ts";

export type PathSegment =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  /** `[*]`: the rest of the path is read from every element; a second `[*]` adds its elements to the same list. */
  | { readonly kind: "each" };

export interface PathFailure {
  readonly found: false;
  /** What is wrong, as a clause: `it has no key "cuont"`. */
  readonly problem: string;
  /** The part of the path that was read successfully. */
  readonly at: string;
  readonly expected: string;
  readonly got: string;
  readonly suggestion: string | undefined;
}
export type PathLookup = { readonly found: true; readonly value: JsonValue } | PathFailure;

const MAX_PATH_CHARACTERS = 500;
const MAX_SEGMENTS = 50;
const MAX_INDEX_DIGITS = 9;
/** What may stand in a key without quotes. Blanks, operators and brackets need `['…']`, which keeps paths unlike expressions. */
const PLAIN_KEY = /[^\s.[\]{}()'"`|&!<>=+*,;?\\]+/uy;

/** @throws AppError `TEMPLATE_INVALID` when the text is not a path */
export function parsePath(text: string): PathSegment[] {
  if (text.length > MAX_PATH_CHARACTERS) throw pathError(text, 0, `at most ${MAX_PATH_CHARACTERS} characters`);
  const source = text.trim();
  const segments: PathSegment[] = [];
  let position = 0;
  while (position < source.length) {
    if (segments.length >= MAX_SEGMENTS) throw pathError(source, position, `at most ${MAX_SEGMENTS} parts`);
    const read = source[position] === "[" ? readBracket(source, position) : readPlainKey(source, position, segments.length > 0);
    segments.push(read.segment);
    position = read.end;
  }
  if (segments.length === 0) throw pathError(source, 0, "a path such as step1.data.rows[0].name");
  return segments;
}

interface Read {
  readonly segment: PathSegment;
  readonly end: number;
}

function readPlainKey(source: string, position: number, needsDot: boolean): Read {
  let start = position;
  if (needsDot) {
    if (source[position] !== ".") throw pathError(source, position, "a dot, [0], [*], ['key'] or the end");
    start += 1;
  }
  PLAIN_KEY.lastIndex = start;
  const key = PLAIN_KEY.exec(source)?.[0];
  if (key === undefined) throw pathError(source, start, "a key; quote unusual keys as ['my key']");
  return { segment: { kind: "key", key }, end: start + key.length };
}

function readBracket(source: string, position: number): Read {
  let at = skipBlanks(source, position + 1);
  const quote = source[at];
  let segment: PathSegment;
  if (quote === "'" || quote === '"') {
    const quoted = readQuoted(source, at, quote);
    segment = { kind: "key", key: quoted.key };
    at = quoted.end;
  } else if (quote === "*") {
    segment = { kind: "each" };
    at += 1;
  } else {
    const digits = /^\d+/.exec(source.slice(at, at + MAX_INDEX_DIGITS + 1))?.[0];
    if (digits === undefined || digits.length > MAX_INDEX_DIGITS) throw pathError(source, at, "an index such as [0], [*] or a quoted key");
    segment = { kind: "index", index: Number(digits) };
    at += digits.length;
  }
  at = skipBlanks(source, at);
  if (source[at] !== "]") throw pathError(source, at, "a closing ]");
  return { segment, end: at + 1 };
}

function readQuoted(source: string, start: number, quote: string): { key: string; end: number } {
  let key = "";
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source[at] ?? "";
    if (character === quote) return { key, end: at + 1 };
    if (character === "\\") {
      at += 1;
      key += source[at] ?? "";
    } else key += character;
  }
  throw pathError(source, start, `a closing ${quote}`);
}

function skipBlanks(source: string, position: number): number {
  let at = position;
  while (source[at] === " ") at += 1;
  return at;
}

function pathError(source: string, position: number, expected: string): AppError {
  const got = position >= source.length ? "the end" : JSON.stringify(source.slice(position, position + 20));
  const shown = source.length > 80 ? `${source.slice(0, 80)}…` : source;
  return new AppError("TEMPLATE_INVALID", `path "${shown}" cannot be read at character ${position + 1}: expected ${expected}, got ${got}`, {
    details: { expected, got },
    hint: "a path is names with dots, [0], [*] and ['any key']; it holds no operators or functions",
  });
}

/** The path as text that {@link parsePath} reads back to the same segments. */
export function formatPath(segments: readonly PathSegment[]): string {
  let text = "";
  for (const segment of segments) {
    if (segment.kind === "each") text += "[*]";
    else if (segment.kind === "index") text += `[${segment.index}]`;
    else if (isPlainKey(segment.key)) text += text === "" ? segment.key : `.${segment.key}`;
    else text += `['${segment.key.replace(/[\\']/g, "\\$&")}']`;
  }
  return text;
}

function isPlainKey(key: string): boolean {
  PLAIN_KEY.lastIndex = 0;
  return PLAIN_KEY.exec(key)?.[0] === key;
}

/** @throws AppError `TEMPLATE_INVALID` that says which keys exist and which one was probably meant */
export function readPath(value: JsonValue, segments: readonly PathSegment[]): JsonValue {
  const lookup = lookUpPath(value, segments);
  if (lookup.found) return lookup.value;
  const subject = lookup.at === "" ? "the value" : lookup.at;
  throw new AppError("TEMPLATE_INVALID", `cannot read ${formatPath(segments)}: ${describeFailure(subject, lookup)}`, {
    details: { field: formatPath(segments), expected: lookup.expected, got: lookup.got },
  });
}

/** `step1 has no key "cuont" (it has count, total); did you mean "count"?` */
export function describeFailure(subject: string, failure: PathFailure): string {
  const suggestion = failure.suggestion === undefined ? "" : `; did you mean "${failure.suggestion}"?`;
  return `${subject} ${failure.problem} (expected ${failure.expected})${suggestion}`;
}

/** Like {@link readPath}, for callers that treat absence as an answer. */
export function lookUpPath(value: JsonValue, segments: readonly PathSegment[]): PathLookup {
  let current = value;
  for (const [position, segment] of segments.entries()) {
    if (segment.kind === "each") return readEach(current, segments, position);
    const next = segment.kind === "key" ? readKey(current, segment.key) : readIndex(current, segment.index);
    if (next === undefined) return failure(current, segments, position);
    current = next;
  }
  return { found: true, value: current };
}

function readEach(list: JsonValue, segments: readonly PathSegment[], position: number): PathLookup {
  if (!Array.isArray(list)) return failure(list, segments, position);
  const rest = segments.slice(position + 1);
  const nests = rest.some((segment) => segment.kind === "each");
  const results: JsonValue[] = [];
  for (const [index, element] of (list as readonly JsonValue[]).entries()) {
    const lookup = lookUpPath(element, rest);
    if (!lookup.found) {
      const at = `${formatPath(segments.slice(0, position))}[${index}]`;
      return { ...lookup, at: lookup.at === "" ? at : `${at}${lookup.at.startsWith("[") ? "" : "."}${lookup.at}` };
    }
    if (nests && Array.isArray(lookup.value)) for (const inner of lookup.value as readonly JsonValue[]) results.push(inner);
    else results.push(lookup.value);
  }
  return { found: true, value: results };
}

/** Own keys only, so `constructor` and the like are found just where the data has them. `rows.0` and `rows.length` work on lists. */
function readKey(value: JsonValue, key: string): JsonValue | undefined {
  if (Array.isArray(value)) {
    if (key === "length") return value.length;
    return /^\d{1,9}$/.test(key) ? readIndex(value, Number(key)) : undefined;
  }
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function readIndex(value: JsonValue, index: number): JsonValue | undefined {
  if (Array.isArray(value)) return (value as readonly JsonValue[])[index];
  return isJsonObject(value) && Object.hasOwn(value, String(index)) ? value[String(index)] : undefined;
}

function failure(value: JsonValue, segments: readonly PathSegment[], position: number): PathFailure {
  const segment = segments[position];
  const at = formatPath(segments.slice(0, position));
  const base = { found: false, at, got: describeValue(value), suggestion: undefined } as const;
  if (segment === undefined || segment.kind === "each") {
    return { ...base, problem: `is ${describeValue(value)}, and [*] needs a list`, expected: "a list" };
  }
  const wanted = segment.kind === "key" ? JSON.stringify(segment.key) : `[${segment.index}]`;
  if (Array.isArray(value)) {
    const range = value.length === 0 ? "no element: the list is empty" : `an index from 0 to ${value.length - 1}, or [*]`;
    return { ...base, problem: `is a list of ${value.length} and has no ${wanted}`, expected: range };
  }
  if (!isJsonObject(value)) return { ...base, problem: `is ${describeValue(value)}, so ${wanted} cannot be read`, expected: "an object" };
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  const suggestion = segment.kind === "key" ? didYouMean(segment.key, keys) : undefined;
  return { ...base, problem: `has no key ${wanted}`, expected: describeKeys(keys), got: wanted, suggestion };
}
