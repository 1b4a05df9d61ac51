// Turns a log line into its template and its values: digits become "#", random identifiers "<id>". One pass, no regular expression.

export interface MaskedLine {
  readonly template: string;
  /** Digit runs and identifiers in order: as many as the template has "#" and "<id>". */
  readonly values: readonly string[];
}

/** Shorter words are never taken for random identifiers. */
const SHORTEST_ID = 8;
/** Lines are masked up to this length; the rest is compared as one value. */
const LONGEST_LINE = 2_000;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** Hex digests, UUID parts, tokens: letters and digits that change places at least three times. */
function isRandom(line: string, from: number, to: number): boolean {
  if (to - from < SHORTEST_ID) return false;
  let changes = 0;
  for (let index = from + 1; index < to; index++) if (isDigit(line.charCodeAt(index)) !== isDigit(line.charCodeAt(index - 1))) changes++;
  return changes >= 3;
}

function wordEnd(line: string, from: number, limit: number): number {
  let end = from;
  while (end < limit && (isDigit(line.charCodeAt(end)) || isLetter(line.charCodeAt(end)))) end++;
  return end;
}

/** Masks `line` from `start` on. */
export function maskLine(line: string, start: number): MaskedLine {
  const limit = Math.min(line.length, start + LONGEST_LINE);
  const values: string[] = [];
  let template = "";
  let copied = start;
  const replace = (from: number, to: number, mask: string): void => {
    template += line.slice(copied, from) + mask;
    values.push(line.slice(from, to));
    copied = to;
  };
  for (let index = start; index < limit;) {
    const code = line.charCodeAt(index);
    if (!isDigit(code) && !isLetter(code)) {
      index++;
      continue;
    }
    const end = wordEnd(line, index, limit);
    if (isRandom(line, index, end)) replace(index, end, "<id>");
    else {
      for (let at = index; at < end;) {
        if (!isDigit(line.charCodeAt(at))) {
          at++;
          continue;
        }
        let run = at + 1;
        while (run < end && isDigit(line.charCodeAt(run))) run++;
        replace(at, run, "#");
        at = run;
      }
    }
    index = end;
  }
  template += line.slice(copied, limit);
  if (limit < line.length) {
    template += "…";
    values.push(line.slice(limit));
  }
  return { template, values };
}
