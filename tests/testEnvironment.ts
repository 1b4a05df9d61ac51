// The environment of the test run: `DB=postgres` with DATABASE_URL runs the database tests on a server, otherwise on PGlite.
import type { Database } from "../lib/db/Database.ts";
import { createTestDatabase, type TestDatabaseOptions } from "../lib/testing/createTestDatabase.ts";

export const isOnServer = process.env["DB"] === "postgres";

/** The server's URL; throws early and plainly when `DB=postgres` comes without one. */
export function serverUrl(): string {
  const url = process.env["DATABASE_URL"];
  if (url === undefined) throw new Error("DB=postgres needs DATABASE_URL, for example from `.ci/postgres.sh start`");
  return url;
}

/** A migrated, empty database of the kind this run is about; closing it drops it. */
export async function openTestDatabase(options: Omit<TestDatabaseOptions, "serverUrl"> = {}): Promise<Database> {
  return await createTestDatabase(isOnServer ? { ...options, serverUrl: serverUrl() } : options);
}
