// Finds the network addresses that most lines of a log speak of: who attacks, who is slow. One line per address stands for the others.

const ADDRESS = /(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])/g;
/** An address in fewer lines is one among many. */
const LEAST_LINES = 5;
const LEAST_SHARE = 0.05;
const MOST_ADDRESSES = 3;

/** Per line that is to stay: the number of lines that hold its address. */
export function frequentAddresses(lines: readonly string[]): Map<number, number> {
  const found = new Map<string, { first: number; count: number }>();
  for (const [index, line] of lines.entries()) {
    for (const address of new Set(line.slice(0, 600).match(ADDRESS))) {
      const known = found.get(address);
      if (known === undefined) found.set(address, { first: index, count: 1 });
      else known.count++;
    }
  }
  const least = Math.max(LEAST_LINES, lines.length * LEAST_SHARE);
  const frequent = [...found.values()]
    .filter(({ count }) => count >= least && count < lines.length * 0.9)
    .sort((a, b) => b.count - a.count);
  return new Map(frequent.slice(0, MOST_ADDRESSES).map(({ first, count }) => [first, count]));
}
