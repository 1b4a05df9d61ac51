// Reads unified diffs (git or plain): files with their head lines and hunks. Text before the first file is a file without a name.

export interface DiffHunk {
  /** First line of the old and of the new text (1-based). */
  readonly oldStart: number;
  readonly newStart: number;
  /** What stands after the second `@@`, with its space. */
  readonly section: string;
  readonly lines: string[];
  /** 0-based source line of the head. */
  readonly line: number;
}

export interface DiffFile {
  readonly name: string;
  readonly head: string[];
  readonly line: number;
  readonly hunks: DiffHunk[];
}

const FILE_HEAD = /^(?:diff --git |Index: |diff -\S)/;
/** Head lines that tell nothing which the others do not tell. */
const USELESS_HEAD = /^(?:index [0-9a-f]{7,40}\.\.[0-9a-f]{7,40}|={20,}$)/;

function nameOf(line: string): string {
  const git = / b\/(.{1,400})$/.exec(line.slice(0, 900));
  if (git !== null) return git[1] ?? "";
  return (
    line
      .replace(/^(?:\+\+\+|---|Index:) /, "")
      .replace(/^[ab]\//, "")
      .split("\t", 1)[0] ?? ""
  );
}

interface HunkHead {
  readonly oldStart: number;
  readonly newStart: number;
  readonly section: string;
  /** Lines of old and new text that the head promises. */
  readonly old: number;
  readonly now: number;
}

function hunkHead(line: string): HunkHead | null {
  const match = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)$/.exec(line.slice(0, 600));
  if (match === null) return null;
  return {
    oldStart: Number(match[1]),
    old: Number(match[2] ?? 1),
    newStart: Number(match[3]),
    now: Number(match[4] ?? 1),
    section: match[5] ?? "",
  };
}

/** A plain diff announces its next file by two lines of which the first looks like a removed line. */
function announcesFile(lines: readonly string[], at: number): boolean {
  return (lines[at] ?? "").startsWith("--- ") && (lines[at + 1] ?? "").startsWith("+++ ") && (lines[at + 2] ?? "").startsWith("@@ ");
}

class DiffReader {
  readonly files: DiffFile[] = [];
  readonly #lines: readonly string[];
  #hunk: DiffHunk | undefined;
  #left = { old: 0, now: 0 };

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  #belongsToHunk(line: string, index: number): boolean {
    const isExpected = this.#left.old > 0 || this.#left.now > 0 || line.startsWith("\\");
    return isExpected && /^[ +\-\\]|^$/.test(line) && !FILE_HEAD.test(line) && !announcesFile(this.#lines, index);
  }

  line(line: string, index: number): void {
    const head = hunkHead(line);
    const last = this.files.at(-1);
    if (head !== null && last !== undefined) {
      this.#hunk = { oldStart: head.oldStart, newStart: head.newStart, section: head.section, lines: [], line: index };
      this.#left = { old: head.old, now: head.now };
      last.hunks.push(this.#hunk);
    } else if (this.#hunk !== undefined && this.#belongsToHunk(line, index)) {
      this.#hunk.lines.push(line);
      if (!line.startsWith("+") && !line.startsWith("\\")) this.#left.old--;
      if (!line.startsWith("-") && !line.startsWith("\\")) this.#left.now--;
    } else this.#headLine(line, index);
  }

  #headLine(line: string, index: number): void {
    this.#hunk = undefined;
    const last = this.files.at(-1);
    const isAfterHunks = last === undefined || last.hunks.length > 0;
    const opens = FILE_HEAD.test(line) || (line.startsWith("--- ") && isAfterHunks);
    if (opens || last === undefined || isAfterHunks)
      this.files.push({ name: opens ? nameOf(line) : "", head: [line], line: index, hunks: [] });
    else if (!USELESS_HEAD.test(line)) last.head.push(line);
  }
}

export function parseDiff(content: string): DiffFile[] {
  const lines = content.trimEnd().split("\n");
  const reader = new DiffReader(lines);
  for (const [index, line] of lines.entries()) reader.line(line, index);
  return reader.files;
}
