// Columns that say nothing of their own: equal to another one, or an identifier that another one holds. It drops nothing itself.
import { wordsOf } from "../../words.ts";
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

export function derivedColumns(
  table: DataTable,
  facts: readonly ColumnFacts[],
  { kept, isNamed }: { readonly kept: readonly number[]; readonly isNamed: (name: string) => boolean },
): DerivedColumns {
  const same = new Map<number, number>();
  const held = new Set<number>();
  const { rows } = table;
  if (kept.length > MOST_COLUMNS || rows.length < 3) return { same, held };
  const mayEqual = rows.length >= FEWEST_EQUAL;
  const agree = (test: (row: readonly string[]) => boolean): boolean => rows.slice(0, MOST_SAMPLED).every(test) && rows.every(test);
  for (const index of kept) {
    const column = facts[index];
    if (column === undefined || column.constant !== null || column.filled === 0) continue;
    const equal =
      !mayEqual || column.filled < 0.8 * rows.length
        ? undefined
        : kept.find(
            (other) =>
              other < index &&
              !same.has(other) &&
              !held.has(other) &&
              facts[other]?.chars === column.chars &&
              agree((row) => row[other] === row[index]),
          );
    if (equal !== undefined) {
      same.set(index, equal);
      continue;
    }
    const last = column.name.split(".").at(-1) ?? "";
    if (column.isMeasure || column.isTime || isNamed(column.name) || wordsOf(last).join(" ") === "id") continue;
    if (!agree((row) => isIdentifier(row[index] ?? ""))) continue;
    const holder = kept.find(
      (other) =>
        other !== index && !held.has(other) && !same.has(other) && agree((row) => (row[other] ?? "").includes(core(row[index] ?? ""))),
    );
    if (holder !== undefined) held.add(index);
  }
  return { same, held };
}
