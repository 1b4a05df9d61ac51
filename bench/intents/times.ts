// How long labelling takes, a step at a time and twenty in a row.
import { median } from "../measure.ts";

export interface Times {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Twenty steps one after the other: a whole workflow. Median. */
  readonly twentyMs: number;
}

const WARM_UP_ROUNDS = 25;
const ROUNDS = 31;

/**
 * The first rounds warm up and are left out. A step's time is the median of its rounds, p99 is over steps: what another process
 * takes from the machine is not this one's time.
 */
export function measureTimes(steps: readonly object[], classify: (step: object) => unknown): Times {
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) for (const step of steps) classify(step);
  const singles = steps.map((step) => median(timesOf(() => classify(step))));
  const batches: number[] = [];
  for (let from = 0; from + 20 <= steps.length; from += 20) {
    const batch = steps.slice(from, from + 20);
    batches.push(
      median(
        timesOf(() => {
          for (const step of batch) classify(step);
        }),
      ),
    );
  }
  const sorted = [...singles].sort((left, right) => left - right);
  return { medianMs: median(sorted), p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN, twentyMs: median(batches) };
}

function timesOf(work: () => void): readonly number[] {
  return Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}
