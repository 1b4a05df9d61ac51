// Makes one statement out of a batch of units. The text depends only on which kinds occur, so it is prepared once per combination.
import { sha256Hex } from "../core/ids.ts";
import type { PartWriter } from "../db/UnitPart.ts";
import type { Unit } from "./types.ts";

export interface BatchStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Name of the prepared statement. */
  readonly name: string;
}

const names = new Map<string, string>();

/** @throws RangeError for a part whose kind has no writer: a wiring fault, not a user's */
export function composeBatch(units: readonly Unit[], writers: ReadonlyMap<string, PartWriter>): BatchStatement {
  const values: unknown[] = [];
  const bind = (value: unknown, cast: string): string => {
    values.push(value);
    return `$${values.length}::${cast}`;
  };
  const owners = new Map(units.map((unit) => [unit.executionId, unit.epoch]));
  const ids = bind([...owners.keys()], "uuid[]");
  const epochs = bind([...owners.values()], "int[]");
  // array_position instead of a join: the planner then always takes the primary key, whatever its statistics say.
  const ctes = [
    `fence AS (SELECT e.id FROM workflow_executions e
       WHERE e.id = ANY(${ids}) AND e.epoch = (${epochs})[array_position(${ids}, e.id)] ORDER BY e.id FOR SHARE)`,
  ];
  const rowsOf = new Map<string, unknown[]>();
  for (const unit of units) {
    for (const part of unit.parts) {
      if (!writers.has(part.kind)) throw new RangeError(`no writer for unit parts of kind ${part.kind}`);
      const rows = rowsOf.get(part.kind);
      if (rows === undefined) rowsOf.set(part.kind, [...part.rows]);
      else rows.push(...part.rows);
    }
  }
  // Writers' order, not the units': the same kinds always give the same text.
  for (const [kind, writer] of writers) {
    const rows = rowsOf.get(kind);
    if (rows === undefined || rows.length === 0) continue;
    for (const { name, sql } of writer.fragments(rows, { bind })) ctes.push(`${name} AS (${sql})`);
  }
  const text = `WITH ${ctes.join(",\n")}\nSELECT id FROM fence`;
  return { text, values, name: statementName(text) };
}

function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `unit_${sha256Hex(text).slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}
