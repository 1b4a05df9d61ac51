// How sure it is that a text is a table of delimited values: every record has the same number of fields. It does not parse the table.

const DELIMITERS = [",", "\t", ";", "|"];
const RECORDS = 40;
const LONGEST_FIELD = 5_000;

/** Index after the quoted field that begins at `at`; 0 where it does not end within reach. */
function quotedEnd(text: string, at: number): number {
  for (let index = text.indexOf('"', at + 1); index >= 0 && index - at <= LONGEST_FIELD; index = text.indexOf('"', index + 2)) {
    if (text.charAt(index + 1) !== '"') return index + 1;
  }
  return 0;
}

/** Fields of each of the first records; quoted fields may hold delimiters and line breaks. Null where quoting is broken. */
function fieldCounts(text: string, delimiter: string): number[] | null {
  const counts: number[] = [];
  let fields = 1;
  let fieldStart = 0;
  for (let index = 0; index < text.length && counts.length < RECORDS; index++) {
    const char = text.charAt(index);
    if (char === '"' && index === fieldStart) {
      const end = quotedEnd(text, index);
      if (end === 0) return text.length - index > LONGEST_FIELD ? null : counts;
      index = end - 1;
    } else if (char === delimiter) {
      fields++;
      fieldStart = index + 1;
    } else if (char === "\n") {
      if (index > fieldStart || fields > 1) counts.push(fields);
      fields = 1;
      fieldStart = index + 1;
    }
  }
  if (counts.length < RECORDS && (fieldStart < text.length || fields > 1)) counts.push(fields);
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

/** 0–1 for one delimiter. */
function strengthOf(sample: string, delimiter: string): number {
  const all = fieldCounts(sample, delimiter);
  if (all === null) return 0;
  // The last record may be cut by the sample's end.
  const counts = all.length > 3 ? all.slice(0, -1) : all;
  const { value, times } = mostFrequent(counts);
  const share = times / Math.max(1, counts.length);
  if (value < 2 || times < 2 || share < 0.9 || counts[0] !== value || looksLikeSentences(sample, delimiter)) return 0;
  // Two columns and few rows are weak evidence: "Name, thing" lines look the same.
  if (value === 2) return times >= 4 ? share * 0.8 : 0;
  return share * (times >= 3 ? 1 : 0.7);
}

/** 0 when it is none, else 0.5–1. */
export function looksLikeCsv(sample: string): number {
  const text = sample.trim();
  const candidates = DELIMITERS.filter((delimiter) => text.includes(delimiter) && !(delimiter === "|" && text.startsWith("|")));
  const best = Math.max(0, ...candidates.map((delimiter) => strengthOf(text, delimiter)));
  return best >= 0.5 ? best : 0;
}
