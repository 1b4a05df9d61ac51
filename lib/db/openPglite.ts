// PGlite behind a pg pool of size 1, in memory or in a folder. The folder must be locked by the caller (FolderLock.ts): PGlite does not.
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type pg from "pg";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Warn } from "./Database.ts";
import { createDiskGuard, diskRefusal, LEAST_FREE_BYTES, LEAST_FREE_FOR_NEW_BYTES } from "./diskGuard.ts";
import { PoolDatabase } from "./PoolDatabase.ts";
import { StatementPool } from "./StatementPool.ts";

export interface OpenPgliteOptions {
  /** null: in memory, gone on close. */
  readonly folder: string | null;
  /** Yields the path of a dumped data directory for a first start (template.ts); without it the first start takes seconds. */
  readonly template?: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  readonly warn: Warn;
}

export interface OpenedPglite {
  readonly database: PoolDatabase;
  readonly pglite: PGlite;
}

export async function openPglite(options: OpenPgliteOptions): Promise<OpenedPglite> {
  const { folder, clock, warn } = options;
  const pglite = folder === null ? await openInMemory(options) : await openInFolder(folder, options);
  const { connection } = createPgConfig(pglite);
  // All clients share one connection object, so a client is never replaced. Its type is pg's own in all that pg uses.
  const config = {
    connection,
    user: "postgres",
    database: "postgres",
    max: 1,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
  } as pg.PoolConfig;
  const pool = new StatementPool(config, true, folder === null ? undefined : createDiskGuard(folder, clock));
  const database = new PoolDatabase({ kind: "pglite", pool, listenConfig: null, clock, warn, afterClose: () => pglite.close() });
  return { database, pglite };
}

async function openInMemory({ template }: OpenPgliteOptions): Promise<PGlite> {
  return await PGlite.create(template === undefined ? {} : { loadDataDir: await readTemplate(template) });
}

async function openInFolder(folder: string, { template }: OpenPgliteOptions): Promise<PGlite> {
  const dataDir = join(folder, "pglite");
  const refusal = diskRefusal(folder, existsSync(dataDir) ? LEAST_FREE_BYTES : LEAST_FREE_FOR_NEW_BYTES);
  if (refusal !== undefined) throw refusal;
  const unfinished = join(folder, "pglite.unfinished");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Present only while a first start is under way: nothing of the user's was ever written to what it left.
  if (existsSync(unfinished)) await rm(dataDir, { recursive: true, force: true });
  const isFirstStart = !existsSync(dataDir);
  if (!isFirstStart) return await openExisting(dataDir);

  const loadDataDir = template === undefined ? undefined : await readTemplate(template);
  const marker = await open(unfinished, "w", 0o600);
  await marker.sync();
  await marker.close();
  const pglite = await PGlite.create(dataDir, loadDataDir === undefined ? {} : { loadDataDir });
  await rm(unfinished);
  return pglite;
}

async function openExisting(dataDir: string): Promise<PGlite> {
  try {
    return await PGlite.create(dataDir);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("DATABASE_UNAVAILABLE", `the embedded database in ${dataDir} does not open: ${reason}`, {
      retry: "never",
      cause,
      details: { file: dataDir },
      hint: "check that no other process uses the folder; else restore it from a copy",
    });
  }
}

async function readTemplate(template: () => Promise<string>): Promise<Blob> {
  return new Blob([await readFile(await template())]);
}
