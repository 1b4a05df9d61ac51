// Which columns and fields a reader with this task needs. Cheap ones stay in doubt; it never looks at single rows.
import { wordsOf } from "../../../../operations/words.ts";
import type { ColumnFacts } from "./columnFacts.ts";
import { isTroubleName } from "./trouble.ts";
import type { DataTerms } from "./taskTerms.ts";

const IDENTIFYING = new Set(wordsOf("id name title status state key code type number label subject conclusion result"));
const GENERIC = new Set(wordsOf("id name value text title url href number date email key code label type content raw"));
const LONG_CELL = 48;
/** Text nobody named is cut to its beginning from here on. */
const LONG_TEXT = 160;
const SHORTENED_CHARS = 80;
const MEANT_CHARS = 200;
const DEEP = 4;

export interface FieldShape {
  /** Mean characters of a cell. */
  readonly meanChars: number;
  readonly isAddress: boolean;
  readonly isOpaque: boolean;
  /** Arrays and objects that stand in one cell. */
  readonly isNested: boolean;
  /** It stands once in the document, not once a row. */
  readonly isSingle?: boolean;
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

function depthOf(path: string): number {
  return path.split(".").filter((part) => !/^\[\d+\]$/.test(part)).length;
}

/** Names, ids, titles and states near the top tell things apart. */
export function isIdentifying(path: string): boolean {
  return depthOf(path) <= 2 && wordsOf(path.split(".").at(-1) ?? path).some((word) => IDENTIFYING.has(word));
}

/** How much of a column or field stays. */
export type Need = "whole" | "shortened" | "none";

/** Without a task that names anything, everything stays. */
export function needOf(path: string, shape: FieldShape, terms: DataTerms, telling = tellingName(path)): Need {
  if (!terms.projects) return "whole";
  const named = terms.isStrict && terms.names(path) === 2 ? 2 : terms.names(telling);
  if (shape.isAddress) return shape.isSingle === true && depthOf(path) === 1 ? "whole" : addressNeed(path, named, terms);
  if (named === 2) return "whole";
  if (terms.isStrict) return (named > 0 || isIdentifying(path)) && shape.meanChars < LONG_CELL ? "whole" : "none";
  return named === 1 ? likeNeed(shape) : unnamedNeed(path, shape);
}

function addressNeed(path: string, named: number, terms: DataTerms): Need {
  return isNearAddress(path, terms) && (named === 2 || (terms.wantsLinks && named > 0)) ? "whole" : "none";
}

/** Named by a word that means the same. */
function likeNeed({ isOpaque, meanChars }: FieldShape): Need {
  if (isOpaque && meanChars >= LONG_CELL) return "none";
  return meanChars > LONG_TEXT ? "shortened" : "whole";
}

/** Addresses of things that are only mentioned in passing (an owner's page) are not what a task means by "link". */
function isNearAddress(path: string, terms: DataTerms): boolean {
  const parts = path.split(".").filter((part) => !/^\[\d+\]$/.test(part));
  return parts.length <= 2 || terms.names(parts.at(-2) ?? "") === 2;
}

function unnamedNeed(path: string, { meanChars, isOpaque, isNested }: FieldShape): Need {
  // What went wrong is worth saying however deep it stands.
  if (isTroubleName(path.slice(path.lastIndexOf(".") + 1))) return meanChars > LONG_TEXT ? "shortened" : "whole";
  const depth = depthOf(path);
  if (isOpaque) return isIdentifying(path) || depth === 1 ? "whole" : "none";
  if (isNested) return meanChars <= LONG_CELL / 2 ? "whole" : "none";
  if (depth >= DEEP) return "none";
  return meanChars > LONG_TEXT ? "shortened" : meanChars > LONG_CELL && depth > 2 ? "none" : "whole";
}

/** The beginning of a long text, at a word's end; more of it where the task means just this row. */
export function shortenText(text: string, isMeant = false): string {
  const most = isMeant ? MEANT_CHARS : SHORTENED_CHARS;
  if (text.length <= most + 20) return text;
  const cut = text.lastIndexOf(" ", most);
  return `${text.slice(0, cut < most / 2 ? most : cut)}…`;
}

export interface Projection {
  /** Indexes of the columns that stay. */
  readonly kept: readonly number[];
  /** Those of them of whose cells only the beginning stays. */
  readonly shortened: ReadonlySet<number>;
  /** Names of those that go. */
  readonly dropped: readonly string[];
}

/** Words that most column names share ("Ticket ID", "Ticket Type") name no column. */
function sharedWords(columns: readonly ColumnFacts[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { name } of columns) for (const word of new Set(wordsOf(tellingName(name)))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count >= 3 && count > columns.length / 4).map(([word]) => word));
}

export function projectColumns(
  columns: readonly ColumnFacts[],
  cells: (column: number) => readonly string[],
  terms: DataTerms,
): Projection {
  const kept: number[] = [];
  const dropped: string[] = [];
  const shortened = new Set<number>();
  const shared = sharedWords(columns);
  for (const [index, facts] of columns.entries()) {
    if (facts.filled === 0) continue;
    const isNested = cells(index).filter((cell) => /^[[{(]/.test(cell)).length > 0.5 * facts.filled;
    const shape = { meanChars: facts.chars / facts.filled, isAddress: facts.isAddress, isOpaque: facts.isOpaque, isNested };
    const words = wordsOf(tellingName(facts.name));
    const own = words.filter((word) => !shared.has(word));
    const need = needOf(
      facts.name,
      shape,
      terms,
      own.length === 0 || own.length === words.length ? tellingName(facts.name) : own.join(" "),
    );
    if (need === "none") dropped.push(facts.name);
    else kept.push(index);
    if (need === "shortened") shortened.add(index);
  }
  // A table of which nothing stays says nothing: then the task meant something else.
  if (kept.length === 0) return { kept: columns.flatMap(({ filled }, index) => (filled > 0 ? [index] : [])), shortened, dropped: [] };
  return { kept, shortened, dropped };
}
