// Reads delimited text with quotes, forgiving ragged rows. One pass; it guesses the delimiter from the first lines.
const DELIMITERS = [",", ";", "\t", "|"] as const;
const QUOTE = '"';

function delimiterOf(content: string): string {
  const lines = content.slice(0, 8_000).split("\n").slice(0, 10);
  let best = ",";
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const steady = counts.filter((count) => count === counts[0] && count > 0).length * (counts[0] ?? 0);
    if (steady > most) {
      most = steady;
      best = delimiter;
    }
  }
  return best;
}

/** Rows of cells; empty lines are left out. */
export function parseCsv(content: string): string[][] {
  const text = content.codePointAt(0) === 0xfeff ? content.slice(1) : content;
  const delimiter = delimiterOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  while (at < text.length) {
    let cell = "";
    if (text.charAt(at) === QUOTE) {
      at += 1;
      for (;;) {
        const end = text.indexOf(QUOTE, at);
        if (end === -1) {
          cell += text.slice(at);
          at = text.length;
          break;
        }
        cell += text.slice(at, end);
        at = end + 1;
        if (text.charAt(at) !== QUOTE) break;
        cell += QUOTE;
        at += 1;
      }
    }
    let end = at;
    while (end < text.length && text.charAt(end) !== delimiter && text.charAt(end) !== "\n") end += 1;
    cell += text.slice(at, end);
    row.push(cell.trim());
    at = end + 1;
    if (end >= text.length || text.charAt(end) === "\n") endRow();
    else if (end === text.length - 1) {
      row.push("");
      endRow();
    }
  }
  if (row.length > 0) endRow();
  return rows;
}
