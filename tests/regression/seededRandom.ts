// Numbers that look random and follow from a text: the same text gives the same numbers on every machine.
import { sha256 } from "../../lib/core/ids.ts";

export class SeededRandom {
  #state: number;

  constructor(seed: string) {
    this.#state = sha256(seed).readUInt32BE(0);
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number; both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const found = choices[this.whole(0, choices.length - 1)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}
