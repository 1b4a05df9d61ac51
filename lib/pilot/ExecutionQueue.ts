// Wake-ups: one pg-boss job per wake-up of an execution. Owns pg-boss's settings; knows no step and no SQL of its own.
import { PgBoss, type Db as BossDatabase, type JobWithMetadata } from "pg-boss";
import type { Database, Transaction } from "../db/Database.ts";
import { randomId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import { notifyWake, WAKE_CHANNEL } from "./ExecutionStore.ts";
import { QUEUE_NAME, QUEUE_SCHEMA } from "./queueNames.ts";

/** The only lease there is; 10 s is pg-boss's minimum. */
const HEARTBEAT_SECONDS = 10;
const DAY_SECONDS = 86_400;

export interface WakeUp {
  /** The job's id, stored as the execution's `wake_id`. */
  readonly wakeId: string;
  readonly executionId: string;
  /** null: at once. */
  readonly at: Date | null;
}

export interface FetchedWakeUp {
  readonly id: string;
  readonly executionId: string;
  readonly retryCount: number;
}

export interface JobAttempt {
  readonly id: string;
  readonly retryCount: number;
}

interface JobData {
  readonly executionId: string;
}

export class ExecutionQueue {
  readonly #boss: PgBoss;
  readonly #db: Database;
  readonly #notifies: boolean;
  /** Names this process in its hints. */
  readonly #sender = randomId();
  #isHinting = false;

  /** @param options.supervise true on workers: they look after dead claims; a process that only starts executions does not */
  constructor({
    db,
    supervise,
    notify,
    logger,
  }: {
    readonly db: Database;
    readonly supervise: boolean;
    readonly notify: boolean;
    readonly logger: Logger;
  }) {
    this.#db = db;
    this.#notifies = notify && !db.isSingleConnection;
    this.#boss = new PgBoss({
      db: asBossPool(db),
      backend: db.kind === "pglite" ? "pglite" : "postgres",
      schema: QUEUE_SCHEMA,
      supervise,
      superviseIntervalSeconds: 2,
      monitorIntervalSeconds: 2,
      schedule: false,
      // Rebuilding indexes and watching vacuum is the operator's on a server, and of no use on PGlite.
      reindex: false,
      monitorVacuum: false,
    });
    this.#boss.on("error", (error) => logger.warn({ error: String(error) }, "queue supervision failed; the sweep goes on"));
  }

  /** Creates the queue's tables when they are missing. */
  async start(): Promise<void> {
    await this.#boss.start();
    if ((await this.#boss.getQueue(QUEUE_NAME)) === null) {
      await this.#boss.createQueue(QUEUE_NAME, {
        // A job lives as long as its claim; expiry ignores heartbeats, so it is set out of the way and a claim of 12 h hands over.
        expireInSeconds: DAY_SECONDS - 1,
        retryLimit: 1_000_000,
        retryDelay: 0,
        heartbeatSeconds: HEARTBEAT_SECONDS,
        retentionSeconds: 365 * DAY_SECONDS,
        deleteAfterSeconds: 3_600,
      });
    }
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }

  async enqueue(tx: Transaction, wakeUps: readonly WakeUp[]): Promise<void> {
    if (wakeUps.length === 0) return;
    await this.#boss.insert(
      QUEUE_NAME,
      wakeUps.map(({ wakeId, executionId, at }) => ({ id: wakeId, data: { executionId }, ...(at === null ? {} : { startAfter: at }) })),
      { db: asBossDatabase(tx) },
    );
  }

  /**
   * Tells other processes, after a commit that made wake-ups, to look now; a worker of this process is woken by the caller.
   * Who misses it polls; hints that pile up become one.
   */
  hint(): void {
    if (!this.#notifies || this.#isHinting) return;
    this.#isHinting = true;
    notifyWake(this.#db, this.#sender)
      .catch(() => undefined)
      .finally(() => {
        this.#isHinting = false;
      });
  }

  async fetch(tx: Transaction, limit: number): Promise<FetchedWakeUp[]> {
    const jobs: JobWithMetadata<JobData>[] = await this.#boss.fetch<JobData>(QUEUE_NAME, {
      batchSize: limit,
      includeMetadata: true,
      db: asBossDatabase(tx),
    });
    return jobs.map((job) => ({ id: job.id, executionId: job.data.executionId, retryCount: job.retryCount }));
  }

  /**
   * Compares each active job with each given one, unless the planner sees the list and hashes it: of many jobs at once, in a
   * transaction that plans anew.
   *
   * @returns ids of jobs that were not ours any more
   */
  async complete(tx: Transaction, jobs: readonly JobAttempt[]): Promise<Set<string>> {
    if (jobs.length === 0) return new Set();
    const attempts = jobs.map(({ id, retryCount }) => ({ id, retryCount }));
    const answer = (await this.#boss.complete(QUEUE_NAME, attempts, null, { db: asBossDatabase(tx) })) as CommandAnswer;
    if (answer.affected === jobs.length) return new Set();
    const done = new Set(answer.settled ?? []);
    return new Set(jobs.map(({ id }) => id).filter((id) => !done.has(id)));
  }

  /** Ends jobs whose execution moved on, whatever their attempt. */
  async discard(tx: Transaction, jobIds: readonly string[]): Promise<void> {
    if (jobIds.length > 0) await this.#boss.complete(QUEUE_NAME, [...jobIds], null, { db: asBossDatabase(tx), includeQueued: true });
  }

  /** One statement for all held jobs. @returns how many are still ours */
  async touch(jobs: readonly JobAttempt[]): Promise<number> {
    if (jobs.length === 0) return 0;
    const answer = (await this.#boss.touch(
      QUEUE_NAME,
      jobs.map(({ id, retryCount }) => ({ id, retryCount })),
    )) as CommandAnswer;
    return answer.affected;
  }

  /** Calls back when another process made a wake-up; null where waking is done in process (PGlite) or hints are off. */
  async listen(onWake: () => void): Promise<(() => Promise<void>) | null> {
    if (!this.#notifies) return null;
    return this.#db.listen(WAKE_CHANNEL, (sender) => {
      if (sender !== this.#sender) onWake();
    });
  }
}

/** For statements inside a transaction of ours. */
function asBossDatabase(tx: Transaction): BossDatabase {
  return { executeSql: async (text: string, values?: unknown[]) => tx.query(text, values) };
}

/**
 * For pg-boss's own statements: the same pool as ours. Its supervision sends several statements in one query and wants the
 * rows of each, which only pg's own answer has.
 */
function asBossPool({ pool }: Database): BossDatabase {
  return { executeSql: async (text: string, values?: unknown[]) => (values === undefined ? pool.query(text) : pool.query(text, values)) };
}

/** What pg-boss's `complete` and `touch` answer; its published type is empty. */
interface CommandAnswer {
  readonly affected: number;
  /** Ids of the jobs that were changed. */
  readonly settled?: readonly string[] | null;
}
