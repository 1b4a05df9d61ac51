// Chooses which lines of a group stay verbatim and why; the rest of the group is folded into a count. It renders nothing.
import type { PinReason } from "../../types.ts";
import { columnOddities } from "./columnOddities.ts";
import { templateWords, type LineGroup } from "./groupLines.ts";
import type { MaskedLine } from "./maskLine.ts";

export interface PickedLine {
  readonly line: number;
  readonly pin?: PinReason;
  readonly weight: number;
  /** Lines of the group that this one stands for, itself included. Only the first of a group has more than one. */
  readonly folded: number;
}

export interface PickOptions {
  readonly isSevere: boolean;
  /** Lines that the task names word by word: always kept. */
  readonly isNamed: (line: number) => boolean;
  /** Lines whose address most lines speak of. */
  readonly isFrequent: (line: number) => boolean;
  /** How many words of the task a line holds. */
  readonly askedWords: (line: number) => number;
}

/** Templates this rare stay verbatim. */
const RARE = 3;
/** Severe groups stay whole up to this size; what is asked for too. */
const SMALL_SEVERE = 8;
const SMALL_ASKED = 24;
const SMALL_LIST = 8;
/** Of more, so many stand for them. */
const FEW_ASKED = 12;
/** A line is asked for when it holds so many words of the task. */
const MIN_ASKED_WORDS = 2;
const UNIT_AFTER = /^ ?(?:ms|msec|sec|secs|seconds|milliseconds|minutes|bytes|b|kb|mb|gb|kib|mib|gib|%|s|us|ns)(?![a-z])/i;

interface Column {
  readonly values: string[];
  /** Followed by a unit: its extremes matter. */
  readonly isMeasure: boolean;
}

function isPlaceholder(template: string, index: number): boolean {
  return template[index] === "#" || (template[index] === "<" && template.startsWith("<id>", index));
}

function placeholders(word: string): number {
  let count = 0;
  for (let index = 0; index < word.length; index++) {
    if (isPlaceholder(word, index)) count++;
  }
  return count;
}

/** Columns of a group without open places: its values as they are. */
function plainColumns(masked: readonly MaskedLine[], group: LineGroup): Column[] {
  const first = masked[group.lines[0] ?? 0];
  const template = first?.template ?? "";
  const columns: Column[] = (first?.values ?? []).map(() => ({ values: [], isMeasure: false }));
  let place = 0;
  for (let index = 0; index < template.length; index++) {
    if (!isPlaceholder(template, index)) continue;
    if (template[index] === "#" && UNIT_AFTER.test(template.slice(index + 1, index + 16))) columns[place] = { values: [], isMeasure: true };
    place++;
  }
  for (const line of group.lines) for (const [index, column] of columns.entries()) column.values.push(masked[line]?.values[index] ?? "");
  return columns;
}

/** Columns of a merged group: per open place the whole word and its shape, elsewhere single values. */
function mergedColumns(masked: readonly MaskedLine[], group: LineGroup): Column[] {
  const open = new Set(group.openPlaces);
  const columns = new Map<string, Column>();
  const put = (key: string, value: string): void => {
    const column = columns.get(key) ?? { values: [], isMeasure: false };
    columns.set(key, column);
    column.values.push(value);
  };
  for (const line of group.lines) {
    const { template, values } = masked[line] ?? { template: "", values: [] };
    let used = 0;
    for (const [place, word] of templateWords(template).entries()) {
      const count = placeholders(word);
      if (open.has(place)) {
        put(`${place}`, `${word} ${values.slice(used, used + count).join(" ")}`);
        put(`${place} shape`, word);
      } else for (let at = 0; at < count; at++) put(`${place}.${at}`, values[used + at] ?? "");
      used += count;
    }
  }
  return [...columns.values()].filter((column) => column.values.length === group.lines.length);
}

function largest(values: readonly string[]): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (Number(values[index]) > Number(values[best])) best = index;
  return best;
}

function wholeGroup(lines: readonly number[], pin: PinReason | undefined, weight: number): PickedLine[] {
  return lines.map((line) => ({ line, weight, folded: 1, ...(pin === undefined ? {} : { pin }) }));
}

type Why = Pick<PickedLine, "pin" | "weight">;

/** Positions in a group that its columns make worth keeping. */
function oddPositions(columns: readonly Column[]): Map<number, Why> {
  const chosen = new Map<number, Why>();
  for (const column of columns) {
    const { odd, firstSights } = columnOddities(column.values);
    for (const position of firstSights) chosen.set(position, { weight: 0.5, ...chosen.get(position) });
    for (const position of odd) chosen.set(position, { pin: "outlier", weight: 0.9 });
    const extreme = column.isMeasure ? largest(column.values) : -1;
    if (extreme >= 0 && !chosen.has(extreme)) chosen.set(extreme, { pin: "extreme", weight: 0.6 });
  }
  return chosen;
}

/** Rare groups, and small ones that matter, are not folded. */
function wholeIfSmall({ lines, openPlaces }: LineGroup, { isSevere, askedWords }: PickOptions): PickedLine[] | undefined {
  if (lines.length <= RARE) return wholeGroup(lines, isSevere ? "error" : "rare", isSevere ? 0.9 : 0.6);
  if (isSevere && lines.length <= SMALL_SEVERE) return wholeGroup(lines, "error", 0.8);
  // Few lines that differ in words are a list: of services, of users, of files.
  if (openPlaces.length > 0 && lines.length <= SMALL_LIST) return wholeGroup(lines, undefined, 0.5);
  return lines.length <= SMALL_ASKED && askedWords(lines[0] ?? 0) >= MIN_ASKED_WORDS ? wholeGroup(lines, undefined, 0.7) : undefined;
}

/** Positions of lines that hold more words of the task than the others of their group: "billing" among services. */
function askedPositions(lines: readonly number[], askedWords: PickOptions["askedWords"]): number[] {
  const counts = lines.map(askedWords);
  const least = Math.min(...counts.slice(0, 5_000));
  const asked = [...counts.keys()].filter((position) => (counts[position] ?? 0) > Math.max(least, MIN_ASKED_WORDS - 1));
  return asked.length <= SMALL_ASKED ? asked : asked.slice(0, FEW_ASKED);
}

/** The lines of one group that stay, ascending. */
export function pickLines(masked: readonly MaskedLine[], group: LineGroup, options: PickOptions): PickedLine[] {
  const { lines } = group;
  const { isSevere } = options;
  const whole = wholeIfSmall(group, options);
  if (whole !== undefined) return whole;
  const chosen = oddPositions(group.openPlaces.length === 0 ? plainColumns(masked, group) : mergedColumns(masked, group));
  for (const [position, line] of lines.entries()) if (options.isFrequent(line)) chosen.set(position, { pin: "extreme", weight: 0.7 });
  for (const position of askedPositions(lines, options.askedWords)) chosen.set(position, { weight: 0.7, ...chosen.get(position) });
  for (const [position, line] of lines.entries()) if (options.isNamed(line)) chosen.set(position, { pin: "named", weight: 1 });
  if (isSevere) for (const end of [0, lines.length - 1]) chosen.set(end, { pin: "error", weight: 0.8, ...chosen.get(end) });
  const first = chosen.get(0) ?? { weight: 0.5 };
  chosen.delete(0);
  const picked: PickedLine[] = [{ line: lines[0] ?? 0, folded: lines.length - chosen.size, ...first }];
  for (const [position, why] of [...chosen].sort((a, b) => a[0] - b[0])) picked.push({ line: lines[position] ?? 0, folded: 1, ...why });
  return picked;
}
