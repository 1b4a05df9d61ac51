// The closest of some known words to a mistyped one. It suggests; it never decides: nothing is looked up under a suggested name.

/** Longer words are compared by their beginning only, so that the cost stays bounded on hostile keys. */
const COMPARED_CHARACTERS = 64;
const COMPARED_CANDIDATES = 500;

/** The candidate within about a third of the word's length in edits, or `undefined` when none is close. Case counts little. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalise(word);
  if (wanted === "") return undefined;
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  let seen = 0;
  for (const candidate of candidates) {
    seen += 1;
    if (seen > COMPARED_CANDIDATES) break;
    if (candidate === word) continue;
    const distance = editDistance(wanted, normalise(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `_`, `-`, blanks and case are the usual slips: `Order_ID` is `orderId`. */
function normalise(word: string): string {
  return word
    .slice(0, COMPARED_CHARACTERS)
    .toLowerCase()
    .replace(/[\s_-]/g, "");
}

/** Levenshtein distance in which swapped neighbours count as one edit; gives up at `ceiling`. */
function editDistance(left: string, right: string, ceiling: number): number {
  if (Math.abs(left.length - right.length) >= ceiling) return ceiling;
  let twoAbove: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let distance = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) distance = Math.min(distance, at(twoAbove, column - 2) + 1);
      current.push(distance);
      smallest = Math.min(smallest, distance);
    }
    if (smallest >= ceiling) return ceiling;
    twoAbove = above;
    above = current;
  }
  return at(above, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
