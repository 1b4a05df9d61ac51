// How much a memory matters, from facts of its execution. It reads no text.

export interface ImportanceFacts {
  readonly isFailed: boolean;
  readonly hasPattern: boolean;
  /** A person commented on something the execution asked or did. */
  readonly hasFeedback: boolean;
  /** From 1, per agent. */
  readonly runNumber: number;
}

const BASE = 0.5;
const FAILED = 0.3;
const PATTERN = 0.2;
const FEEDBACK = 0.4;
const FIRST = 0.1;
const MILESTONE = 0.15;
const MILESTONES = new Set([10, 25, 50]);

/** Memories of at most this importance are kept for the shorter time: nothing about their execution was out of the ordinary. */
export const LOW_IMPORTANCE = BASE;

/** @returns 0.5 to 1, in hundredths; README.md has the formula */
export function importanceOf({ isFailed, hasPattern, hasFeedback, runNumber }: ImportanceFacts): number {
  const sum =
    BASE +
    (isFailed ? FAILED : 0) +
    (hasPattern ? PATTERN : 0) +
    (hasFeedback ? FEEDBACK : 0) +
    (runNumber === 1 ? FIRST : 0) +
    (isMilestone(runNumber) ? MILESTONE : 0);
  return Math.min(Math.round(sum * 100) / 100, 1);
}

function isMilestone(runNumber: number): boolean {
  return runNumber > 0 && (MILESTONES.has(runNumber) || runNumber % 100 === 0);
}
