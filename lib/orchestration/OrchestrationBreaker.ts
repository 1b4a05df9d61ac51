// Counts orchestration's own failures: after five within a minute everything takes the direct path for half a minute. It decides nothing about models.
import type { Clock } from "../core/clock.ts";

const WINDOW_MS = 60_000;
const MAX_FAILURES = 5;
const OPEN_MS = 30_000;

/**
 * closed: every step is orchestrated; a failure degrades that step alone. open: nothing is asked of orchestration, for
 * 30 s after the fifth failure within 60 s; then closed again, with no failure counted.
 */
export class OrchestrationBreaker {
  readonly #clock: Clock;
  readonly #onOpen: () => void;
  #failuresMs: number[] = [];
  #openUntilMs = Number.NEGATIVE_INFINITY;

  /** @param options.onOpen called once each time it opens: somebody should look */
  constructor({ clock, onOpen }: { readonly clock: Clock; readonly onOpen: () => void }) {
    this.#clock = clock;
    this.#onOpen = onOpen;
  }

  get isOpen(): boolean {
    return this.#clock.monotonicMs() < this.#openUntilMs;
  }

  noteFailure(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#failuresMs = [...this.#failuresMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
    if (this.#failuresMs.length < MAX_FAILURES) return;
    this.#failuresMs = [];
    this.#openUntilMs = nowMs + OPEN_MS;
    this.#onOpen();
  }
}
