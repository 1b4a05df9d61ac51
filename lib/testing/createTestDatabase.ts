// A migrated, empty database for one test file: a PGlite clone in memory, or a fresh database on a PostgreSQL server.
// Reads no environment: tests/testEnvironment.ts decides which.
import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Database, Warn } from "../db/Database.ts";
import { sqlState } from "../db/databaseErrors.ts";
import { migrate } from "../db/migrate.ts";
import { readMigrations } from "../db/migrationFiles.ts";
import { openDatabase } from "../db/openDatabase.ts";
import { ensureTemplate, templateHash, type TemplateOptions } from "../db/template.ts";

export interface TestDatabaseOptions extends TemplateOptions {
  /** A server where databases may be made and dropped; absent: PGlite in memory. */
  readonly serverUrl?: string;
  readonly warn?: Warn;
  readonly clock?: Clock;
}

/** Closing it also drops it. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<Database> {
  const { serverUrl, clock, warn } = options;
  const extras = { ...(clock === undefined ? {} : { clock }), ...(warn === undefined ? {} : { warn }) };
  if (serverUrl === undefined) {
    return await openDatabase({ kind: "pglite", folder: null }, { ...extras, template: () => ensureTemplate(options) });
  }
  await using server = await openDatabase({ kind: "postgres", url: serverUrl });
  const name = `neuronforge_test_${randomBytes(8).toString("hex")}`;
  await copyTemplate(server, serverUrl, name, options);
  const database = await openDatabase({ kind: "postgres", url: withDatabase(serverUrl, name) }, extras);
  return droppedOnClose(database, serverUrl, name);
}

/** Two test files at once make one template; PostgreSQL also refuses to copy a database that somebody is connected to. */
const LOCK_KEY = "7233104127691";

async function copyTemplate(server: Database, serverUrl: string, name: string, options: TestDatabaseOptions): Promise<void> {
  const template = `neuronforge_template_${await templateHash(await readMigrations(), options.cacheKey ?? "")}`;
  await server.transaction(async (tx) => {
    // Only the lock lives in this transaction: CREATE DATABASE runs on another connection, because it refuses to be in one.
    await tx.query("SELECT pg_advisory_xact_lock($1::bigint)", [LOCK_KEY]);
    const { rowCount } = await tx.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
    if (rowCount === 0) await makeTemplate(server, serverUrl, template, options);
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
}

async function makeTemplate(server: Database, serverUrl: string, template: string, options: TestDatabaseOptions): Promise<void> {
  const partial = `${template}_partial`;
  await server.query(`DROP DATABASE IF EXISTS ${partial} WITH (FORCE)`);
  await server.query(`CREATE DATABASE ${partial}`);
  {
    await using database = await openDatabase({ kind: "postgres", url: withDatabase(serverUrl, partial) });
    await migrate(database, options.prepare === undefined ? {} : { afterMigrate: options.prepare });
  }
  await server.query(`ALTER DATABASE ${partial} RENAME TO ${template}`);
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function droppedOnClose(database: Database, serverUrl: string, name: string): Database {
  const closeDatabase = database.close.bind(database);
  const close = async (): Promise<void> => {
    await closeDatabase();
    await using server = await openDatabase({ kind: "postgres", url: serverUrl });
    try {
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    } catch (error) {
      // Dropped by another close at the same time.
      if (sqlState(error) !== "3D000") throw error;
    }
  };
  return Object.assign(database, { close });
}
