// Takes facts that belong to no unit (settings, people's actions) and writes them in batches, without making the caller wait.
// Facts of a step are not its business: those commit in the step's own unit (AuditStore.ts).
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { sqlState } from "../db/databaseErrors.ts";
import { createAuditRow, type AuditInput, type AuditRow } from "./AuditRow.ts";

export interface AuditTrailOptions {
  /** Writes all or none; safe to repeat. In production: `(rows) => writeFacts(database, auditWriter, rows)`. */
  readonly write: (rows: readonly AuditRow[]) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @defaultValue 100 */
  readonly flushRows?: number;
  /** @defaultValue 1_000 */
  readonly flushMs?: number;
  /** Beyond this a flush is forced at every row and counted; nothing is dropped. @defaultValue 10_000 */
  readonly maxQueuedRows?: number;
}

export interface AuditTrailCounts {
  readonly queued: number;
  readonly written: number;
  /** Rows that the database refuses for what they hold; each is in the log. */
  readonly refused: number;
  /** Rows that came while the queue was full: the database is slower than what is asked of it, or away. */
  readonly pressed: number;
}

const MAX_PAUSE_MS = 30_000;
const CLOSE_ATTEMPTS = 3;

export class AuditTrailService {
  readonly #options: AuditTrailOptions;
  readonly #flushRows: number;
  readonly #flushMs: number;
  readonly #maxQueuedRows: number;
  #queue: AuditRow[] = [];
  #flushing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #failuresInRow = 0;
  #written = 0;
  #refused = 0;
  #pressed = 0;
  #isClosed = false;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#flushRows = options.flushRows ?? 100;
    this.#flushMs = options.flushMs ?? 1_000;
    this.#maxQueuedRows = options.maxQueuedRows ?? 10_000;
  }

  /** Returns at once. After {@link close} the fact goes to the log, as an error: it would look written otherwise. */
  log(input: AuditInput): void {
    const row = createAuditRow(input, this.#options.clock.nowMs());
    if (this.#isClosed) {
      this.#options.logger.error({ row }, "an audit event came after the trail was closed");
      return;
    }
    this.#queue.push(row);
    if (this.#queue.length > this.#maxQueuedRows) {
      this.#pressed += 1;
      this.#startFlush();
    } else if (this.#queue.length >= this.#flushRows && this.#failuresInRow === 0) {
      this.#startFlush();
    } else {
      this.#arm(this.#pauseMs());
    }
  }

  counts(): AuditTrailCounts {
    return { queued: this.#queue.length, written: this.#written, refused: this.#refused, pressed: this.#pressed };
  }

  /** Resolves when everything logged so far is written. @throws what the database throws; the rows stay queued */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing.catch(() => undefined);
    this.#disarm();
    this.#flushing = this.#writeAll();
    try {
      await this.#flushing;
    } finally {
      this.#flushing = null;
      if (this.#queue.length > 0) this.#arm(this.#pauseMs());
    }
  }

  /**
   * Writes what is queued, trying three times; then no more is taken.
   *
   * @throws AppError `DATABASE_UNAVAILABLE` that tells how many facts could not be written
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let attempt = 1; this.#queue.length > 0 || this.#flushing !== null; attempt += 1) {
      try {
        await this.flush();
      } catch (cause) {
        if (attempt < CLOSE_ATTEMPTS) {
          await this.#options.clock.sleep(this.#pauseMs());
          continue;
        }
        this.#disarm();
        const count = this.#queue.length;
        this.#options.logger.error(
          { err: cause, rows: count, actions: [...new Set(this.#queue.map(({ action }) => action))] },
          "audit events could not be written",
        );
        throw new AppError("DATABASE_UNAVAILABLE", `${count} audit events could not be written before the end`, { cause });
      }
    }
    this.#disarm();
  }

  #startFlush(): void {
    if (this.#flushing !== null) return;
    this.flush().catch((error: unknown) => {
      this.#options.logger.warn({ err: error, queued: this.#queue.length }, "audit events wait for the database");
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#flushRows);
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        this.#failuresInRow += 1;
        throw error;
      }
      this.#failuresInRow = 0;
    }
  }

  /** A batch that is refused for its content is halved until the guilty row stands alone; the others are written. */
  async #writeBatch(rows: readonly AuditRow[]): Promise<void> {
    try {
      await this.#options.write(rows);
      this.#written += rows.length;
    } catch (error) {
      if (!isRefusedContent(error)) throw error;
      if (rows.length > 1) {
        const middle = Math.ceil(rows.length / 2);
        await this.#writeBatch(rows.slice(0, middle));
        await this.#writeBatch(rows.slice(middle));
        return;
      }
      this.#refused += 1;
      this.#options.logger.error({ err: error, row: rows[0] }, "the database refuses an audit event");
    }
    // Only now: a row leaves the queue when it is written, or known never to be.
    const done = new Set(rows);
    this.#queue = this.#queue.filter((row) => !done.has(row));
  }

  #pauseMs(): number {
    return Math.min(this.#flushMs * 2 ** this.#failuresInRow, MAX_PAUSE_MS);
  }

  #arm(ms: number): void {
    // close() tries by itself.
    if (this.#cancelTimer !== null || this.#flushing !== null || this.#isClosed) return;
    this.#cancelTimer = this.#options.clock.schedule(ms, () => {
      this.#cancelTimer = null;
      this.#startFlush();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraint): this row will never go in. All else is the database's trouble and passes. */
function isRefusedContent(error: unknown): boolean {
  if (AppError.is(error, "VALUE_REFUSED")) return true;
  const state = sqlState(error);
  return state !== undefined && /^2[23]/.test(state);
}
