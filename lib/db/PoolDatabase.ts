// The Database on a pg pool: PostgreSQL, our own server and PGlite differ only in what openDatabase.ts hands in.
import type { Kysely } from "kysely";
import type pg from "pg";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Database, DatabaseKind, QueryResult, Transaction, TransactionOptions, Warn } from "./Database.ts";
import { isConnectionLost, toDatabaseError } from "./databaseErrors.ts";
import { kyselyOn } from "./kyselyOn.ts";
import { listenOn } from "./listenOn.ts";
import { PoolTransaction } from "./PoolTransaction.ts";
import { runStatement } from "./runStatement.ts";
import type { StatementPool } from "./StatementPool.ts";
import type { Tables } from "./tables.ts";

/** Longer than this on the one connection, and everybody else has been standing still for it. */
const LONG_TRANSACTION_MS = 5_000;

/** The level is named, because a server may have another default. */
const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_PLANNING_ANEW = `${BEGIN}; SET LOCAL plan_cache_mode = force_custom_plan`;

export interface PoolDatabaseParts {
  readonly kind: DatabaseKind;
  readonly pool: StatementPool;
  /** How a connection of its own is made, for LISTEN; null on PGlite. */
  readonly listenConfig: pg.ClientConfig | null;
  readonly clock: Clock;
  readonly warn: Warn;
  /** Runs once after the pool is closed: stops the server or closes PGlite. */
  readonly afterClose: () => Promise<void>;
}

export class PoolDatabase implements Database {
  readonly #parts: PoolDatabaseParts;
  readonly #listeners = new Set<() => Promise<void>>();
  #kysely: Kysely<Tables> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: PoolDatabaseParts) {
    this.#parts = parts;
  }

  get kind(): DatabaseKind {
    return this.#parts.kind;
  }

  get isSingleConnection(): boolean {
    return this.#parts.listenConfig === null;
  }

  get outage(): AppError | undefined {
    return this.#parts.pool.outage;
  }

  get pool(): pg.Pool {
    return this.#parts.pool;
  }

  get kysely(): Kysely<Tables> {
    this.#kysely ??= kyselyOn(this);
    return this.#kysely;
  }

  async query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult<Row>> {
    this.#refuseWhenClosed();
    try {
      return await runStatement<Row>(this.#parts.pool, { text, values, name });
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, { plansAnew = false }: TransactionOptions = {}): Promise<T> {
    this.#refuseWhenClosed();
    const client = await this.#connect();
    const stopWatching = this.#watchLength();
    let lost: Error | undefined;
    try {
      return await this.#runTransaction(client, work, plansAnew ? BEGIN_PLANNING_ANEW : BEGIN);
    } catch (error) {
      if (isConnectionLost(error)) lost = error as Error;
      throw toDatabaseError(error);
    } finally {
      stopWatching();
      client.release(lost);
    }
  }

  async listen(channel: string, onNotify: (payload: string) => void): Promise<(() => Promise<void>) | null> {
    const { listenConfig, clock, warn } = this.#parts;
    if (listenConfig === null) return null;
    const stop = await listenOn({ config: listenConfig, channel, onNotify, clock, warn });
    const stopOnce = async (): Promise<void> => {
      this.#listeners.delete(stopOnce);
      await stop();
    };
    this.#listeners.add(stopOnce);
    return stopOnce;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#listeners].map((stop) => stop()));
    await this.#parts.pool.end();
    await this.#parts.afterClose();
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#parts.pool.connect();
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  async #runTransaction<T>(client: pg.PoolClient, work: (tx: Transaction) => Promise<T>, begin: string): Promise<T> {
    const tx = new PoolTransaction(client);
    await client.query(begin);
    let result: T;
    try {
      result = await this.#parts.pool.insideTransaction(() => work(tx));
      await tx.finish();
    } catch (error) {
      await tx.finish();
      await rollBack(client, error);
      throw error;
    }
    const { command } = await client.query("COMMIT");
    if (command !== "COMMIT") {
      throw new AppError(
        "INTERNAL",
        "a statement failed inside a transaction and its error was caught there, so the database rolled it all back",
        {
          hint: "let the error pass, or use a savepoint",
        },
      );
    }
    return result;
  }

  #refuseWhenClosed(): void {
    if (this.#closing === undefined) return;
    throw new AppError("DATABASE_UNAVAILABLE", "the database was closed by this process", {
      retry: "never",
      hint: "nothing may run after close()",
    });
  }

  #watchLength(): () => void {
    if (!this.isSingleConnection) return () => undefined;
    const { clock, warn } = this.#parts;
    const opened = new Error("opened here");
    return clock.schedule(LONG_TRANSACTION_MS, () => {
      warn(`a transaction has been open for ${LONG_TRANSACTION_MS} ms on the only connection`, { stack: opened.stack ?? "" });
    });
  }
}

/** The first error matters; but a connection that cannot even roll back must not return to the pool. */
async function rollBack(client: pg.PoolClient, reason: unknown): Promise<void> {
  if (isConnectionLost(reason)) return;
  await client.query("ROLLBACK").catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}
