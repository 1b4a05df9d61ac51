// Rows of values as something to select from, in a form whose statement does not depend on how many rows there are.
import { fewRows } from "./fewRows.ts";
import type { Binder } from "./UnitPart.ts";

export interface BoundColumn {
  readonly name: string;
  /** SQL type of one value, for example `uuid`. */
  readonly type: string;
  /** Of `bytea`: bytes, or text that is stored as its UTF-8. */
  readonly values: readonly unknown[];
  /** Many rows have the same value here (a type, a status): such columns together are sent once per combination. @defaultValue false */
  readonly repeats?: boolean;
}

export interface BoundRows {
  /** For FROM. */
  readonly from: string;
  /** A column's value in a SELECT list. */
  readonly column: (name: string) => string;
  /** For WHERE, where the rows look others up by key: see {@link fewRows}. */
  readonly areFew: string;
}

/**
 * One row is bound as plain values: no array is written, parsed and unnested for it, which halves the cost of a commit
 * with nobody else waiting. Several rows are arrays; bytes travel as one binary parameter with offsets, because arrays of
 * them would be hex text of twice the size. An array costs the server as much as a row, so the columns that repeat are a
 * short table of combinations, and each row names its own.
 */
export function bindRows(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  if (columns[0]?.values.length === 1) return oneRow(binder, alias, columns);
  const repeating = columns.filter((column) => column.repeats === true);
  if (repeating.length === 0) return manyRows(binder, alias, columns);
  const { combinations, choice } = combine(repeating);
  const own = columns.filter((column) => column.repeats !== true);
  const rows = manyRows(binder, alias, [...own, { name: "combination", type: "int", values: choice }]);
  const table = `${alias}_combinations`;
  const shared = manyRows(binder, table, combinations);
  const isShared = new Set(repeating.map(({ name }) => name));
  return {
    from: `${rows.from} JOIN ${shared.from} ON ${table}.n = ${alias}.combination`,
    column: (name) => (isShared.has(name) ? shared : rows).column(name),
    areFew: rows.areFew,
  };
}

function oneRow(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  const values = columns.map(({ name, type, values: [value] }) => {
    const bound = type === "bytea" && typeof value === "string" ? Buffer.from(value, "utf8") : value;
    return `${binder.bind(bound ?? null, type)} AS ${name}`;
  });
  return { from: `(SELECT ${values.join(", ")}) AS ${alias}`, column: (name) => `${alias}.${name}`, areFew: "TRUE" };
}

function manyRows(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  const arrays: string[] = [];
  const names: string[] = [];
  const expressions = new Map<string, string>();
  for (const { name, type, values } of columns) {
    if (type === "bytea") {
      const { all, starts, lengths } = joinBytes(values as readonly (Buffer | string | null)[]);
      const bytes = binder.bind(all, "bytea");
      arrays.push(binder.bind(plainArray(starts), "int[]"), binder.bind(plainArray(lengths), "int[]"));
      names.push(`${name}_start`, `${name}_length`);
      expressions.set(name, `substring(${bytes} FROM ${alias}.${name}_start FOR ${alias}.${name}_length)`);
    } else {
      arrays.push(binder.bind(arrayOf(type, values), `${type}[]`));
      names.push(name);
      expressions.set(name, `${alias}.${name}`);
    }
  }
  return {
    from: `unnest(${arrays.join(", ")}) WITH ORDINALITY AS ${alias}(${names.join(", ")}, n)`,
    column: (name) => expressions.get(name) ?? `${alias}.${name}`,
    areFew: fewRows(`${alias}.n`),
  };
}

interface Combinations {
  /** The columns, one value per combination. */
  readonly combinations: readonly BoundColumn[];
  /** Number of each row's combination, from one. */
  readonly choice: readonly number[];
}

function combine(columns: readonly BoundColumn[]): Combinations {
  const known = new Map<string, number>();
  const combinations = columns.map(({ name, type }) => ({ name, type, values: [] as unknown[] }));
  const choice: number[] = [];
  const rows = columns[0]?.values.length ?? 0;
  let last = 0;
  for (let row = 0; row < rows; row += 1) {
    // Neighbours mostly have the same, which is seen without making a key.
    if (row === 0 || columns.some(({ values }) => values[row] !== values[row - 1])) {
      const key = columns.map(({ values }) => keyOf(values[row])).join("");
      last = known.get(key) ?? known.size + 1;
      if (last > known.size) {
        known.set(key, last);
        for (const [index, { values }] of columns.entries()) combinations[index]?.values.push(values[row]);
      }
    }
    choice.push(last);
  }
  return { combinations, choice };
}

/** Distinct for distinct values of one type: the length in front tells where a value ends. */
function keyOf(value: unknown): string {
  if (value === null || value === undefined) return "-;";
  const text = Buffer.isBuffer(value) ? value.toString("latin1") : typeof value === "string" ? value : JSON.stringify(value);
  return `${text.length}:${text}`;
}

/** Values of these never need quoting in an array literal, which the driver would look for in each of them. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(["uuid", "int", "bigint", "float8"]);
const PLAIN = /^[0-9a-fA-F.+-]+$/;

function arrayOf(type: string, values: readonly unknown[]): unknown {
  if (type === "text") return textArray(values);
  return PLAIN_TYPES.has(type) ? plainArray(values) : values;
}

function plainArray(values: readonly unknown[]): unknown {
  const elements: string[] = [];
  for (const value of values) {
    if (value === null || value === undefined) elements.push("NULL");
    else if (typeof value === "number") elements.push(String(value));
    else if (typeof value === "string" && PLAIN.test(value)) elements.push(value);
    // What is no id must fail as one value of one row, never as the syntax of the whole array.
    else return values;
  }
  return `{${elements.join(",")}}`;
}

function textArray(values: readonly unknown[]): unknown {
  const elements: string[] = [];
  for (const value of values) {
    if (value === null || value === undefined) elements.push("NULL");
    else if (typeof value === "string") elements.push(quoted(value));
    else return values;
  }
  return `{${elements.join(",")}}`;
}

const SPECIAL = /["\\]/;

function quoted(text: string): string {
  return SPECIAL.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : `"${text}"`;
}

function joinBytes(chunks: readonly (Buffer | string | null)[]): {
  readonly all: Buffer;
  readonly starts: (number | null)[];
  readonly lengths: (number | null)[];
} {
  const lengths = chunks.map((chunk) => (chunk === null ? null : Buffer.byteLength(chunk)));
  const all = Buffer.allocUnsafe(lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0));
  const starts: (number | null)[] = [];
  let offset = 0;
  for (const [index, chunk] of chunks.entries()) {
    // SQL counts from one.
    starts.push(chunk === null ? null : offset + 1);
    if (chunk === null) continue;
    if (typeof chunk === "string") all.write(chunk, offset);
    else chunk.copy(all, offset);
    offset += lengths[index] ?? 0;
  }
  return { all, starts, lengths };
}
