// Raises the weight of units that name somebody or something for the first time: there it is introduced. It pins nothing.
import type { LaidUnit } from "./reductionOf.ts";

/** Words with a capital within a sentence: people, products, places, standards. */
const NAME = /(?<=[a-z,;:'(] )[A-Z][A-Za-z]{2,}/g;
const RAISE = 0.15;

/** @returns the units with their new weights, at most 1 */
export function withFirstMentions(units: readonly LaidUnit[]): LaidUnit[] {
  const known = new Set<string>();
  return units.map((unit) => {
    let isNew = false;
    for (const name of unit.text.match(NAME) ?? []) {
      isNew ||= !known.has(name);
      known.add(name);
    }
    return isNew ? { ...unit, weight: Math.min(1, (unit.weight ?? 0.5) + RAISE) } : unit;
  });
}
