// Order among the model calls of one execution: a call that does not fit now waits until one in flight has settled, holding nothing.
import type { ReserveOutcome } from "../ledger/Ledger.ts";

interface Waiter {
  readonly path: string;
  readonly wake: () => void;
}

const byPath = new Intl.Collator("en", { numeric: true }).compare;

export class BudgetGate {
  #open = 0;
  #settled = 0;
  #waiters: Waiter[] = [];

  /**
   * Tries to reserve; while it is refused for lack of room and calls of this execution are still in flight, waits for one
   * of them to settle and tries again. Waiters are admitted in the order of their step paths.
   */
  async reserve(path: string, attempt: () => Promise<ReserveOutcome>): Promise<ReserveOutcome> {
    for (;;) {
      const settledBefore = this.#settled;
      let outcome: ReserveOutcome;
      try {
        outcome = await attempt();
      } catch (error) {
        // Whoever leaves passes the turn on: those behind may be waiting for nobody else.
        this.#wakeFirst();
        throw error;
      }
      if (outcome.kind === "reserved") {
        this.#open += 1;
        this.#wakeFirst();
        return outcome;
      }
      // A call settled while this one was being refused: the room that it left was not seen.
      if (outcome.kind === "refused" && outcome.refusal.reason === "limit" && this.#settled !== settledBefore) continue;
      if (outcome.kind === "fenced" || outcome.refusal.reason !== "limit" || this.#open === 0) {
        this.#wakeFirst();
        return outcome;
      }
      await this.#turn(path);
    }
  }

  /** To be called once for every reservation, after its settlement is committed. */
  settled(): void {
    this.#open -= 1;
    this.#settled += 1;
    this.#wakeFirst();
  }

  #turn(path: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ path, wake: resolve });
    this.#waiters.sort((left, right) => byPath(left.path, right.path));
    return promise;
  }

  #wakeFirst(): void {
    this.#waiters.shift()?.wake();
  }
}
