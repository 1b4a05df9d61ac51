// A simulated clock that moves in leaps: what fell due meanwhile fires late, as in a process that was busy. For hours in seconds.
import type { Clock } from "../../lib/core/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

export class LeapClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const cancel = this.schedule(ms, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      });
    });
  }

  schedule(ms: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(ms, 0), fire: callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  leap(ms: number): void {
    this.#elapsedMs += ms;
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#elapsedMs).toSorted((left, right) => left.atMs - right.atMs);
    for (const timer of due) if (this.#timers.delete(timer)) timer.fire();
  }
}
