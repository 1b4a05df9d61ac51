// Turns values of one shape into columns with dotted paths and back. It chooses no encoding and writes no text.
import { writeKey } from "./inlineJson.ts";
import type { JsonArray, JsonMember, JsonNode, JsonObject } from "./parseJson.ts";

export interface Cell {
  /** `prices.economy`, `[0].origin`; keys with odd characters in quotes. */
  readonly path: string;
  readonly value: JsonNode;
}

export interface FlatTable {
  readonly columns: readonly string[];
  /** Per row a value per column; undefined: the row has no such key. null: the row does not fit the columns. */
  readonly rows: readonly (readonly (JsonNode | undefined)[] | null)[];
  /** The rows are arrays. */
  readonly isTuple: boolean;
}

const DEEPEST = 6;
const LONGEST_TUPLE = 4;
const MOST_COLUMNS = 300;
const FEW_MEMBERS = 12;

export function hasDuplicateKeys({ members }: JsonObject): boolean {
  if (members.length < FEW_MEMBERS) return members.some(({ key }, index) => members.slice(0, index).some((other) => other.key === key));
  return new Set(members.map(({ key }) => key)).size < members.length;
}

function isNumber(node: JsonNode): boolean {
  return node.kind === "leaf" && /^[-\d]/.test(node.raw);
}

/** Small arrays of numbers (points, ranges) are columns; lists stay one cell. */
function isNumberTuple({ items }: JsonArray): boolean {
  return items.length >= 2 && items.length <= LONGEST_TUPLE && items.every(isNumber);
}

/** The leaves of a value with their paths, in order; null: it has too many. */
export function flattenValue(node: JsonNode): Cell[] | null {
  const cells: Cell[] = [];
  const walk = (value: JsonNode, path: string, depth: number): void => {
    if (cells.length > MOST_COLUMNS) return;
    if (value.kind === "object" && value.members.length > 0 && depth < DEEPEST && !hasDuplicateKeys(value)) {
      for (const member of value.members) {
        const key = writeKey(member.key);
        walk(member.value, path === "" ? key : `${path}.${key}`, depth + 1);
      }
    } else if (value.kind === "array" && value.items.length > 0 && (depth === 0 || isNumberTuple(value))) {
      for (const [index, item] of value.items.entries()) walk(item, `${path}[${index}]`, depth + 1);
    } else cells.push({ path, value });
  };
  walk(node, "", 0);
  return cells.length > MOST_COLUMNS ? null : cells;
}

/** Puts the paths of one more shape into the order of columns; false: its order contradicts theirs. */
function mergeShape(columns: string[], positions: Map<string, number>, paths: readonly string[]): boolean {
  let last = -1;
  let hasNew = false;
  for (const path of paths) {
    const at = positions.get(path);
    if (at === undefined) hasNew = true;
    else if (at <= last) return false;
    else last = at;
  }
  if (!hasNew) return true;
  if (columns.length + paths.length > 2 * MOST_COLUMNS) return false;
  const merged: string[] = [];
  let copied = 0;
  for (const path of paths) {
    const at = positions.get(path);
    if (at === undefined) {
      merged.push(path);
      continue;
    }
    merged.push(...columns.slice(copied, at + 1));
    copied = at + 1;
  }
  // What only some rows have comes as early as its neighbours allow.
  merged.push(...columns.slice(copied));
  columns.splice(0, columns.length, ...merged);
  positions.clear();
  for (const [index, path] of columns.entries()) positions.set(path, index);
  return columns.length <= MOST_COLUMNS;
}

/** Columns of values that are all objects or all arrays of one length; null: they are no table. */
export function flattenRows(values: readonly JsonNode[]): FlatTable | null {
  const first = values[0];
  if (first === undefined || first.kind === "leaf") return null;
  const isTuple = first.kind === "array";
  if (isTuple && (first.items.length === 0 || first.items.length > LONGEST_TUPLE * 4)) return null;
  const columns: string[] = [];
  const positions = new Map<string, number>();
  const shapes = new Map<string, boolean>();
  let odd = 0;
  const flat = values.map((value) => {
    const fits =
      value.kind === first.kind &&
      (value.kind !== "array" || (isTuple && value.items.length === first.items.length)) &&
      (value.kind !== "object" || (value.members.length > 0 && !hasDuplicateKeys(value)));
    const cells = fits ? flattenValue(value) : null;
    if (cells === null) odd += 1;
    return cells;
  });
  if (odd > values.length / 4) return null;
  for (const [index, cells] of flat.entries()) {
    if (cells === null) continue;
    const paths = cells.map(({ path }) => path);
    const shape = paths.join("\n");
    let isKnown = shapes.get(shape);
    if (isKnown === undefined) {
      isKnown = mergeShape(columns, positions, paths);
      shapes.set(shape, isKnown);
    }
    if (isKnown) continue;
    flat[index] = null;
    odd += 1;
    if (odd > values.length / 4) return null;
  }
  const rows = flat.map((cells) => {
    if (cells === null) return null;
    const row: (JsonNode | undefined)[] = Array.from({ length: columns.length }, () => undefined);
    for (const { path, value } of cells) row[positions.get(path) ?? 0] = value;
    return row;
  });
  return { columns, rows, isTuple };
}

type Segment = string | number;

/** The keys (with quotes) and indexes of a path. */
export function segmentsOf(path: string): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  while (at < path.length) {
    const first = path.charAt(at);
    if (first === ".") at += 1;
    else if (first === "[") {
      const close = path.indexOf("]", at);
      segments.push(Number(path.slice(at + 1, close)));
      at = close + 1;
    } else if (first === '"') {
      let end = at + 1;
      while (end < path.length && path.charAt(end) !== '"') end += path.charAt(end) === "\\" ? 2 : 1;
      segments.push(path.slice(at, end + 1));
      at = end + 1;
    } else {
      let end = at;
      while (end < path.length && path.charAt(end) !== "." && path.charAt(end) !== "[") end += 1;
      segments.push(`"${path.slice(at, end)}"`);
      at = end;
    }
  }
  return segments;
}

interface Growing {
  readonly kind: "object" | "array";
  readonly keys: string[];
  readonly values: (JsonNode | Growing)[];
}

function isGrowing(value: JsonNode | Growing): value is Growing {
  return "keys" in value;
}

function settle(value: JsonNode | Growing): JsonNode {
  if (!isGrowing(value)) return value;
  if (value.kind === "array") return { kind: "array", items: value.values.map(settle) };
  const members: JsonMember[] = value.values.map((one, index) => ({ key: value.keys[index] ?? '""', value: settle(one) }));
  return { kind: "object", members };
}

/** Builds a value from leaves and their paths, in order. */
export class ValueBuilder {
  readonly #root: Growing;

  constructor(kind: "object" | "array") {
    this.#root = { kind, keys: [], values: [] };
  }

  set(segments: readonly Segment[], value: JsonNode): void {
    let here = this.#root;
    for (const [index, segment] of segments.entries()) {
      const key = String(segment);
      if (index === segments.length - 1) {
        here.keys.push(key);
        here.values.push(value);
        return;
      }
      const found = here.keys.at(-1) === key ? here.keys.length - 1 : here.keys.indexOf(key);
      let next = found === -1 ? undefined : here.values[found];
      if (next === undefined || !isGrowing(next)) {
        next = { kind: typeof segments[index + 1] === "number" ? "array" : "object", keys: [], values: [] };
        here.keys.push(key);
        here.values.push(next);
      }
      here = next;
    }
  }

  build(): JsonNode {
    return settle(this.#root);
  }
}
