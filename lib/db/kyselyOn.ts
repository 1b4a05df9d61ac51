// Kysely on a Queryable: typed SQL with our error mapping, our guard and, inside a transaction, our connection.
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import { AppError } from "../core/errors.ts";
import type { Queryable } from "./Database.ts";
import type { Tables } from "./tables.ts";

export function kyselyOn(queryable: Pick<Queryable, "query">): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new QueryableDriver(queryable),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

class QueryableDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(queryable: Pick<Queryable, "query">) {
    this.#connection = {
      executeQuery: async <Row>(compiled: CompiledQuery): Promise<QueryResult<Row>> => {
        const { rows, rowCount } = await queryable.query<Row>(compiled.sql, compiled.parameters);
        return { rows, numAffectedRows: BigInt(rowCount) };
      },
      streamQuery: () => {
        throw new AppError("INTERNAL", "streaming a query is not supported; page through it with a limit");
      },
    };
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    throw new AppError("INTERNAL", "Kysely's own transaction() was called; use Database.transaction and its `tx.kysely`");
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  /** The connections belong to the Database, which closes them. */
  async destroy(): Promise<void> {}
}
