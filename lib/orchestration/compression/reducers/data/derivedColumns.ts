// Columns that say nothing of their own: equal to another one, or an identifier that another one holds. It drops nothing itself.
import { wordsOf } from "../../../../operations/words.ts";
import type { ColumnFacts, DataTable } from "./columnFacts.ts";

const MOST_COLUMNS = 80;
const SHORTEST = 4;
const MOST_SAMPLED = 8;
/** In fewer rows columns agree by chance. */
const FEWEST_EQUAL = 5;

export interface DerivedColumns {
  /** Index of a column, and of the earlier one that has the same cells. */
  readonly same: ReadonlyMap<number, number>;
  /** Identifiers that another column holds in every row. */
  readonly held: ReadonlySet<number>;
}

function core(cell: string): string {
  return cell.replaceAll(/^[,;\s[\]]+|[,;\s[\]]+$/g, "");
}

function isIdentifier(cell: string): boolean {
  return cell === "" || (/\d/.test(cell) && !/\s/.test(cell) && core(cell).length >= SHORTEST);
}

type Rows = DataTable["rows"];

/** A look at a few rows answers most questions. */
function agree(rows: Rows, test: (row: readonly string[]) => boolean): boolean {
  return rows.slice(0, MOST_SAMPLED).every(test) && rows.every(test);
}

function mayBeHeld({ name, isMeasure, isTime }: ColumnFacts): boolean {
  const last = name.split(".").at(-1) ?? "";
  return !isMeasure && !isTime && wordsOf(last).join(" ") !== "id";
}

export function derivedColumns(
  { rows }: DataTable,
  facts: readonly ColumnFacts[],
  { kept, isNamed }: { readonly kept: readonly number[]; readonly isNamed: (name: string) => boolean },
): DerivedColumns {
  const same = new Map<number, number>();
  const held = new Set<number>();
  if (kept.length > MOST_COLUMNS || rows.length < 3) return { same, held };
  const isFree = (index: number): boolean => !same.has(index) && !held.has(index);
  for (const index of kept) {
    const column = facts[index];
    if (column === undefined || column.constant !== null || column.filled === 0) continue;
    const equal =
      rows.length < FEWEST_EQUAL || column.filled < 0.8 * rows.length ? undefined : equalColumn({ rows, facts, kept, index, isFree });
    if (equal !== undefined) same.set(index, equal);
    else if (mayBeHeld(column) && !isNamed(column.name) && isHeld({ rows, facts, kept, index, isFree })) held.add(index);
  }
  return { same, held };
}

interface Search {
  readonly rows: Rows;
  readonly facts: readonly ColumnFacts[];
  readonly kept: readonly number[];
  readonly index: number;
  readonly isFree: (index: number) => boolean;
}

function equalColumn({ rows, facts, kept, index, isFree }: Search): number | undefined {
  return kept.find(
    (other) =>
      other < index && isFree(other) && facts[other]?.chars === facts[index]?.chars && agree(rows, (row) => row[other] === row[index]),
  );
}

function isHeld({ rows, kept, index, isFree }: Search): boolean {
  if (!agree(rows, (row) => isIdentifier(row[index] ?? ""))) return false;
  return kept.some(
    (other) => other !== index && isFree(other) && agree(rows, (row) => (row[other] ?? "").includes(core(row[index] ?? ""))),
  );
}
