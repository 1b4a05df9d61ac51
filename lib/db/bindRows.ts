// Rows of values as something to select from, in a form whose statement does not depend on how many rows there are.
import type { Binder } from "./UnitPart.ts";

export interface BoundColumn {
  readonly name: string;
  /** SQL type of one value, for example `uuid`. */
  readonly type: string;
  readonly values: readonly unknown[];
  /** Many rows have the same value here (a type, a status): such columns together are sent once per combination. @defaultValue false */
  readonly repeats?: boolean;
}

export interface BoundRows {
  /** For FROM. */
  readonly from: string;
  /** A column's value in a SELECT list. */
  column(name: string): string;
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
  const shared = manyRows(binder, table, [...combinations, { name: "number", type: "int", values: numbers(combinations) }]);
  const isShared = new Set(repeating.map(({ name }) => name));
  return {
    from: `${rows.from} JOIN ${shared.from} ON ${table}.number = ${alias}.combination`,
    column: (name) => (isShared.has(name) ? shared : rows).column(name),
  };
}

function oneRow(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  const values = columns.map(({ name, type, values: [value] }) => `${binder.bind(value ?? null, type)} AS ${name}`);
  return { from: `(SELECT ${values.join(", ")}) AS ${alias}`, column: (name) => `${alias}.${name}` };
}

function manyRows(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  const arrays: string[] = [];
  const names: string[] = [];
  const expressions = new Map<string, string>();
  for (const { name, type, values } of columns) {
    if (type === "bytea") {
      const { all, starts, lengths } = joinBytes(values as readonly (Buffer | null)[]);
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
    from: `unnest(${arrays.join(", ")}) AS ${alias}(${names.join(", ")})`,
    column: (name) => expressions.get(name) ?? `${alias}.${name}`,
  };
}

interface Combinations {
  /** The columns, one value per combination. */
  readonly combinations: readonly BoundColumn[];
  /** Number of each row's combination. */
  readonly choice: readonly number[];
}

function combine(columns: readonly BoundColumn[]): Combinations {
  const known = new Map<string, number>();
  const combinations = columns.map(({ name, type }) => ({ name, type, values: [] as unknown[] }));
  const choice: number[] = [];
  const rows = columns[0]?.values.length ?? 0;
  for (let row = 0; row < rows; row += 1) {
    let key = "";
    for (const { values } of columns) key += keyOf(values[row]);
    let number = known.get(key);
    if (number === undefined) {
      number = known.size;
      known.set(key, number);
      for (const [index, { values }] of columns.entries()) combinations[index]?.values.push(values[row]);
    }
    choice.push(number);
  }
  return { combinations, choice };
}

/** Distinct for distinct values of one type: the length in front tells where a value ends. */
function keyOf(value: unknown): string {
  if (value === null || value === undefined) return "-;";
  const text = Buffer.isBuffer(value) ? value.toString("latin1") : String(value);
  return `${text.length}:${text}`;
}

function numbers([first]: readonly BoundColumn[]): readonly number[] {
  return Array.from(first?.values ?? [], (_, index) => index);
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

function joinBytes(chunks: readonly (Buffer | null)[]): {
  readonly all: Buffer;
  readonly starts: (number | null)[];
  readonly lengths: (number | null)[];
} {
  const starts: (number | null)[] = [];
  const lengths: (number | null)[] = [];
  const present: Buffer[] = [];
  // SQL counts from one.
  let offset = 1;
  for (const chunk of chunks) {
    starts.push(chunk === null ? null : offset);
    lengths.push(chunk === null ? null : chunk.length);
    if (chunk === null) continue;
    present.push(chunk);
    offset += chunk.length;
  }
  return { all: Buffer.concat(present), starts, lengths };
}
