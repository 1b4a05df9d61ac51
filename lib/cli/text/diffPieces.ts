// What of a text is not in another, piece by piece and in order. Anchored on pieces that both hold once, so it stays near-linear.

export interface DiffPiece {
  /** `cut`: only in the first text; `added`: only in the second; `kept`: in both. */
  readonly kind: "kept" | "cut" | "added";
  readonly text: string;
}

const LONG_LINE_CHARS = 200;

/** Lines, without their breaks. */
function linesOf(text: string): readonly string[] {
  return text.split("\n");
}

/** Sentences and items of lists: a page or a document on a single line differs by these. */
function partsOf(text: string): readonly string[] {
  return linesOf(text).flatMap((line) => line.split(/(?<=[.!?]\s)|(?<=[,;{}[\]>])/));
}

export function diffPieces(from: string, to: string): readonly DiffPiece[] {
  const takeApart = linesOf(from).some((line) => line.length > LONG_LINE_CHARS) ? partsOf : linesOf;
  const [before, after] = [takeApart(from), takeApart(to)];
  const pieces: DiffPiece[] = [];
  let [left, right] = [0, 0];
  const push = (kind: DiffPiece["kind"], text: string): void => void pieces.push({ kind, text });
  for (const [leftAnchor, rightAnchor] of [...anchors(before, after), [before.length, after.length] as const]) {
    // Equal neighbours of the anchors belong to them.
    while (left < leftAnchor && right < rightAnchor && same(before[left], after[right])) {
      push("kept", before[left] ?? "");
      left += 1;
      right += 1;
    }
    let [leftEnd, rightEnd] = [leftAnchor, rightAnchor];
    while (leftEnd > left && rightEnd > right && same(before[leftEnd - 1], after[rightEnd - 1])) {
      leftEnd -= 1;
      rightEnd -= 1;
    }
    for (const text of before.slice(left, leftEnd)) push("cut", text);
    for (const text of after.slice(right, rightEnd)) push("added", text);
    for (const text of before.slice(leftEnd, leftAnchor)) push("kept", text);
    if (leftAnchor < before.length) push("kept", before[leftAnchor] ?? "");
    [left, right] = [leftAnchor + 1, rightAnchor + 1];
  }
  return pieces;
}

function same(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && left.trim() === right?.trim();
}

/** Pairs of places of pieces that stand once in both, the longest run of them that is in the same order in both (patience). */
function anchors(before: readonly string[], after: readonly string[]): readonly (readonly [number, number])[] {
  const [places, others] = [placesOfUnique(before), placesOfUnique(after)];
  const pairs = [...places].flatMap(([text, left]) => {
    const right = others.get(text);
    return right === undefined ? [] : [[left, right] as const];
  });
  const piles: { readonly pair: readonly [number, number]; readonly previous: number | undefined }[] = [];
  const tops: number[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((piles[tops[middle] ?? 0]?.pair[1] ?? 0) < pair[1]) low = middle + 1;
      else high = middle;
    }
    piles.push({ pair, previous: low === 0 ? undefined : tops[low - 1] });
    tops[low] = piles.length - 1;
  }
  const run: (readonly [number, number])[] = [];
  for (let at = tops.at(-1); at !== undefined; at = piles[at]?.previous) run.push(piles[at]?.pair ?? [0, 0]);
  return run.reverse();
}

function placesOfUnique(pieces: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [index, piece] of pieces.entries()) {
    const text = piece.trim();
    if (places.has(text) || text === "") repeated.add(text);
    else places.set(text, index);
  }
  for (const text of repeated) places.delete(text);
  return places;
}
