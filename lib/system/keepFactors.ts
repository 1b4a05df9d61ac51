// Saves what the process learned about token counts, now and then and at its end. It learns nothing itself.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { repeatEvery } from "../core/repeatEvery.ts";
import type { Database } from "../db/Database.ts";
import { saveCalibration } from "../tokens/CalibrationStore.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";

/** What a killed process forgets of what it learned about token counts. */
const SAVE_FACTORS_MS = 60_000;

/** @returns stops, after saving once more */
export function keepFactors({
  db,
  counter,
  clock,
  logger,
}: {
  readonly db: Database;
  readonly counter: TokenCounter;
  readonly clock: Clock;
  readonly logger: Logger;
}): () => Promise<void> {
  const save = async (): Promise<void> => {
    const changed = counter.calibration.takeChanged();
    if (changed.length > 0) await saveCalibration(db, changed);
  };
  const onError = (error: unknown): void => logger.warn({ error: String(error) }, "token factors could not be saved");
  const stop = repeatEvery({ clock, everyMs: SAVE_FACTORS_MS, work: save, onError });
  return async () => {
    stop();
    await save();
  };
}
