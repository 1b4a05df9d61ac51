// Periodic work on an injected clock: the next round is due after the last one has ended, so rounds never pile up.
import type { Clock } from "./clock.ts";

export interface RepeatOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  /** A failed round is reported and the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

/** Does not keep the process alive. @returns how to stop; a round under way is not interrupted */
export function repeatEvery({ clock, everyMs, work, onError }: RepeatOptions): () => void {
  let cancel: (() => void) | null = null;
  let isStopped = false;
  const next = (): void => {
    cancel = clock.schedule(everyMs, () => {
      work()
        .catch(onError)
        .finally(() => {
          if (!isStopped) next();
        });
    });
  };
  next();
  return () => {
    isStopped = true;
    cancel?.();
  };
}
