// Which columns and fields a reader with this task needs. Cheap ones stay in doubt; it never looks at single rows.
import { wordsOf } from "../../words.ts";
import type { ColumnFacts } from "./columnFacts.ts";
import type { DataTerms } from "./taskTerms.ts";

const IDENTIFYING = new Set(wordsOf("id name title status state key code type number label subject conclusion result"));
const GENERIC = new Set(wordsOf("id name value text title url href number date email key code label type content raw"));
const LONG_CELL = 48;
const DEEP = 4;

export interface FieldShape {
  /** Mean characters of a cell. */
  readonly meanChars: number;
  readonly isAddress: boolean;
  readonly isOpaque: boolean;
  /** Arrays and objects that stand in one cell. */
  readonly isNested: boolean;
}

/** Last word of a path; with the word before it when it says little alone. */
export function tellingName(path: string): string {
  const parts = path
    .replaceAll(/\[\d*\]/g, "")
    .split(".")
    .filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  const isGeneric = wordsOf(last).every((word) => GENERIC.has(word));
  return isGeneric ? parts.slice(-2).join(" ") : last;
}

/** True: it stays. Without a task that names anything, everything stays. */
export function isNeeded(path: string, shape: FieldShape, terms: DataTerms): boolean {
  if (!terms.projects) return true;
  const name = tellingName(path);
  const named = Math.max(terms.names(name), terms.names(path) === 2 && terms.isStrict ? 2 : 0);
  if (named === 2) return true;
  if (shape.isAddress) return terms.wantsLinks && named > 0;
  if (named === 1) return !shape.isOpaque || shape.meanChars < LONG_CELL;
  const depth = path.split(".").length;
  const last = path.split(".").at(-1) ?? path;
  const isIdentifying = depth <= 2 && wordsOf(last).some((word) => IDENTIFYING.has(word));
  if (terms.isStrict) return isIdentifying && shape.meanChars < LONG_CELL;
  if (shape.isOpaque) return isIdentifying;
  if (shape.meanChars > LONG_CELL || depth >= DEEP) return false;
  return !shape.isNested || shape.meanChars <= LONG_CELL / 2;
}

/** Indexes of the columns that stay, and names of those that go. */
export function projectColumns(
  columns: readonly ColumnFacts[],
  cells: (column: number) => readonly string[],
  terms: DataTerms,
): { readonly kept: number[]; readonly dropped: string[] } {
  const kept: number[] = [];
  const dropped: string[] = [];
  for (const [index, facts] of columns.entries()) {
    if (facts.filled === 0) continue;
    const isNested = facts.filled > 0 && cells(index).filter((cell) => /^[[{]/.test(cell)).length > 0.5 * facts.filled;
    const shape = { meanChars: facts.chars / facts.filled, isAddress: facts.isAddress, isOpaque: facts.isOpaque, isNested };
    if (isNeeded(facts.name, shape, terms)) kept.push(index);
    else dropped.push(facts.name);
  }
  // A table of which nothing stays says nothing: then the task meant something else.
  return kept.length === 0 ? { kept: columns.flatMap(({ filled }, index) => (filled > 0 ? [index] : [])), dropped: [] } : { kept, dropped };
}
