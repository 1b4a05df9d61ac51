// Time, as an argument. Production gets systemClock; tests get testing/ManualClock.ts.
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since the epoch. May jump; never use it for lengths of time. */
  nowMs(): number;
  /** Milliseconds on a clock that only goes forward. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls back once after `ms` unless cancelled by the returned function.
   *
   * @param keepsAlive whether the process waits for it. @defaultValue false
   */
  schedule(ms: number, callback: () => void, keepsAlive?: boolean): () => void;
}

/** Resolves once everything that can go on without waiting has gone on: what was set off together can then be taken together. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Longest delay that Node's timers take as given; beyond it they fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
  },
  schedule: (ms, callback, keepsAlive = false) => {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    if (!keepsAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
