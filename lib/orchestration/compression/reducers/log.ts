// Log reducer: folds lines of one shape into a first line and a count; rare, severe and odd lines stay. It parses no message.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { frequentAddresses } from "./log/frequentAddresses.ts";
import { groupLines } from "./log/groupLines.ts";
import { timestampOf } from "./log/lineTimestamp.ts";
import { maskLine } from "./log/maskLine.ts";
import { pickLines, type PickedLine } from "./log/pickLines.ts";
import { foldFrames, isFrameLine } from "./log/foldFrames.ts";
import { taskTerms, type TaskTerms } from "./log/taskTerms.ts";
import { visibleLines } from "./log/visibleLines.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";

/** Words that make a line severe; matched at word starts, so `ErrorCode` and `failures` count too. */
const SEVERE =
  /(?:^|[^a-z])(?:error|fatal|exception|fail|denied|refused|timeout|timed out|panic|critical|severe|abort|corrupt|unable to|cannot|can't|could not|crash|unreachable|violation|invalid|rejected|segfault|traceback|emerg|alert)/i;
/** Words of test runs and builds that sum up. */
const SUMMARY =
  /^\s*(?:Tests?:|Test Suites?:|Test Files|Snapshots:|Time:|Duration|Ran \d+ tests?|OK \(|FAILED|=+ .*(?:passed|failed|error).* =+$|BUILD |Finished in|\d+ (?:passing|failing|passed|failed|pending|examples?)|test result:|Total)/i;
/** Rare lines are pinned while they are at most this share of all lines: where all are different, rarity says nothing. */
const MOST_RARE = 0.3;
const LONGEST_SCAN = 600;

function isSevere(line: string): boolean {
  return SEVERE.test(line.length > LONGEST_SCAN ? line.slice(0, LONGEST_SCAN) : line);
}

function pinnedOrNot(picked: PickedLine, isSummary: boolean, pinRare: boolean): Pick<LaidUnit, "pin" | "weight"> {
  if (isSummary) return { pin: "structure", weight: 1 };
  if (picked.pin === undefined || (picked.pin === "rare" && !pinRare)) return { weight: picked.weight };
  return { pin: picked.pin, weight: picked.weight };
}

/** The time of a folded group's last line; its date only when it differs from the first line's. */
function lastTime(first: string, last: string): string {
  const clean = last.replaceAll(/[[\]()<>"]/g, "").trim();
  const day = first.replaceAll(/[[\]()<>"]/g, "").trim();
  const space = clean.search(/[T ]\d{1,2}:/);
  return space > 0 && day.startsWith(clean.slice(0, space)) ? clean.slice(space + 1) : clean;
}

/** How long each line is without what looks like a marker of ours at its end; undefined where the content holds none. */
function lengthsBeforeMarkers(content: string, lines: readonly string[], { mark }: ReduceContext): number[] | undefined {
  if (mark.escape(content) === content) return undefined;
  return lines.map((line) => {
    const escaped = mark.escape(line);
    if (escaped === line) return line.length;
    let same = 0;
    while (escaped[same] === line[same]) same++;
    return line.lastIndexOf("[", same) >= 0 && same - line.lastIndexOf("[", same) < 4
      ? line.slice(0, line.lastIndexOf("[", same)).trimEnd().length
      : same;
  });
}

/** What a line stands for: lines alike until when, and lines with its address. */
function noteOf(folded: number, until: string, inLines: number | undefined): string {
  const notes = folded > 1 ? [`×${folded}${until === "" ? "" : ` to ${until}`}`] : [];
  if (inLines !== undefined) notes.push(`address in ${inLines} lines`);
  return notes.join(", ");
}

function reduceLog(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const lines = visibleLines(content);
  if (lines.length < 2) return null;
  const stampOf = timestampOf(lines);
  const stamps = lines.map(stampOf);
  const cleanLengths = lengthsBeforeMarkers(content, lines, context);
  const masked = lines.map((line, index) => maskLine(line.slice(0, cleanLengths?.[index] ?? line.length), stamps[index] ?? 0));
  const severe = lines.map(isSevere);
  const frames = foldFrames(lines);
  const keys = lines.map((line, index) =>
    frames.has(index) ? `frame ${frames.get(index)}` : isFrameLine(line) ? "in trace" : severe[index] ? "severe" : "",
  );
  const marked = lines.map((line, index) => cleanLengths !== undefined && (cleanLengths[index] ?? 0) < line.length);
  const terms = taskTerms(context);
  const frequent = frequentAddresses(lines);
  const groups = groupLines(masked, keys);
  const picked = groups.flatMap((group) =>
    pickGroup(group.lines, () => pickLines(masked, group, pickOptions(group.lines, { lines, severe, terms, frequent })), {
      marked,
      frames,
      lines,
    }),
  );
  picked.sort((a, b) => a.line - b.line);
  const rareCount = picked.filter((one) => one.pin === "rare").length;
  const pinRare = rareCount <= Math.max(3, lines.length * MOST_RARE);
  const lastOf = new Map(groups.map((group) => [group.lines[0] ?? 0, group.lines.at(-1) ?? 0]));
  const units: LaidUnit[] = picked.map((one) => {
    const text = lines[one.line] ?? "";
    const last = lastOf.get(one.line) ?? one.line;
    const until = one.folded > 1 ? lastTime(text.slice(0, stamps[one.line]), (lines[last] ?? "").slice(0, stamps[last])) : "";
    const note = noteOf(one.folded, until, frequent.get(one.line));
    return {
      text: context.mark.escape(text),
      from: one.line,
      to: one.line + 1,
      covers: one.folded,
      lead: "\n",
      ...pinnedOrNot(one, SUMMARY.test(text), pinRare),
      ...(note === "" ? {} : { note }),
    };
  });
  const folded = lines.length - units.length;
  const dropped = folded > 0 ? [`${folded} of ${lines.length} lines folded into lines like them`] : [];
  return reductionOf(
    content,
    { type: "log", noun: ["line", "lines"], units, dropped, ...(folded > 0 ? { header: `${lines.length} lines, alike ones folded` } : {}) },
    context,
  );
}

interface LogLines {
  readonly lines: readonly string[];
  readonly severe: readonly boolean[];
  readonly terms: TaskTerms;
  readonly frequent: ReadonlyMap<number, number>;
}

function pickOptions(members: readonly number[], { lines, severe, terms, frequent }: LogLines): Parameters<typeof pickLines>[2] {
  const first = members[0] ?? 0;
  return {
    isSevere: severe[first] ?? false,
    isFrequent: (line) => frequent.has(line),
    isNamed: (line) => terms.names(lines[line] ?? ""),
    askedWords: (line) => terms.matches(lines[line] ?? ""),
  };
}

interface GroupMarks {
  readonly marked: readonly boolean[];
  readonly frames: ReadonlyMap<number, number>;
  readonly lines: readonly string[];
}

/**
 * A group with a line that carries a marker was folded before (or somebody forges markers): it stays as it is. That keeps the
 * reducer idempotent, and a forger gains nothing but his own lines in full.
 */
function pickGroup(members: readonly number[], pick: () => PickedLine[], { marked, frames, lines }: GroupMarks): PickedLine[] {
  if (members.some((line) => marked[line])) return members.map((line) => ({ line, weight: 0.5, folded: 1 }));
  const first = members[0] ?? 0;
  if (frames.has(first)) return [{ line: first, weight: 0.3, folded: members.length }];
  if (isFrameLine(lines[first] ?? ""))
    return members.length <= 3
      ? members.map((line) => ({ line, weight: 0.4, folded: 1 }))
      : [{ line: first, weight: 0.4, folded: members.length }];
  return pick();
}

export const logReducer: Reducer = { types: ["log"], reduce: reduceLog };
