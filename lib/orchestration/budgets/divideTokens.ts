// Divides whole tokens by weight: every part has its floor where there is enough, and the parts sum up exactly. It knows no steps.

export interface Division {
  /** One per weight, whole, never negative; their sum is the total. */
  readonly parts: readonly number[];
  /** Tokens missing for the floors; 0 when each part has its own. */
  readonly shortTokens: number;
}

/**
 * Water-filling: parts whose share would be below the floor get the floor, the others divide the rest by weight; whole
 * numbers by largest remainder. With too little for the floors all get the same, to a token. No weights: no parts.
 *
 * @param total whole, 0 or more
 * @param weights finite, 0 or more; all zero means equal
 */
export function divideTokens(total: number, weights: readonly number[], floor: number): Division {
  const count = weights.length;
  if (count === 0) return { parts: [], shortTokens: 0 };
  if (total < count * floor)
    return {
      parts: wholeParts(
        total,
        weights.map(() => 1),
      ),
      shortTokens: count * floor - total,
    };
  const order = weights.map((_, index) => index).sort((left, right) => (weights[left] ?? 0) - (weights[right] ?? 0));
  const sum = weights.reduce((left, right) => left + right, 0);
  const even = sum > 0 && Number.isFinite(sum) ? weights : weights.map(() => 1);
  let weight = even.reduce((left, right) => left + right, 0);
  let rest = total;
  let floored = 0;
  for (const index of order) {
    const own = even[index] ?? 0;
    if (weight > 0 && (own / weight) * rest >= floor) break;
    rest -= floor;
    weight -= own;
    floored += 1;
  }
  const parts = weights.map(() => floor);
  const shared = order.slice(floored);
  if (shared.length === 0) return { parts: addLeft(parts, rest), shortTokens: 0 };
  const shares = wholeParts(
    rest,
    shared.map((index) => even[index] ?? 0),
  );
  for (const [position, index] of shared.entries()) parts[index] = shares[position] ?? 0;
  return { parts, shortTokens: 0 };
}

/** Largest remainder; ties go to the earlier part. */
function wholeParts(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((left, right) => left + right, 0);
  const exact = weights.map((weight) => (weight / sum) * total);
  const parts = exact.map((share) => Math.max(Math.floor(share), 0));
  const left = total - parts.reduce((before, part) => before + part, 0);
  if (left === 0) return parts;
  const order = exact
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
    .map(({ index }) => index);
  return spread(parts, left, order);
}

function addLeft(parts: number[], left: number): number[] {
  return spread(
    parts,
    left,
    parts.map((_, index) => index),
  );
}

/** Hands out what rounding left, or takes back what it gave too much, one by one and then evenly. */
function spread(parts: number[], left: number, order: readonly number[]): number[] {
  const each = Math.trunc(left / order.length);
  let extra = left - each * order.length;
  const step = Math.sign(extra);
  for (const index of order) {
    parts[index] = (parts[index] ?? 0) + each + (extra === 0 ? 0 : step);
    if (extra !== 0) extra -= step;
  }
  // Totals near 2^53 round by more than one: what fell below zero is taken from the largest.
  for (const [index, part] of parts.entries()) {
    if (part >= 0) continue;
    const largest = parts.reduce((best, other, position) => (other > (parts[best] ?? 0) ? position : best), 0);
    parts[largest] = (parts[largest] ?? 0) + part;
    parts[index] = 0;
  }
  return parts;
}
