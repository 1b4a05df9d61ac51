// A fresh, migrated database on a server, with the URL that other processes need to reach it.
import type { Database } from "../../lib/db/Database.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { createTestDatabase } from "../../lib/testing/createTestDatabase.ts";

export interface ServerDatabase {
  readonly db: Database;
  readonly url: string;
}

/** Closing `db` drops it. */
export async function openServerDatabase(serverUrl: string): Promise<ServerDatabase> {
  const db = await createTestDatabase({ ...QUEUE_TEMPLATE, serverUrl });
  const { rows } = await db.query<{ name: string }>("SELECT current_database() AS name");
  const url = new URL(serverUrl);
  url.pathname = `/${rows[0]?.name ?? ""}`;
  return { db, url: url.href };
}
