// Numbers that look random and are the same on every machine: samples and planted values must not change from run to run.

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 ≤ whole number < limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** @throws RangeError when there is nothing to pick */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  }

  /** So many different ones, in an order of their own; all when there are fewer. */
  sample<Value>(values: readonly Value[], count: number): readonly Value[] {
    const pool = [...values];
    for (let index = 0; index < Math.min(count, pool.length); index += 1) {
      const other = index + this.below(pool.length - index);
      [pool[index], pool[other]] = [pool[other] as Value, pool[index] as Value];
    }
    return pool.slice(0, count);
  }
}
