// Diff reducer: every changed line with little context; lock files, generated and minified files as one line. It does not apply patches.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { parseDiff, type DiffFile, type DiffHunk } from "./diff/parseDiff.ts";
import { taskTerms, type TaskTerms } from "./log/taskTerms.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";

/** Unchanged lines that stay on either side of a change. */
const CONTEXT_LINES = 1;
const GENERATED =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Cargo\.lock|poetry\.lock|Pipfile\.lock|uv\.lock|composer\.lock|Gemfile\.lock|go\.sum|flake\.lock|mix\.lock|Podfile\.lock|packages\.lock\.json)$|\.min\.(?:js|css)$|\.(?:map|snap|pb\.go|g\.dart)$|(?:^|\/)(?:dist|build|node_modules|vendor|generated|__generated__|__snapshots__)\//;
const LONGEST_LINE = 500;

interface Piece {
  readonly text: string;
  /** 0-based source lines; the head of the hunk belongs to the first piece. */
  readonly from: number;
  readonly to: number;
}

function isChange(line: string): boolean {
  return line.startsWith("+") || line.startsWith("-") || line.startsWith("\\");
}

/** Ranges of a hunk's lines that are changes with their context. */
function changedRanges(lines: readonly string[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const [index, line] of lines.entries()) {
    if (!isChange(line)) continue;
    const start = Math.max(0, index - CONTEXT_LINES);
    const end = Math.min(lines.length, index + 1 + CONTEXT_LINES);
    const last = ranges.at(-1);
    if (last !== undefined && start <= last.end) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

function countOf(lines: readonly string[], other: "+" | "-"): number {
  let count = 0;
  for (const line of lines) if (!line.startsWith(other) && !line.startsWith("\\")) count++;
  return count;
}

/** A hunk's changes with little context, each as a true hunk of its own: the result is still a diff. */
function pieces(hunk: DiffHunk): Piece[] {
  let old = hunk.oldStart;
  let now = hunk.newStart;
  let done = 0;
  return changedRanges(hunk.lines).map(({ start, end }, index) => {
    old += start - done;
    now += start - done;
    const shown = hunk.lines.slice(start, end);
    const oldCount = countOf(shown, "+");
    const newCount = countOf(shown, "-");
    const head = `@@ -${old},${oldCount} +${now},${newCount} @@${hunk.section}`;
    old += oldCount;
    now += newCount;
    done = end;
    const text = [head, ...shown.map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))].join("\n");
    return { text, from: index === 0 ? hunk.line : hunk.line + 1 + start, to: hunk.line + 1 + end };
  });
}

function counts(file: DiffFile): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const hunk of file.hunks)
    for (const line of hunk.lines) {
      if (line.startsWith("+")) added++;
      else if (line.startsWith("-")) removed++;
    }
  return { added, removed };
}

function addFile(units: LaidUnit[], file: DiffFile, terms: TaskTerms, { mark }: ReduceContext): boolean {
  const head = units.length;
  const isFolded = GENERATED.test(file.name) && file.hunks.length > 0 && !terms.names(file.name);
  const { added, removed } = counts(file);
  const lines = file.hunks.reduce((sum, hunk) => sum + hunk.lines.length + 1, 0);
  units.push({
    text: mark.escape(file.head.join("\n")),
    from: file.line,
    to: file.line + file.head.length,
    lead: "\n",
    weight: 0.7,
    ...(isFolded ? { note: `generated: +${added} -${removed}, not shown`, covers: file.head.length + lines } : {}),
    ...(file.name === "" ? {} : { pin: "structure" as const }),
  });
  if (isFolded) return true;
  for (const piece of file.hunks.flatMap(pieces)) {
    const text = mark.escape(piece.text);
    units.push({ text, searchText: `${file.name} ${text}`, from: piece.from, to: piece.to, lead: "\n", parent: head, weight: 0.6 });
  }
  return false;
}

function reduceDiff(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const files = parseDiff(content);
  if (files.every((file) => file.hunks.length === 0)) return null;
  const units: LaidUnit[] = [];
  const terms = taskTerms(context);
  const folded = files.filter((file) => addFile(units, file, terms, context)).map((file) => file.name);
  const dropped = ["unchanged lines away from changes", ...folded.slice(0, 20).map((name) => `changes of ${name} (generated)`)];
  return reductionOf(content, { type: "diff", noun: ["line", "lines"], units, dropped }, context);
}

export const diffReducer: Reducer = { types: ["diff"], reduce: reduceDiff };
