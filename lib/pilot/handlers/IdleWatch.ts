// Gives a handler up that does nothing for too long, or goes on after an abort: the time of what it waits for in the step machinery does not count.
import type { Clock } from "../../core/clock.ts";
import { AppError, asAppError } from "../../core/errors.ts";

export interface IdleWatchOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly idleMs: number;
  /** After an abort. */
  readonly graceMs: number;
  readonly giveUp: (error: AppError) => void;
}

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  readonly #onAbort: () => void;
  #isIdle = true;
  #cancel: () => void;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.#cancel = this.#schedule();
    this.#onAbort = () => this.set(this.#isIdle);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  set(isIdle: boolean): void {
    this.#isIdle = isIdle;
    this.#cancel();
    this.#cancel = isIdle ? this.#schedule() : () => undefined;
  }

  end(): void {
    this.#cancel();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }

  #schedule(): () => void {
    const { clock, signal, idleMs, graceMs, giveUp } = this.#options;
    if (signal.aborted) return clock.schedule(graceMs, () => giveUp(asAppError(signal.reason)));
    return clock.schedule(idleMs, () =>
      giveUp(
        new AppError("HANDLER_INVALID", `its handler did nothing for ${idleMs} ms and was given up`, {
          details: { expected: `at most ${idleMs} ms` },
        }),
      ),
    );
  }
}
