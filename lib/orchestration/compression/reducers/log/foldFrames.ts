// Finds stack frames inside a log and says which of a run of frames are folded. It does not touch traces outside logs.

const FRAME = /^\s+(?:at |\.\.\. \d+ more|from \S+:\d+:in )|^\s+File "[^"]*", line \d+/;
const APART = /^\s*(?:Caused by|Suppressed)/;
/** Frames at the head of a run that stay. */
const SHOWN = 3;

export function isFrameLine(line: string): boolean {
  return FRAME.test(line) && !APART.test(line);
}

/** Lines that are folded, with the number of the run that each belongs to. */
export function foldFrames(lines: readonly string[]): Map<number, number> {
  const folded = new Map<number, number>();
  let run = 0;
  let length = 0;
  for (const [index, line] of lines.entries()) {
    if (!isFrameLine(line)) {
      length = 0;
      continue;
    }
    if (length === 0) run++;
    length++;
    if (length > SHOWN) folded.set(index, run);
  }
  return folded;
}
