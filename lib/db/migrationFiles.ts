// The SQL files of the package: which migrations there are, with their checksums. Runs none of them (migrate.ts does).
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AppError } from "../core/errors.ts";
import { sha256Hex } from "../core/ids.ts";

/** lib/db and dist/db are equally deep, so this holds for the sources and for the published package. */
const SUPABASE = new URL("../../supabase/", import.meta.url);

export interface MigrationFile {
  /** File name without `.sql`: `20250112_orchestration_foundation`. */
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** All migrations in the order they are applied. */
export async function readMigrations(): Promise<readonly MigrationFile[]> {
  const folder = new URL("migrations/", SUPABASE);
  const fileNames = (await readdir(folder)).filter((fileName) => fileName.endsWith(".sql")).sort();
  return await Promise.all(fileNames.map((fileName) => readSqlFile(new URL(fileName, folder), fileName)));
}

/** @throws AppError `NOT_FOUND` for a migration that has no rollback: only the plan's four have one */
export async function readRollback(name: string): Promise<MigrationFile> {
  const folder = new URL("rollbacks/", SUPABASE);
  const fileNames = (await readdir(folder)).filter((fileName) => fileName.endsWith(".sql")).sort();
  if (!fileNames.includes(`${name}.sql`)) {
    throw new AppError("NOT_FOUND", `migration "${name}" has no rollback in ${fileURLToPath(folder)}`, {
      details: { got: name, expected: fileNames.map((fileName) => fileName.slice(0, -4)).join(", ") },
      hint: "only these can be taken back; all others go forward only",
    });
  }
  return await readSqlFile(new URL(`${name}.sql`, folder), `${name}.sql`);
}

async function readSqlFile(url: URL, fileName: string): Promise<MigrationFile> {
  const sql = await readFile(url, "utf8");
  // Line ends may differ between checkouts of the same commit.
  return { name: fileName.slice(0, -4), sql, checksum: sha256Hex(sql.replaceAll("\r\n", "\n")) };
}
