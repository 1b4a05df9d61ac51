// Which point a child dies at, from a seed: mostly inside its work, between any two statements, around effects and model calls.
import type { Kill } from "../child/KillPoint.ts";
import type { SeededRandom } from "../seededRandom.ts";

export interface PlannedKill {
  readonly kill: Kill;
  /** When the parent kills, after the child has begun to work; also the latest moment for a point that is never reached. */
  readonly afterMs: number;
}

export function planKill(random: SeededRandom, longestMs: number): PlannedKill {
  const afterMs = Math.round(random.next() ** 2 * longestMs);
  switch (random.whole(5)) {
    case 0:
      return { kill: { at: "time" }, afterMs };
    case 1:
    case 2:
      return { kill: { at: "statement", when: random.pick(["before", "after"]), occurrence: 1 + random.whole(150) }, afterMs: longestMs };
    case 3:
      return {
        kill: { at: "effect", when: random.pick(["before", "during", "after"]), occurrence: 1 + random.whole(8) },
        afterMs: longestMs,
      };
    default:
      return { kill: { at: "model", when: "during", occurrence: 1 + random.whole(8) }, afterMs: longestMs };
  }
}

export function describeKill({ kill, afterMs }: PlannedKill): string {
  return kill.at === "time" ? `after ${afterMs} ms` : `${kill.when} ${kill.at} ${kill.occurrence}`;
}
