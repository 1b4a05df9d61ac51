// The loop that claims executions and runs them: fetch free slots, watch leases, sweep. One per process that works.
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import { repeatEvery } from "../core/repeatEvery.ts";
import type { Database } from "../db/Database.ts";
import type { ExecutionQueue } from "./ExecutionQueue.ts";
import { claimExecutions, loadHeld, markQueued, recordBegun, type ClaimedExecution, type Claims } from "./ExecutionStore.ts";
import { deleteExpired } from "./StepCacheStore.ts";
import { findInterrupted, findResolved, findWithoutWakeUp, isWakeUpDue, renewWakeUps } from "./SweepStore.ts";
import type { HeldExecution, WorkflowPilot } from "./WorkflowPilot.ts";

const TOUCH_MS = 3_000;
/** After so long without a successful touch nothing new starts and everything held is aborted: the heartbeat runs out at 10 s. */
const LEASE_DEADLINE_MS = 8_000;
const POLL_MS = 500;
const SWEEP_MS = 30_000;
/** A claim hands over after this: pg-boss expires jobs after a day, whatever their heartbeat. */
const LONGEST_CLAIM_MS = 12 * 3_600_000;
/** Wake-ups made anew in one transaction of the sweep. */
const SWEEP_BATCH = 500;

const NOTHING_DUE: Claims = { claimed: [], hasMore: false };

