// How sure it is that a text is a table of delimited values: every record has the same number of fields. It does not parse the table.

const DELIMITERS = [",", "\t", ";", "|"];
const RECORDS = 40;
const LONGEST_FIELD = 5_000;

/** Fields of each of the first records; quoted fields may hold delimiters and line breaks. Null where quoting is broken. */
function fieldCounts(text: string, delimiter: string): number[] | null {
  const counts: number[] = [];
  let fields = 1;
  let isQuoted = false;
  let fieldStart = 0;
  for (let index = 0; index < text.length && counts.length < RECORDS; index++) {
    const char = text.charAt(index);
    if (isQuoted) {
      if (index - fieldStart > LONGEST_FIELD) return null;
      if (char !== '"') continue;
      if (text.charAt(index + 1) === '"') index++;
      else isQuoted = false;
    } else if (char === '"' && index === fieldStart) isQuoted = true;
    else if (char === delimiter) {
      fields++;
      fieldStart = index + 1;
    } else if (char === "\n") {
      if (index > fieldStart || fields > 1) counts.push(fields);
      fields = 1;
      fieldStart = index + 1;
    }
  }
  if (counts.length < RECORDS && !isQuoted && (fieldStart < text.length || fields > 1)) counts.push(fields);
  return counts;
}

function mostFrequent(counts: readonly number[]): { value: number; times: number } {
  const tally = new Map<number, number>();
  for (const count of counts) tally.set(count, (tally.get(count) ?? 0) + 1);
  let best = { value: 0, times: 0 };
  for (const [value, times] of tally) if (times > best.times) best = { value, times };
  return best;
}

/** Sentences have words after their commas; cells of a table are short and begin right after the delimiter. */
function looksLikeSentences(text: string, delimiter: string): boolean {
  if (delimiter !== "," && delimiter !== ";") return false;
  const head = text.slice(0, 4_000);
  const all = head.split(delimiter).length - 1;
  const spaced = head.split(`${delimiter} `).length - 1;
  return spaced > all * 0.8 && /[.!?]\s/.test(head);
}

/** 0 when it is none, else 0.5–1. */
export function looksLikeCsv(sample: string): number {
  let best = 0;
  for (const delimiter of DELIMITERS) {
    if (!sample.includes(delimiter)) continue;
    const all = fieldCounts(sample.trim(), delimiter);
    if (all === null) continue;
    // The last record may be cut by the sample's end.
    const counts = all.length > 3 ? all.slice(0, -1) : all;
    const { value, times } = mostFrequent(counts);
    if (value < 2 || times < 2) continue;
    const share = times / counts.length;
    const isMarkdownTable = delimiter === "|" && sample.trimStart().startsWith("|");
    if (share < 0.9 || isMarkdownTable || counts[0] !== value || looksLikeSentences(sample, delimiter)) continue;
    // Two columns and few rows are weak evidence: "Name, thing" lines look the same.
    const strength = value === 2 ? (times >= 4 ? 0.8 : 0) : times >= 3 ? 1 : 0.7;
    best = Math.max(best, share * strength);
  }
  return best >= 0.5 ? best : 0;
}
