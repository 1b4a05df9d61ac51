// A migrated, empty PGlite data directory as one cached file, so that a first start and every test open in well under a second.
import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { sha256Hex } from "../core/ids.ts";
import type { Database } from "./Database.ts";
import { migrate } from "./migrate.ts";
import { type MigrationFile, readMigrations } from "./migrationFiles.ts";
import { openPglite } from "./openPglite.ts";

/** Raise it when the way a template is built changes. */
const FORMAT = 1;
const UNUSED_DAYS = 30;

// Not import.meta.resolve: Vitest has none.
const PGLITE_DIST = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"));

export interface TemplateOptions {
  /** Adds what others own, such as pg-boss's schema, after the migrations. */
  readonly prepare?: (db: Database) => Promise<void>;
  /** Names what `prepare` does, versions included: templates of different keys are different files. */
  readonly cacheKey?: string;
  /** Tests pass their own; else node_modules/.cache/neuronforge, or a private folder under the system's temporary one. */
  readonly folder?: string;
}

const building = new Map<string, Promise<string>>();

/** @returns the path of the template, built now if no process has built it before (3–6 s) */
export async function ensureTemplate(options: TemplateOptions = {}): Promise<string> {
  const folder = options.folder ?? (await cacheFolder());
  const files = await readMigrations();
  const path = join(folder, `template-${await templateHash(files, options.cacheKey ?? "")}.tar`);
  let built = building.get(path);
  if (built === undefined) {
    built = findOrBuild(path, options);
    building.set(path, built);
    built.catch(() => building.delete(path));
  }
  return await built;
}

/** Equal for equal migrations, `cacheKey` and versions. Also names the template database on a server (tests). */
export async function templateHash(files: readonly MigrationFile[], cacheKey: string): Promise<string> {
  const manifest = await readFile(join(PGLITE_DIST, "..", "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return sha256Hex(JSON.stringify([FORMAT, version, cacheKey, files.map(({ name, checksum }) => [name, checksum])])).slice(0, 24);
}

async function findOrBuild(path: string, { prepare }: TemplateOptions): Promise<string> {
  const now = new Date(systemClock.nowMs());
  const isFound = await utimes(path, now, now).then(
    () => true,
    () => false,
  );
  if (isFound) return path;

  const dump = await dumpMigrated(prepare);
  const partial = `${path}.${randomBytes(6).toString("hex")}.partial`;
  await writeFile(partial, dump, { mode: 0o600 });
  // Whoever comes second replaces the file by an equal one.
  await rename(partial, path);
  await removeUnused(join(path, ".."));
  return path;
}

async function dumpMigrated(prepare: TemplateOptions["prepare"]): Promise<Buffer> {
  const { database, pglite } = await openPglite({ folder: null, clock: systemClock, warn: () => undefined });
  try {
    await migrate(database, prepare === undefined ? {} : { afterMigrate: prepare });
    // Everything into the data files: a clone then has no log to replay.
    await database.query("CHECKPOINT");
    const dump = await pglite.dumpDataDir("none");
    return Buffer.from(await dump.arrayBuffer());
  } finally {
    await database.close();
  }
}

async function removeUnused(folder: string): Promise<void> {
  const oldestMs = systemClock.nowMs() - UNUSED_DAYS * 86_400_000;
  for (const fileName of await readdir(folder)) {
    const path = join(folder, fileName);
    const found = fileName.startsWith("template-") ? await stat(path).catch(() => undefined) : undefined;
    if (found !== undefined && found.mtimeMs < oldestMs) await rm(path, { force: true });
  }
}

async function cacheFolder(): Promise<string> {
  const inPackage = fileURLToPath(new URL("../../node_modules/.cache/neuronforge/", import.meta.url));
  const isWritable = await mkdir(inPackage, { recursive: true }).then(
    () => true,
    () => false,
  );
  return isWritable ? inPackage : await privateTemporaryFolder();
}

/** Anyone may make folders there; a data directory of someone else's making must never be loaded. */
async function privateTemporaryFolder(): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `neuronforge-cache-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid) || (found.mode & 0o022) !== 0) {
    throw new AppError("FILE_UNREADABLE", `${folder} is not a folder that only this user may write to`, {
      details: { file: folder },
      hint: "remove it, or set TMPDIR to another folder",
    });
  }
  return folder;
}
