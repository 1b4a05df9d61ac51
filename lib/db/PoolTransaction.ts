// One open transaction on one lent connection. PoolDatabase begins and ends it; this only runs its statements in order.
import type { Kysely } from "kysely";
import type pg from "pg";
import { AppError } from "../core/errors.ts";
import type { QueryResult, Transaction } from "./Database.ts";
import { toDatabaseError } from "./databaseErrors.ts";
import { kyselyOn } from "./kyselyOn.ts";
import { runStatement, type Statement } from "./runStatement.ts";
import type { Tables } from "./tables.ts";

export class PoolTransaction implements Transaction {
  readonly isTransaction = true;
  readonly #client: pg.PoolClient;
  /** pg wants one statement at a time; callers may still use Promise.all. */
  #last: Promise<unknown> = Promise.resolve();
  #isOpen = true;
  #kysely: Kysely<Tables> | undefined;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  get kysely(): Kysely<Tables> {
    this.#kysely ??= kyselyOn(this);
    return this.#kysely;
  }

  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult<Row>> {
    if (!this.#isOpen) {
      return Promise.reject(new AppError("INTERNAL", `a transaction was used after its end: ${text.slice(0, 80)}`));
    }
    return this.#enqueue<Row>({ text, values, name });
  }

  /** Takes no more statements and waits for those under way, also for ones that nobody awaits. */
  async finish(): Promise<void> {
    this.#isOpen = false;
    await this.#last;
  }

  #enqueue<Row>(statement: Statement): Promise<QueryResult<Row>> {
    const running = this.#last.then(() => runStatement<Row>(this.#client, statement));
    this.#last = running.catch(() => undefined);
    return running.catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  }
}
