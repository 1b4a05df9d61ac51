// Joins the parts that run executions, for one open database: journal, ledger, queue, pilot, starter, worker. No API, no configuration files.
import { auditWriter } from "../audit/AuditStore.ts";
import type { Clock } from "../core/clock.ts";
import type { AppError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import { Journal } from "../journal/Journal.ts";
import { stepWriter, valueWriter } from "../journal/JournalStore.ts";
import type { FinishHook } from "../journal/types.ts";
import { Ledger } from "../ledger/Ledger.ts";
import { attemptWriter, returnGrants, settlementWriter } from "../ledger/LedgerStore.ts";
import { budgetWriter, closeExecutionBudgets } from "../orchestration/budgets/BudgetUsageStore.ts";
import { approvalWriter } from "../pilot/ApprovalStore.ts";
import { decideDirect } from "../pilot/decideDirect.ts";
import { ExecutionQueue } from "../pilot/ExecutionQueue.ts";
import { ExecutionStarter } from "../pilot/ExecutionStarter.ts";
import { endWriter } from "../pilot/ExecutionStore.ts";
import { SessionKeeper } from "../pilot/sessions/SessionKeeper.ts";
import { Suspender } from "../pilot/Suspender.ts";
import type { PilotServices } from "../pilot/types.ts";
import { Worker } from "../pilot/Worker.ts";
import { WorkflowPilot } from "../pilot/WorkflowPilot.ts";
import type { ExecutionEvent } from "../systemApi.ts";
import { usageWriter } from "../tokens/TokenUsageStore.ts";
import type { PartWriter } from "../db/UnitPart.ts";

export interface EngineOptions extends Pick<
  PilotServices,
  "plugins" | "catalog" | "providers" | "counter" | "prices" | "performers" | "loadWorkflow" | "maxOutputBytes"
> {
  /** @defaultValue the direct path for every step */
  readonly decide?: PilotServices["decide"];
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: (event: ExecutionEvent) => void;
  readonly maxConcurrentExecutions: number;
  /** NOTIFY as a hint between processes. @defaultValue true */
  readonly notify?: boolean;
  /** True for the owner of an embedded folder, who alone can have left claims behind. */
  readonly ownsDatabase: boolean;
  /** Looks after dead claims of other workers. */
  readonly supervise: boolean;
}

export interface Engine {
  readonly db: Database;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly queue: ExecutionQueue;
  readonly starter: ExecutionStarter;
  readonly worker: Worker;
  readonly sessions: SessionKeeper;
  readonly services: PilotServices;
}

const WRITERS = [
  valueWriter,
  stepWriter,
  attemptWriter,
  settlementWriter,
  usageWriter,
  budgetWriter,
  approvalWriter,
  auditWriter,
  endWriter,
] as readonly PartWriter[];

export function createEngine(options: EngineOptions): Engine {
  const { db, clock, logger, emit } = options;
  const queue = new ExecutionQueue({ db, supervise: options.supervise, notify: options.notify ?? true, logger });
  const journal = new Journal({ db, clock, writers: WRITERS, onFinish: finishWith(queue) });
  const ledger = new Ledger({ db });
  const services: PilotServices = {
    db,
    clock,
    logger,
    journal,
    ledger,
    emit,
    hasLease: () => worker.hasLease,
    plugins: options.plugins,
    catalog: options.catalog,
    providers: options.providers,
    counter: options.counter,
    prices: options.prices,
    performers: options.performers,
    decide: options.decide ?? decideDirect,
    loadWorkflow: options.loadWorkflow,
    maxOutputBytes: options.maxOutputBytes,
  };
  let lease = new AbortController();
  const suspender = new Suspender({ db, journal, queue, emit, leaseSignal: () => lease.signal });
  const sessions = new SessionKeeper({ db, clock, logger, journal, ledger, ownsDatabase: options.ownsDatabase });
  const worker: Worker = new Worker({
    db,
    clock,
    logger,
    queue,
    pilot: new WorkflowPilot({ services, suspender }),
    maxConcurrentExecutions: options.maxConcurrentExecutions,
    ownsDatabase: options.ownsDatabase,
    sweepSessions: () => sessions.sweep(),
    loseLease: (reason: AppError) => {
      lease.abort(reason);
      lease = new AbortController();
    },
  });
  const starter = new ExecutionStarter({ db, ledger, queue, clock, onStarted: () => worker.wake() });
  return { db, journal, ledger, queue, starter, worker, sessions, services };
}

/** Ends the queue jobs of finished executions and gives their grants back, in the transaction of their last units. */
function finishWith(queue: ExecutionQueue): FinishHook {
  return async (tx, finished) => {
    const withGrants = finished.filter(({ hasGrants }) => hasGrants).map(({ executionId }) => executionId);
    if (withGrants.length > 0) await returnGrants(tx, withGrants);
    const withBudget = finished.filter(({ hasBudget }) => hasBudget === true).map(({ executionId }) => executionId);
    if (withBudget.length > 0) await closeExecutionBudgets(tx, withBudget);
    const refusedJobs = await queue.complete(
      tx,
      finished.map(({ jobId, retryCount }) => ({ id: jobId, retryCount })),
    );
    return new Set(finished.filter(({ jobId }) => refusedJobs.has(jobId)).map(({ executionId }) => executionId));
  };
}
