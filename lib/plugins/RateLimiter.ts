// Token buckets: at most `calls` at once, refilled evenly over `perMs`. First come, first served.
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { RateLimit } from "./types.ts";

interface Bucket {
  /** Below zero: that many calls wait. */
  tokens: number;
  updatedAtMs: number;
}

/** Buckets of workspaces and actions that came and went; full ones hold no information. */
const MAX_BUCKETS = 10_000;

export class RateLimiter {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ clock, maxWaitMs }: { readonly clock: Clock; readonly maxWaitMs: number }) {
    this.#clock = clock;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Resolves when the call may go. @throws AppError `RATE_LIMITED` when that is further away than `maxWaitMs`; the signal's reason */
  async acquire(key: string, limit: RateLimit, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const bucket = this.#refill(key, limit);
    bucket.tokens -= 1;
    if (bucket.tokens >= 0) return;
    const waitMs = Math.ceil((-bucket.tokens * limit.perMs) / limit.calls);
    if (waitMs > this.#maxWaitMs) {
      bucket.tokens += 1;
      throw new AppError(
        "RATE_LIMITED",
        `${key}: ${limit.calls} calls per ${limit.perMs} ms are used up; the next may go in ${waitMs} ms`,
        {
          retry: { afterMs: waitMs },
          details: { accepted: "no", waitMs },
        },
      );
    }
    try {
      await this.#clock.sleep(waitMs, signal);
    } catch (error) {
      // Who gives up leaves its turn to those behind.
      bucket.tokens += 1;
      throw error;
    }
  }

  #refill(key: string, limit: RateLimit): Bucket {
    const nowMs = this.#clock.monotonicMs();
    const present = this.#buckets.get(key);
    if (present !== undefined) {
      present.tokens = Math.min(limit.calls, present.tokens + ((nowMs - present.updatedAtMs) * limit.calls) / limit.perMs);
      present.updatedAtMs = nowMs;
      return present;
    }
    if (this.#buckets.size >= MAX_BUCKETS) this.#dropOldest();
    const bucket = { tokens: limit.calls, updatedAtMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #dropOldest(): void {
    let oldest: string | undefined;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [key, { updatedAtMs }] of this.#buckets) {
      if (updatedAtMs < oldestMs) [oldest, oldestMs] = [key, updatedAtMs];
    }
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
