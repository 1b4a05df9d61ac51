// How long labelling takes, a step at a time and twenty in a row.
import { median } from "../measure.ts";

export interface Times {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Twenty steps one after the other: a whole workflow. Median. */
  readonly twentyMs: number;
}

const ROUNDS = 15;

/** The first rounds warm up and are left out; p99 is over single calls of all later rounds. */
export function measureTimes(steps: readonly object[], classify: (step: object) => unknown): Times {
  for (let round = 0; round < 5; round += 1) for (const step of steps) classify(step);
  const singles: number[] = [];
  const twenties: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const step of steps) {
      const start = performance.now();
      classify(step);
      singles.push(performance.now() - start);
    }
    for (let from = 0; from + 20 <= steps.length; from += 20) {
      const batch = steps.slice(from, from + 20);
      const start = performance.now();
      for (const step of batch) classify(step);
      twenties.push(performance.now() - start);
    }
  }
  const sorted = singles.sort((left, right) => left - right);
  return { medianMs: median(sorted), p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN, twentyMs: median(twenties) };
}
