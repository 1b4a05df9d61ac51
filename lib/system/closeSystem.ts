// The end of a system: hand over, flush, close, in this order and each within a bound.
import type { SystemParts } from "./SystemParts.ts";

/** Steps in flight may end within this when a worker hands over; a model call that takes longer is left to the next owner. */
const STAGE_MS = 30_000;

/** Bounded: on a full disk nothing that waits for a commit ever ends, and what was committed is safe without us. */
export async function closeSystem(parts: SystemParts, isWorking: boolean): Promise<void> {
  const { engine, audit, beforeClose, logger } = parts;
  try {
    await within(parts, async () => {
      if (isWorking) await engine.worker.stop();
      await engine.journal.settled();
    });
    await within(parts, async () => {
      await engine.queue.stop();
      await audit.close();
      await beforeClose();
    });
  } catch (error) {
    logger.error({ error: String(error) }, "the system did not close cleanly; nothing that was committed is lost");
  } finally {
    await within(parts, () => engine.db.close());
  }
}

async function within({ clock, logger }: SystemParts, work: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<"late">();
  const cancel = clock.schedule(STAGE_MS, () => resolve("late"), true);
  const ended = await Promise.race([work(), promise]).finally(cancel);
  if (ended === "late") logger.warn({ afterMs: STAGE_MS }, "closing did not end in time and goes on without waiting");
}
