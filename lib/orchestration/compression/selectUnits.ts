// Chooses which units stay: pinned ones always, the others in order of value, as few as quality or size allows. Pure.
import type { QualityEstimate } from "./calibrationModel.ts";
import type { Unit } from "./types.ts";

export interface Selection {
  readonly kept: ReadonlySet<number>;
  readonly quality: QualityEstimate;
}

export interface SelectionRequest {
  readonly units: readonly Unit[];
  /** The higher, the longer a unit stays. */
  readonly values: readonly number[];
  /** Tokens of each unit, estimated. */
  readonly tokens: readonly number[];
  readonly estimate: (kept: ReadonlySet<number>) => QualityEstimate;
}

/** Units in the order in which they are kept, and the sets that follow from keeping the first so many of them. */
export class UnitSelector {
  readonly #request: SelectionRequest;
  /** Units that are not pinned, most valuable first. */
  readonly #order: readonly number[];
  readonly #pinned: ReadonlySet<number>;

  constructor(request: SelectionRequest) {
    this.#request = request;
    const { units, values } = request;
    this.#pinned = withParents(
      units,
      units.flatMap(({ pin }, index) => (pin === undefined ? [] : [index])),
    );
    const free = units.flatMap((_unit, index) => (this.#pinned.has(index) ? [] : [index]));
    // The earlier one of two alike: contents say first what matters.
    this.#order = free.sort((left, right) => (values[right] ?? 0) - (values[left] ?? 0) || left - right);
  }

  get unitCount(): number {
    return this.#request.units.length;
  }

  /** Pinned units, the `count` most valuable others, and what those need. */
  keep(count: number): ReadonlySet<number> {
    return withParents(this.#request.units, [...this.#pinned, ...this.#order.slice(0, count)]);
  }

  tokensOf(kept: ReadonlySet<number>): number {
    let sum = 0;
    for (const index of kept) sum += this.#request.tokens[index] ?? 0;
    return sum;
  }

  select(kept: ReadonlySet<number>): Selection {
    return { kept, quality: this.#request.estimate(kept) };
  }

  /** The fewest units for which `holds` is true, which never turns false when more are kept; all units when none suffices. */
  fewest(holds: (kept: ReadonlySet<number>) => boolean): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(this.keep(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The most units whose tokens stay within `budget`; -1 when the pinned ones alone do not. */
  most(budget: number): number {
    let low = -1;
    let high = this.#order.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.tokensOf(this.keep(middle)) <= budget) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function withParents(units: readonly Unit[], indices: readonly number[]): Set<number> {
  const kept = new Set<number>();
  for (const index of indices) {
    for (let at: number | undefined = index; at !== undefined && !kept.has(at); at = units[at]?.parent) kept.add(at);
  }
  return kept;
}
