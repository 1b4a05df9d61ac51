// The contract of the database: one way to run statements on PostgreSQL and PGlite alike. No SQL of ours, no connection; openDatabase.ts makes one.
import type { Kysely } from "kysely";
import type pg from "pg";
import type { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Tables } from "./tables.ts";

/** `postgres`: a server someone else runs. `embedded-postgres`: a server we run for one data folder. `pglite`: in this process. */
export type DatabaseKind = "postgres" | "embedded-postgres" | "pglite";

/** Where the database reports what is wrong but stops nobody. */
export type Warn = (message: string, facts?: JsonObject) => void;

export interface QueryResult<Row> {
  rows: Row[];
  /** Rows returned, or changed when none are returned. */
  rowCount: number;
}

export interface Queryable {
  /**
   * Runs one statement with bound values. Rows come with pg's own types: bigint and numeric as string, timestamptz as
   * Date, bytea as Buffer.
   *
   * @param name makes it a named prepared statement; the same name must always come with the same text
   * @throws AppError `DATABASE_UNAVAILABLE`, `DISK_FULL`; any other error passes as pg's, see `sqlState`
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult<Row>>;
  /** Typed query builder on the same connection. Its own `transaction()` is refused: use {@link Database.transaction}. */
  readonly kysely: Kysely<Tables>;
}

export interface Transaction extends Queryable {
  readonly isTransaction: true;
}

export interface TransactionOptions {
  /**
   * Plans each statement for its values, which elsewhere happens once for all values: for statements that are not ours and
   * compare lists, such as pg-boss's. @defaultValue false
   */
  readonly plansAnew?: boolean;
}

export interface Database extends Queryable, AsyncDisposable {
  readonly kind: DatabaseKind;
  /** True on PGlite: every statement shares one connection, so a long transaction holds up everybody. */
  readonly isSingleConnection: boolean;
  /** Why no statement can be run now, where that is known without trying one: PGlite's disk is full. */
  readonly outage: AppError | undefined;
  /** For pg-boss (`{ executeSql: (text, values) => pool.query(text, values) }`). On PGlite its size is 1. */
  readonly pool: pg.Pool;
  /**
   * BEGIN … COMMIT at READ COMMITTED; rolls back when `work` throws. Statements inside must use `tx`: on PGlite the outer
   * database would wait for this very transaction, so that throws at once. No network inside.
   *
   * @throws AppError `INTERNAL` when a statement failed and `work` hid it: the database has rolled everything back
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Calls `onNotify` for each NOTIFY on `channel`, over a connection of its own that reconnects; notifications sent
   * meanwhile are lost, so they are hints only.
   *
   * @returns how to stop; null on PGlite, where waking is done in process
   */
  listen(channel: string, onNotify: (payload: string) => void): Promise<(() => Promise<void>) | null>;
  /** Waits for running statements, then closes. Safe to call twice. */
  close(): Promise<void>;
}
