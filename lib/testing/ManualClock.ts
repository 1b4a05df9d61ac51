// A clock that stands still until a test moves it. Timers fire in order of their time, never by themselves.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

export class ManualClock implements Clock {
  #wallMs: number;
  #elapsedMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param startMs milliseconds since the epoch that {@link ManualClock.nowMs} begins with */
  constructor(startMs: number = Date.parse("2026-01-01T00:00:00Z")) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.schedule(ms, resolve);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  schedule(ms: number, callback: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(ms, 0), order: this.#order, fire: callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers and sleepers wait: a test can see that its subject is waiting before it moves time. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves time forward, letting everything that each timer sets off run before the next fires. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + ms;
    await settle();
    for (let timer = this.#earliest(targetMs); timer !== undefined; timer = this.#earliest(targetMs)) {
      this.#moveTo(timer.atMs);
      this.#timers.delete(timer);
      timer.fire();
      await settle();
    }
    this.#moveTo(targetMs);
  }

  /** The wall clock jumps (NTP, suspend); lengths of time are not touched. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  #moveTo(elapsedMs: number): void {
    this.#wallMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }

  #earliest(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (earliest === undefined || timer.atMs < earliest.atMs || (timer.atMs === earliest.atMs && timer.order < earliest.order))
        earliest = timer;
    }
    return earliest;
  }
}

/** Promise chains a few links long end within these turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}
