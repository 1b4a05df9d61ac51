// Finds in one column of a line group what a reader would miss: outliers, odd lengths, rare values, first sights of each category.

export interface ColumnOddities {
  /** Positions whose value nothing else in the column is like; they are pinned. */
  readonly odd: readonly number[];
  /** Positions where one of few values is seen for the first time. */
  readonly firstSights: readonly number[];
}

const NONE: ColumnOddities = { odd: [], firstSights: [] };
/** Distance from the quartiles, in interquartile ranges, from which a number is an outlier (Tukey's "far out"). */
const FAR_OUT = 3;
/** Numbers beyond this many medians are odd too. */
const MAGNITUDE = 20;
/** Outliers of one column that stay at least; more only in large groups. */
const MOST_OUTLIERS = 6;
const MIN_ROWS_FOR_QUARTILES = 5;
/** From this many rows a value or a length that occurs once or twice is rare, not chance. */
const MIN_ROWS_FOR_RARE = 20;
const MOST_CATEGORIES = 12;
/** Names (users, hosts, modules) are worth more lines than numbers, in large groups. */
const MOST_NAMES = 40;
const ROWS_PER_NAME = 4;
/** Longer digit runs are no numbers; up to here rounding does not matter for what is far out. */
const LONGEST_NUMBER = 30;

function countValues<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Positions of numbers that stand far outside the quartiles; of many, those that stand farthest. */
function farOut(numbers: readonly number[]): number[] {
  const sorted = Float64Array.from(numbers).sort();
  const n = sorted.length;
  const low = sorted[Math.floor(n / 4)] ?? 0;
  const high = sorted[Math.floor((3 * n) / 4)] ?? 0;
  const range = high - low;
  // Where a quarter is odd the upper quartile is odd itself; the median is not.
  const large = MAGNITUDE * (sorted[Math.floor(n / 2)] ?? 0);
  const found: { position: number; distance: number }[] = [];
  for (const [position, value] of numbers.entries()) {
    const distance = Math.max(low - value, value - high);
    if ((distance > FAR_OUT * range && distance > 0) || (large > 0 && value > large)) found.push({ position, distance });
  }
  const most = Math.max(MOST_OUTLIERS, Math.ceil(n / 25));
  if (found.length <= most) return found.map((one) => one.position);
  const seen = new Set<number>();
  return found
    .sort((a, b) => b.distance - a.distance || a.position - b.position)
    .filter((one) => !seen.has(one.distance) && seen.add(one.distance).size <= most)
    .map((one) => one.position);
}

/** Positions of values whose key (the value, its length, …) is held by at most `most` of the rows. */
function rare<T>(keys: readonly T[], counts: ReadonlyMap<T, number>, most: number): number[] {
  const positions: number[] = [];
  for (const [position, key] of keys.entries()) if ((counts.get(key) ?? 0) <= most) positions.push(position);
  return positions;
}

function isNumber(value: string): boolean {
  if (value.length === 0 || value.length > LONGEST_NUMBER) return false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

/** Where each of a few values is seen first, the very first line apart. */
function firstSightsOf(values: readonly string[]): number[] {
  const seen = new Set(values.slice(0, 1));
  const positions: number[] = [];
  for (const [position, value] of values.entries()) {
    if (seen.has(value)) continue;
    seen.add(value);
    positions.push(position);
  }
  return positions;
}

/** Values whose length hardly any other value has. */
function oddLengths(values: readonly string[], most: number): number[] {
  const lengths = values.map((value) => value.length);
  const counts = countValues(lengths);
  if (counts.size === 1) return [];
  const positions = rare(lengths, counts, most);
  return positions.length <= Math.max(3, values.length / 50) ? positions : [];
}

/** @param values The column, one text per line of the group. */
export function columnOddities(values: readonly string[]): ColumnOddities {
  const n = values.length;
  const counts = countValues(values);
  if (counts.size === 1) return NONE;
  const odd = new Set<number>();
  const add = (positions: readonly number[]): void => {
    for (const position of positions) odd.add(position);
  };
  const areNames = counts.size <= Math.min(MOST_NAMES, n / ROWS_PER_NAME) && !values.some(isNumber);
  const isCategory = areNames || (counts.size <= MOST_CATEGORIES && counts.size <= n / 2);
  const rareCount = Math.max(1, Math.floor(n / 400));
  if (n >= MIN_ROWS_FOR_RARE) {
    if (isCategory) add(rare(values, counts, Math.max(2, rareCount)));
    add(oddLengths(values, rareCount));
  }
  if (n >= MIN_ROWS_FOR_QUARTILES && values.every(isNumber)) add(farOut(values.map(Number)));
  return { odd: [...odd], firstSights: isCategory ? firstSightsOf(values) : [] };
}
