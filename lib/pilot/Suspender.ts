// How an execution leaves its worker without ending: suspension, hand-over. Each in a transaction of its own, never in a batch.
import { toErrorRecord, type AppError } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import type { Database, Transaction } from "../db/Database.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { Journal } from "../journal/Journal.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { returnGrants } from "../ledger/LedgerStore.ts";
import type { ExecutionEvent } from "../systemApi.ts";
import { auditPart } from "./auditPart.ts";
import type { ExecutionQueue } from "./ExecutionQueue.ts";
import type { ExecutionState } from "./ExecutionState.ts";
import { loadSignals, lockExecution, markQueued, markSuspended, type ClaimedExecution, type ExecutionLock } from "./ExecutionStore.ts";
import type { Wait } from "./types.ts";

/** Waiting for a person comes before waiting for time: that is what `executions ls` must show. */
const SHOWN_FIRST: readonly Wait["for"][] = ["uncertain", "budget", "approval", "delay"];

export interface SuspenderOptions {
  readonly db: Database;
  readonly journal: Journal;
  readonly queue: ExecutionQueue;
  readonly emit: (event: ExecutionEvent) => void;
  /** The signal that is aborted when this worker loses its leases; a new one after each loss. */
  readonly leaseSignal: () => AbortSignal;
}

export class Suspender {
  readonly #options: SuspenderOptions;

  constructor(options: SuspenderOptions) {
    this.#options = options;
  }

  get leaseSignal(): AbortSignal {
    return this.#options.leaseSignal();
  }

  /**
   * Locks the row, then reads the signals in the next statement: one UPDATE with NOT EXISTS would re-check against its old
   * snapshot, miss an answer given meanwhile, and sleep for ever.
   *
   * @returns false when there are answers, or a cancel, that the walk has not seen
   */
  async suspend(state: ExecutionState, waits: readonly Wait[]): Promise<boolean> {
    const { journal, emit } = this.#options;
    const wakeAt = earliest([...waits.map(({ until }) => until), state.deadlineMs === null ? null : new Date(state.deadlineMs)]);
    const waitingFor = SHOWN_FIRST.find((reason) => waits.some((wait) => wait.for === reason)) ?? "delay";
    const left = await this.#leave(state.claim, async (tx, lock) => {
      if (await hasNews(tx, state, lock)) return false;
      const wakeId = randomId();
      if (state.hasGrants) await returnGrants(tx, [state.id]);
      const part = auditPart(state, "PILOT_EXECUTION_SUSPENDED", { entityType: "execution", entityId: state.id, details: { waitingFor } });
      await journal.writeIn(tx, { executionId: state.id, epoch: lock.epoch, parts: [part] });
      await markSuspended(tx, state.id, { wakeId, wakeAt, waitingFor });
      if (wakeAt !== null) await this.#options.queue.enqueue(tx, [{ wakeId, executionId: state.id, at: wakeAt }]);
      return true;
    });
    if (left === "left") emit({ executionId: state.id, type: "suspended", status: waitingFor });
    return left !== "stays";
  }

  /**
   * Rests until a person says what became of an effect. In a transaction of its own, for the same reason as a suspension:
   * the answer may have come while other steps still ran.
   *
   * @returns false when there are answers, or a cancel, that the walk has not seen
   */
  async restUncertain(state: ExecutionState, parts: readonly UnitPart[]): Promise<boolean> {
    const { journal, emit } = this.#options;
    const left = await this.#leave(state.claim, async (tx, lock) => {
      if (await hasNews(tx, state, lock)) return false;
      if (state.hasGrants) await returnGrants(tx, [state.id]);
      await journal.writeIn(tx, { executionId: state.id, epoch: lock.epoch, parts });
      return true;
    });
    if (left === "left") emit({ executionId: state.id, type: "finished", status: "uncertain" });
    return left !== "stays";
  }

  /** Hands the execution over at a step boundary: a fresh wake-up for whoever is free. */
  async yieldNow(state: ExecutionState): Promise<boolean> {
    await this.#leave(state.claim, async (tx) => {
      if (state.hasGrants) await returnGrants(tx, [state.id]);
      const wakeId = randomId();
      await markQueued(tx, state.id, wakeId);
      await this.#options.queue.enqueue(tx, [{ wakeId, executionId: state.id, at: null }]);
      return true;
    });
    return true;
  }

  /** An execution whose definition or inputs cannot be read cannot be walked: it fails with the reason. */
  async endUnloadable(claim: ClaimedExecution, error: AppError): Promise<void> {
    if (error.code === "DATABASE_UNAVAILABLE" || error.code === "DISK_FULL") return;
    await this.#options.journal.append({
      executionId: claim.id,
      epoch: claim.epoch,
      parts: [
        {
          kind: "ends",
          rows: [
            {
              executionId: claim.id,
              status: "failed",
              outputHash: null,
              error: JSON.stringify(toErrorRecord(error)),
              completedSteps: 0,
              failedSteps: 0,
              skippedSteps: 0,
            },
          ],
        },
        auditPart(claim, "PILOT_EXECUTION_FAILED", { entityType: "execution", entityId: claim.id, details: { code: error.code } }),
      ],
      finish: { jobId: claim.jobId, retryCount: claim.retryCount, hasGrants: true },
      signal: this.leaseSignal,
    });
    this.#options.emit({ executionId: claim.id, type: "finished", status: "failed" });
  }

  /** The frame of every leaving: row locked and still ours, job completed, all or nothing. */
  async #leave(
    claim: ClaimedExecution,
    work: (tx: Transaction, lock: ExecutionLock) => Promise<boolean>,
  ): Promise<"left" | "stays" | "lost"> {
    const { db, queue } = this.#options;
    const lost = new LostClaim();
    try {
      return await retriedTransaction(db, async (tx) => {
        const lock = await lockExecution(tx, claim.workspaceId, claim.id);
        if (lock === null || lock.epoch !== claim.epoch || lock.status !== "running") throw lost;
        if (!(await work(tx, lock))) return "stays";
        if ((await queue.complete(tx, [{ id: claim.jobId, retryCount: claim.retryCount }])).size > 0) throw lost;
        return "left";
      });
    } catch (error) {
      // Another owner has it: nothing was written, and nothing is left to do here.
      if (error === lost) return "lost";
      throw error;
    }
  }
}

class LostClaim extends Error {}

/** Read after the lock, in a statement of its own. A cancel that came now would find nobody to carry it out. */
async function hasNews(tx: Transaction, state: ExecutionState, lock: ExecutionLock): Promise<boolean> {
  if (lock.isCancelRequested) {
    state.halt("cancelled");
    return true;
  }
  return (await loadSignals(tx, state.id)).some(({ key }) => !state.signals.has(key));
}

function earliest(times: readonly (Date | null)[]): Date | null {
  let first: Date | null = null;
  for (const time of times) if (time !== null && (first === null || time < first)) first = time;
  return first;
}
