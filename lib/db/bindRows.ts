// Rows of values as something to select from, in a form whose statement does not depend on how many rows there are.
import type { Binder } from "./UnitPart.ts";

export interface BoundColumn {
  readonly name: string;
  /** SQL type of one value, for example `uuid`. */
  readonly type: string;
  readonly values: readonly unknown[];
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
 * them would be hex text of twice the size.
 */
export function bindRows(binder: Binder, alias: string, columns: readonly BoundColumn[]): BoundRows {
  const isOne = columns[0]?.values.length === 1;
  return isOne ? oneRow(binder, alias, columns) : manyRows(binder, alias, columns);
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
      arrays.push(binder.bind(type === "text" ? textArray(values) : PLAIN_TYPES.has(type) ? plainArray(values) : values, `${type}[]`));
      names.push(name);
      expressions.set(name, `${alias}.${name}`);
    }
  }
  return {
    from: `unnest(${arrays.join(", ")}) AS ${alias}(${names.join(", ")})`,
    column: (name) => expressions.get(name) ?? `${alias}.${name}`,
  };
}

/** Values of these never need quoting in an array literal, which the driver would look for in each of them. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(["uuid", "int", "bigint", "float8"]);
const PLAIN = /^[0-9a-fA-F.+-]+$/;

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

/** Names of steps, types and events come again and again: each is quoted once. */
const quoted = new Map<string, string>();
const MAX_QUOTED = 5_000;
const MAX_QUOTED_CHARACTERS = 100;

function textArray(values: readonly unknown[]): unknown {
  const elements: string[] = [];
  for (const value of values) {
    if (value === null || value === undefined) elements.push("NULL");
    else if (typeof value === "string") elements.push(quotedOnce(value));
    else return values;
  }
  return `{${elements.join(",")}}`;
}

function quotedOnce(text: string): string {
  const known = quoted.get(text);
  if (known !== undefined) return known;
  const made = `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  if (text.length > MAX_QUOTED_CHARACTERS) return made;
  if (quoted.size >= MAX_QUOTED) quoted.clear();
  quoted.set(text, made);
  return made;
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
