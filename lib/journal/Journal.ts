// The one verb of durability: append(unit). Batches units into single statements; knows no table but its own (README.md).
import type { Clock } from "../core/clock.ts";
import { AppError, asAppError } from "../core/errors.ts";
import type { Database, Queryable, Transaction } from "../db/Database.ts";
import { sqlState } from "../db/databaseErrors.ts";
import type { PartWriter } from "../db/UnitPart.ts";
import { composeBatch, type BatchStatement } from "./composeBatch.ts";
import { Lane } from "./Lane.ts";
import type { AppendOutcome, FinishHook, Unit } from "./types.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const MAX_CONFLICT_RETRIES = 20;
/** Ending the queue's jobs needs it, and gains more than the batch's own statement loses. */
const PLANS_ANEW = { plansAnew: true } as const;

export interface JournalOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly writers: readonly PartWriter[];
  readonly onFinish: FinishHook;
}

interface Pending {
  readonly unit: Unit;
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export class Journal {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #writers: ReadonlyMap<string, PartWriter>;
  readonly #onFinish: FinishHook;
  readonly #plainLane: Lane<Pending>;
  /** Units that end an execution need a transaction with the queue; in a lane of their own they do not hold up plain ones. */
  readonly #finishLane: Lane<Pending>;

  constructor({ db, clock, writers, onFinish }: JournalOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#writers = new Map(writers.map((writer) => [writer.kind, writer]));
    this.#onFinish = onFinish;
    const commit = (batch: readonly Pending[]): Promise<void> => this.#commit(batch);
    // On the only connection a second batch would just wait there.
    this.#plainLane = new Lane({ maxInFlight: db.isSingleConnection ? 1 : 2, commit });
    this.#finishLane = new Lane({ maxInFlight: 1, commit });
  }

  /**
   * Resolves once the unit is committed.
   *
   * @throws AppError `VALUE_REFUSED` when the database refuses this unit's values; `DATABASE_UNAVAILABLE` or `DISK_FULL`
   * when the unit's signal is aborted before the storage came back
   */
  append(unit: Unit): Promise<AppendOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendOutcome>();
    const lane = unit.finish === undefined ? this.#plainLane : this.#finishLane;
    lane.add({ unit, bytes: unitBytes(unit), resolve, reject });
    return promise;
  }

  /** Writes one unit's parts inside a transaction of the caller, who has locked the execution's row and checked its epoch. */
  async writeIn(tx: Transaction, unit: Unit): Promise<AppendOutcome> {
    const accepted = await run(tx, composeBatch([unit], this.#writers, { locksRows: this.#locksRows, isReplay: true }));
    return accepted.has(unit.executionId) ? "committed" : "fenced";
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    for (const lane of [this.#plainLane, this.#finishLane]) await lane.idle();
  }

  get #locksRows(): boolean {
    return !this.#db.isSingleConnection;
  }

  /** Never throws: every unit of the batch is resolved or rejected. */
  async #commit(batch: readonly Pending[], wasSent = false): Promise<void> {
    let rest = batch;
    // After any failure nobody knows what of the batch is stored: from then on it is written as a replay.
    let isReplay = wasSent;
    let pauseMs = FIRST_PAUSE_MS;
    let conflicts = 0;
    while (rest.length > 0) {
      try {
        rest = await this.#commitOnce(rest, isReplay);
      } catch (error) {
        const kind = failureKind(error);
        const wasFirst = !isReplay;
        isReplay = true;
        // A row that was there already is no fault of its unit.
        if (kind === "data" && wasFirst) continue;
        if (kind === "conflict" && conflicts < MAX_CONFLICT_RETRIES) {
          conflicts += 1;
          continue;
        }
        if (kind === "outage") {
          rest = giveUpAborted(rest, error);
          if (rest.length > 0) await this.#clock.sleep(pauseMs);
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
          continue;
        }
        await this.#splitOrReject(rest, error);
        return;
      }
    }
  }

  async #splitOrReject(batch: readonly Pending[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      for (const one of batch) await this.#commit([one], true);
      return;
    }
    const state = sqlState(error);
    for (const { reject } of batch) {
      reject(
        state?.startsWith("22") === true || state?.startsWith("23") === true
          ? new AppError("VALUE_REFUSED", `the database refused a value of this step: ${(error as Error).message}`, {
              details: { sqlState: state },
              cause: error,
            })
          : asAppError(error),
      );
    }
  }