export interface WorkerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queue: ExecutionQueue;
  readonly pilot: WorkflowPilot;
  readonly maxConcurrentExecutions: number;
  /** True for the owner of an embedded folder: claims of the process before are dead, and are woken at once. */
  readonly ownsDatabase: boolean;
  /** Ends sessions of silent processes, which are nobody's to claim. */
  readonly sweepSessions: () => Promise<number>;
  /** Aborts `Suspender.leaseSignal`. */
  readonly loseLease: (reason: AppError) => void;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #name = `worker-${randomId()}`;
  readonly #held = new Map<string, HeldExecution>();
  readonly #running = new Set<Promise<void>>();
  readonly #claims = new Map<string, ClaimedExecution>();
  #stopping = false;
  #hasLostLease = false;
  #wake: (() => void) | null = null;
  #isWoken = false;
  /** The last look left something behind, or could not see whether it did. */
  #mayHaveMore = false;
  #lastTouchMs = 0;
  #stopListening: (() => Promise<void>) | null = null;
  readonly #stopTimers: (() => void)[] = [];
  #loop: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Resolves when the loop runs; `stop()` ends it. */
  async start(): Promise<void> {
    const { clock, queue, ownsDatabase } = this.#options;
    if (ownsDatabase) await this.#wakeInterrupted();
    await this.sweep();
    this.#lastTouchMs = clock.monotonicMs();
    this.#stopListening = await queue.listen(() => this.wake());
    this.#every(TOUCH_MS, () => this.#touch());
    this.#every(SWEEP_MS, () => this.sweep());
    this.#loop = this.#run();
  }

  /** A hint that a wake-up may be due. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** False when no heartbeat was written for so long that another worker may have what this one holds. */
  get hasLease(): boolean {
    return !this.#hasLostLease && this.#options.clock.monotonicMs() - this.#lastTouchMs < LEASE_DEADLINE_MS;
  }

  get heldCount(): number {
    return this.#claims.size;
  }

  /** Hands over what is held at the next step boundary, and resolves when nothing is held any more. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.wake();
    await this.#loop;
    for (const { state } of this.#held.values()) state.halt("yield");
    await Promise.all(this.#running);
    for (const stopTimer of this.#stopTimers) stopTimer();
    await this.#stopListening?.();
  }

  async #run(): Promise<void> {
    const { db, clock, maxConcurrentExecutions, logger } = this.#options;
    this.#isWoken = true;
    while (!this.#stopping && !this.#hasLostLease) {
      const isPolling = !this.#isWoken;
      this.#isWoken = false;
      const free = maxConcurrentExecutions - this.#claims.size;
      // Without a free slot nobody looks: then there may be more.
      let seen = { claimed: 0, hasMore: free === 0 };
      try {
        // An idle worker only looks: fetching takes a transaction.
        if (free > 0 && (!isPolling || (await isWakeUpDue(db)))) seen = await this.#claim(free);
      } catch (error) {
        logger.warn({ error: String(error) }, "claiming failed; trying again");
        await clock.sleep(POLL_MS);
      }
      this.#mayHaveMore = seen.hasMore;
      if (seen.claimed > 0 && seen.hasMore && this.#claims.size < maxConcurrentExecutions) this.#isWoken = true;
      else await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    if (this.#isWoken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // A worker that waits for work keeps its process alive.
    const cancel = this.#options.clock.schedule(POLL_MS, resolve, true);
    await promise;
    cancel();
    this.#wake = null;
  }

  /** Fetch, epoch and stale jobs in one transaction; journals are read after it has committed. */
  async #claim(limit: number): Promise<{ readonly claimed: number; readonly hasMore: boolean }> {
    const { db, queue, clock } = this.#options;
    const askedMs = clock.monotonicMs();
    const { claimed, hasMore } = await db.transaction(async (tx) => {
      const jobs = await queue.fetch(tx, limit);
      if (jobs.length === 0) return NOTHING_DUE;
      const claims = await claimExecutions(tx, this.#name, jobs);
      const valid = new Set(claims.claimed.map(({ jobId }) => jobId));
      const stale = jobs.filter(({ id }) => !valid.has(id));
      await queue.complete(tx, stale);
      return { ...claims, hasMore: claims.hasMore && jobs.length === limit };
    });
    // A fetched job's heartbeat begins now: what an idle worker, perhaps frozen, last touched says nothing about it.
    if (this.#claims.size === 0) this.#lastTouchMs = askedMs;
    for (const claim of claimed) this.#begin(claim);
    return { claimed: claimed.length, hasMore };
  }

  #begin(claim: ClaimedExecution): void {
    const { pilot, logger } = this.#options;
    this.#claims.set(claim.jobId, claim);
    const task: Promise<void> = pilot
      .run(claim, (held) => {
        this.#held.set(claim.jobId, held);
        // Its state was being loaded when the others were told.
        if (this.#hasLostLease) held.state.halt("lost");
        else if (this.#stopping) held.state.halt("yield");
      })
      .catch((error: unknown) => {
        // Nothing was written: the heartbeat runs out, or the sweep finds it, and the execution is claimed again.
        logger.error(
          { executionId: claim.id, error: String(error), stack: error instanceof Error ? error.stack : undefined },
          "an execution left its worker without an end",
        );
      })
      .finally(() => {
        this.#claims.delete(claim.jobId);
        this.#held.delete(claim.jobId);
        this.#running.delete(task);
        // A slot is free; without a hint that more is waiting, the next poll is soon enough.
        if (this.#mayHaveMore) this.wake();
      });
    this.#running.add(task);
  }

  #every(ms: number, work: () => Promise<void>): void {
    const { clock, logger } = this.#options;
    const onError = (error: unknown): void => logger.warn({ error: String(error) }, "a periodic task of the worker failed");
    this.#stopTimers.push(repeatEvery({ clock, everyMs: ms, work, onError }));
  }

  async #touch(): Promise<void> {
    const { clock, queue, db } = this.#options;
    if (this.#claims.size === 0) {
      this.#lastTouchMs = clock.monotonicMs();
      return;
    }
    // The deadline is watched by a timer of its own: a touch that hangs must not postpone it.
    const left = LEASE_DEADLINE_MS - (clock.monotonicMs() - this.#lastTouchMs);
    const stopDeadline = clock.schedule(Math.max(left, 0), () => this.#loseLease());
    const claims = [...this.#claims.values()];
    try {
      // The heartbeat counts from when the server wrote it, which may be long before its answer is here.
      const sentMs = clock.monotonicMs();
      const affected = await queue.touch(claims.map(({ jobId, retryCount }) => ({ id: jobId, retryCount })));
      this.#lastTouchMs = sentMs;
      if (affected === claims.length && claims.every(({ jobId }) => !this.#held.has(jobId))) return;
      await this.#lookAfterHeld(db);
    } finally {
      if (clock.monotonicMs() - this.#lastTouchMs < LEASE_DEADLINE_MS) stopDeadline();
    }
  }

  async #lookAfterHeld(db: Database): Promise<void> {
    const { clock } = this.#options;
    const held = [...this.#held.values()];
    const ours = await loadHeld(
      db,
      held.map(({ claim }) => ({ id: claim.id, epoch: claim.epoch })),
    );
    for (const one of held) {
      const row = ours.get(one.claim.id);
      if (row === undefined) {
        // It may have just ended by our own hand; then halting does nothing.
        if (this.#held.get(one.claim.jobId) === one) one.state.halt("lost");
        continue;
      }
      if (row.isCancelRequested) one.state.halt("cancelled");
      else if (clock.monotonicMs() - one.heldSinceMs > LONGEST_CLAIM_MS) one.state.halt("yield");
    }
    await recordBegun(
      db,
      held
        .filter(({ state }) => state.begun.size > 0)
        .map(({ claim, state }) => ({ id: claim.id, epoch: claim.epoch, paths: [...state.begun].slice(0, 20) })),
    );
  }

  /** Asked for by the API of this process: no need to wait for the next tick. */
  noticeCancel(executionId: string): void {
    for (const { claim, state } of this.#held.values()) if (claim.id === executionId) state.halt("cancelled");
  }

  #loseLease(): void {
    if (this.#hasLostLease || this.#claims.size === 0) return;
    this.#hasLostLease = true;
    const { logger, loseLease } = this.#options;
    logger.error({ held: this.#claims.size }, "no heartbeat could be written for 8 s: everything held is given up");
    loseLease(new AppError("FENCED", "the heartbeat could not be written for 8 s"));
    for (const { state } of this.#held.values()) state.halt("lost");
    this.wake();
    // Once the held executions are let go, the worker starts over.
    Promise.all(this.#running)
      .then(() => {
        this.#hasLostLease = false;
        this.#lastTouchMs = this.#options.clock.monotonicMs();
        if (!this.#stopping) this.#loop = this.#run();
      })
      .catch(() => undefined);
  }

  /**
   * Gives a wake-up to everything that should have one and has none; more than none is worth an alert. Also to what waits for
   * a person to say what became of an effect, when its lost owner has said so meanwhile.
   */
  async sweep(): Promise<void> {
    const { db, queue, logger } = this.#options;
    const resolved = await db.transaction(async (tx) => {
      const wakeUps = (await findResolved(tx, SWEEP_BATCH)).map((executionId) => ({ executionId, wakeId: randomId(), at: null }));
      for (const { executionId, wakeId } of wakeUps) await markQueued(tx, executionId, wakeId);
      await queue.enqueue(tx, wakeUps);
      return wakeUps.length;
    });
    if (resolved > 0) this.wake();
    const found = await db.transaction(async (tx) => {
      const ids = await findWithoutWakeUp(tx, SWEEP_BATCH);
      await renew(tx, queue, ids);
      return ids.length;
    });
    if (found > 0) {
      logger.warn({ executions: found }, "executions without a wake-up were woken");
      this.wake();
    }
    await this.#options.sweepSessions();
    await deleteExpired(db);
  }

  async #wakeInterrupted(): Promise<void> {
    const { db, queue } = this.#options;
    await db.transaction(async (tx) => {
      const ids = await findInterrupted(tx, 10_000);
      await renew(tx, queue, ids);
    });
  }
}

async function renew(tx: Parameters<typeof renewWakeUps>[0], queue: ExecutionQueue, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const wakeUps = ids.map((id) => ({ id, wakeId: randomId() }));
  const times = await renewWakeUps(tx, wakeUps);
  await queue.enqueue(
    tx,
    wakeUps.map(({ id, wakeId }) => ({ wakeId, executionId: id, at: times.get(id) ?? null })),
  );
}
