// The end of a system: hand over, flush, close, in this order and each within a bound.
import type { SystemParts } from "./SystemParts.ts";

/** Steps in flight may end within this when a worker hands over; a model call that takes longer is left to the next owner. */
const STAGE_MS = 30_000;
/** With a database that takes nothing there is nothing to wait for. */
const STAGE_WITHOUT_DATABASE_MS = 1_000;

/** Bounded: on a full disk nothing that waits for a commit ever ends, and what was committed is safe without us. */
export async function closeSystem(parts: SystemParts, isWorking: boolean): Promise<void> {
  const { engine, audit, beforeClose, logger } = parts;
  try {
    await within(parts, async () => {
      if (isWorking) await engine.worker.stop();
      await engine.sessions.close();
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

async function within({ engine, clock, logger }: SystemParts, work: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<"late">();
  const afterMs = engine.db.outage === undefined ? STAGE_MS : STAGE_WITHOUT_DATABASE_MS;
  const cancel = clock.schedule(afterMs, () => resolve("late"), true);
  const ended = await Promise.race([work(), promise]).finally(cancel);
  if (ended === "late") logger.warn({ afterMs }, "closing did not end in time and goes on without waiting");
}