  /** @returns the units to replay: those left when a finishing unit was refused because its job is not ours any more */
  async #commitOnce(batch: readonly Pending[], isReplay: boolean): Promise<readonly Pending[]> {
    const statement = composeBatch(
      batch.map(({ unit }) => unit),
      this.#writers,
      { locksRows: this.#locksRows, isReplay },
    );
    const finishing = batch.filter(({ unit }) => unit.finish !== undefined);
    if (finishing.length === 0) {
      settleAll(batch, await run(this.#db, statement));
      return [];
    }
    const outcome = await this.#commitWithFinish(statement, finishing);
    if ("refused" in outcome) {
      const refused = finishing.filter(({ unit }) => outcome.refused.has(unit.executionId));
      for (const { resolve } of refused) resolve("fenced");
      return batch.filter((pending) => !refused.includes(pending));
    }
    settleAll(batch, outcome.accepted);
    return [];
  }

  async #commitWithFinish(
    statement: BatchStatement,
    finishing: readonly Pending[],
  ): Promise<{ readonly accepted: ReadonlySet<string> } | { readonly refused: ReadonlySet<string> }> {
    const refusal = new RefusedJobs();
    try {
      const accepted = await this.#db.transaction(async (tx) => {
        const inFence = await run(tx, statement);
        const jobs = finishing.flatMap(({ unit }) =>
          unit.finish !== undefined && inFence.has(unit.executionId) ? [{ ...unit.finish, executionId: unit.executionId }] : [],
        );
        if (jobs.length === 0) return inFence;
        const refused = await this.#onFinish(tx, jobs);
        if (refused.size > 0) {
          refusal.executions = refused;
          throw refusal;
        }
        return inFence;
      }, PLANS_ANEW);
      return { accepted };
    } catch (error) {
      if (error === refusal) return { refused: refusal.executions };
      throw error;
    }
  }
}

/** Rolls the transaction back without being a failure. */
class RefusedJobs extends Error {
  executions: ReadonlySet<string> = new Set();
}

async function run(db: Queryable, statement: BatchStatement): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(statement.text, statement.values, statement.name);
  return new Set(rows.map((row) => row.id));
}

function settleAll(batch: readonly Pending[], accepted: ReadonlySet<string>): void {
  for (const { unit, resolve } of batch) resolve(accepted.has(unit.executionId) ? "committed" : "fenced");
}

function giveUpAborted(batch: readonly Pending[], error: unknown): readonly Pending[] {
  const alive: Pending[] = [];
  for (const pending of batch) {
    if (pending.unit.signal?.aborted === true) pending.reject(asAppError(error, "DATABASE_UNAVAILABLE"));
    else alive.push(pending);
  }
  return alive;
}

/** PostgreSQL error classes: 22 data, 23 constraint, 40 rollback, 08 connection, 53 resources, 57 operator, 58 system. */
function failureKind(error: unknown): "data" | "conflict" | "outage" | "other" {
  if (AppError.is(error, "DATABASE_UNAVAILABLE") || AppError.is(error, "DISK_FULL")) return "outage";
  const state = sqlState(error);
  if (state === undefined) return "other";
  const classOf = state.slice(0, 2);
  if (classOf === "22" || classOf === "23") return "data";
  if (classOf === "40") return "conflict";
  return ["08", "53", "57", "58"].includes(classOf) ? "outage" : "other";
}

function unitBytes(unit: Unit): number {
  let bytes = 0;
  for (const part of unit.parts) {
    if (part.kind !== "values") continue;
    for (const row of part.rows as readonly { readonly content: Buffer }[]) bytes += row.content.length;
  }
  return bytes;
}
