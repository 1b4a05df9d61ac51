// Waits for something, but not longer than so long. Says which of the two came first.
import type { Clock } from "../../core/clock.ts";

/** @returns false when `ms` passed first; the promise's own failure passes through */
export async function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  // Not `sleep`: its timer would keep the process alive after the work is done.
  const cancel = clock.schedule(ms, () => resolve(false));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    cancel();
  }
}
