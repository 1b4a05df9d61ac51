// Quantiles of weighted samples, with the small-sample correction that makes their coverage exact. Numbers only.

export interface Weighted {
  readonly value: number;
  /** Above 0. */
  readonly weight: number;
}

/** A sample's weight halves every so many newer ones. */
export const HALF_LIFE = 50;

/** @param age 0 for the newest */
export function recencyWeight(age: number): number {
  return 2 ** (-age / HALF_LIFE);
}

/**
 * Samples sorted once, asked often. The p-quantile stands at rank p · (n + 1), n being the effective number of samples
 * (Σw)² / Σw²: a value yet to come is then below it with probability p when all are exchangeable (split conformal
 * prediction, Vovk et al. 2005). Between ranks it is interpolated; beyond the ends it is the end.
 */
export class Distribution {
  readonly size: number;
  readonly #values: readonly number[];
  readonly #ranks: readonly number[];

  constructor(samples: readonly Weighted[]) {
    const sorted = [...samples].sort((left, right) => left.value - right.value);
    let sum = 0;
    let squares = 0;
    for (const { weight } of sorted) {
      sum += weight;
      squares += weight * weight;
    }
    this.size = squares === 0 ? 0 : (sum * sum) / squares;
    const scale = sum === 0 ? 0 : this.size / sum;
    let before = 0;
    const ranks: number[] = [];
    for (const { weight } of sorted) {
      ranks.push(before + (weight * scale) / 2 + 0.5);
      before += weight * scale;
    }
    this.#values = sorted.map(({ value }) => value);
    this.#ranks = ranks;
  }

  /** @param p 0–1 @returns 0 when there are no samples */
  quantile(p: number): number {
    const target = p * (this.size + 1);
    const above = firstAtLeast(this.#ranks, target);
    const upper = this.#values[above] ?? this.#values.at(-1) ?? 0;
    if (above === 0 || above >= this.#values.length) return upper;
    const lower = this.#values[above - 1] ?? upper;
    const from = this.#ranks[above - 1] ?? 0;
    const to = this.#ranks[above] ?? from;
    return to === from ? upper : lower + ((upper - lower) * (target - from)) / (to - from);
  }

  /** The sample at a share of the weight, for drawing by chance. @param share 0–1 */
  at(share: number): number {
    const index = firstAtLeast(this.#ranks, share * this.size + 0.5);
    return this.#values[Math.min(index, this.#values.length - 1)] ?? 0;
  }
}

function firstAtLeast(sorted: readonly number[], target: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? 0) < target) from = middle + 1;
    else to = middle;
  }
  return from;
}
