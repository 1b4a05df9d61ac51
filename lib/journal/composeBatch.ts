// Makes one statement out of a batch of units. The text depends only on which kinds occur, so it is prepared once per combination.
import { sha256Hex } from "../core/ids.ts";
import { bindRows } from "../db/bindRows.ts";
import type { Binder, PartWriter } from "../db/UnitPart.ts";
import type { Unit } from "./types.ts";

export interface BatchStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Name of the prepared statement. */
  readonly name: string;
}

const names = new Map<string, string>();

export interface BatchOptions {
  /**
   * Whether the fence locks its rows. False only where one connection runs every statement alone: nobody can come in
   * between, and the lock would be one more row version per step.
   */
  readonly locksRows: boolean;
  /** The batch, or a unit of it, may have been committed before. */
  readonly isReplay: boolean;
}

/**
 * @throws RangeError for a part whose kind has no writer: a wiring fault, not a user's
 */
export function composeBatch(units: readonly Unit[], writers: ReadonlyMap<string, PartWriter>, options: BatchOptions): BatchStatement {
  const values: unknown[] = [];
  const bind = (value: unknown, cast: string): string => {
    values.push(value);
    return `$${values.length}::${cast}`;
  };
  // In id order, so that two batches that wait for each other's rows do not do so crosswise.
  const owners = [...new Map(units.map((unit) => [unit.executionId, unit.epoch]))].sort(([left], [right]) => (left < right ? -1 : 1));
  const ctes = [`fence AS (${fenceSql(owners, { bind }, options.locksRows)})`];
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
    for (const { name, sql } of writer.fragments(rows, { bind, isReplay: options.isReplay })) ctes.push(`${name} AS (${sql})`);
  }
  const text = `WITH ${ctes.join(",\n")}\nSELECT id FROM fence`;
  return { text, values, name: statementName(text) };
}

/** The executions whose epoch is still ours. A shared lock makes a takeover wait until this batch is committed. */
function fenceSql(owners: readonly (readonly [id: string, epoch: number])[], binder: Binder, locksRows: boolean): string {
  const lock = locksRows ? " FOR SHARE" : "";
  const source = bindRows(binder, "u", [
    { name: "id", type: "uuid", values: owners.map(([id]) => id) },
    { name: "epoch", type: "int", values: owners.map(([, epoch]) => epoch) },
  ]);
  // LATERAL keeps the planner to one look-up by primary key per execution, whatever its statistics say of a young table.
  return `SELECT e.id FROM ${source.from}
    CROSS JOIN LATERAL (SELECT w.id FROM workflow_executions w WHERE w.id = u.id AND w.epoch = u.epoch${lock}) e`;
}

function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `unit_${sha256Hex(text).slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}
