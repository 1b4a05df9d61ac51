// A pg pool that keeps a connection when only a statement failed, never crashes the process when a connection breaks,
// and, with one connection, refuses at once what would wait for itself. Not a Database: no error mapping, no transactions.
import { AsyncLocalStorage } from "node:async_hooks";
import type pg from "pg";
import { Pool } from "pg";
import { AppError } from "../core/errors.ts";
import { isConnectionLost } from "./databaseErrors.ts";

type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: boolean | Error) => void) => void;

/** Whether the transaction around the running code is still open. Mutable, because what it started may outlive it. */
export interface TransactionScope {
  isOpen: boolean;
}

export class StatementPool extends Pool {
  readonly #isSingleConnection: boolean;
  readonly #guard: () => AppError | undefined;
  readonly #scope = new AsyncLocalStorage<TransactionScope>();

  /** @param guard asked before each statement and transaction: why none may begin now */
  constructor(config: pg.PoolConfig, isSingleConnection: boolean, guard: () => AppError | undefined = () => undefined) {
    super(config);
    this.#isSingleConnection = isSingleConnection;
    this.#guard = guard;
    // Promises only, of pg's nine overloads: pg-boss and we use no other.
    this.query = ((query: string | pg.QueryConfig, values?: unknown[]) => this.#run(query, values)) as pg.Pool["query"];
    // An idle connection that breaks is dropped by the pool; the next statement opens another one.
    this.on("error", ignore);
    // pg-pool takes its own listener off while a client is lent out: without this one a break would end the process.
    this.on("connect", (client) => {
      client.on("error", ignore);
      // Prepared statements of ours look up by key and take arrays: one plan fits all values, and planning anew each time
      // costs as much as running. Queued before the first statement; a refusal is that statement's to report.
      client.query("SET plan_cache_mode = force_generic_plan").catch(ignore);
    });
  }

  /** Why nothing may be run now; undefined when all is well. */
  get outage(): AppError | undefined {
    return this.#guard();
  }

  /** Runs `work` so that a use of this pool inside it is recognised as one inside its own transaction. */
  async insideTransaction<T>(work: () => Promise<T>): Promise<T> {
    const scope: TransactionScope = { isOpen: true };
    try {
      return await this.#scope.run(scope, work);
    } finally {
      scope.isOpen = false;
    }
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const refusal = this.#refusal();
    if (callback === undefined) return refusal === undefined ? super.connect() : Promise.reject(refusal);
    if (refusal === undefined) super.connect(callback);
    else callback(refusal, undefined, ignore);
  }

  /**
   * pg-pool closes the connection after any failed statement. On PGlite all clients share one connection object, whose
   * late `end` event would then hit the next client; on a server it costs a reconnect.
   */
  async #run(query: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    const client = await this.connect();
    let lost: Error | undefined;
    try {
      return await (typeof query === "string" ? client.query(query, values) : client.query(query));
    } catch (error) {
      if (isConnectionLost(error)) lost = error as Error;
      throw error;
    } finally {
      client.release(lost);
    }
  }

  #refusal(): AppError | undefined {
    if (!this.#isSingleConnection || this.#scope.getStore()?.isOpen !== true) return this.#guard();
    return new AppError("INTERNAL", "the database was used inside its own transaction, on its only connection: it would wait for itself", {
      hint: "run the statement on `tx`, or after the transaction",
    });
  }
}

function ignore(): void {}
