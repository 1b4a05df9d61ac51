// Brings a database's schema up to date, one transaction per file; takes the plan's four migrations back. Knows nothing of their content.
import { AppError } from "../core/errors.ts";
import type { Database, Transaction } from "./Database.ts";
import { sqlState } from "./databaseErrors.ts";
import { type MigrationFile, readMigrations, readRollback } from "./migrationFiles.ts";

/** Any number that nobody else uses; pg_advisory_xact_lock takes a bigint. */
const LOCK_KEY = "7233104127690";

export interface MigrationReport {
  /** Names of the files that this call applied, in order. */
  readonly applied: readonly string[];
}

export interface MigrateOptions {
  /** Tests pass their own; production reads the package's. */
  readonly files?: readonly MigrationFile[];
  /** For schemas that others own (pg-boss). Called every time and by every process: must be safe to repeat and to race. */
  readonly afterMigrate?: (db: Database) => Promise<void>;
}

/**
 * Applies what is missing. Safe for processes that start at once: each file's first statement claims its name, and the
 * second claimant waits for the first one's commit, then finds it done.
 *
 * @throws AppError `MIGRATION_FAILED` when a file fails (and is rolled back alone), or differs from what was applied
 */
export async function migrate(db: Database, options: MigrateOptions = {}): Promise<MigrationReport> {
  const files = options.files ?? (await readMigrations());
  await createTable(db);
  const known = await appliedChecksums(db);
  for (const file of files) refuseChanged(file, known.get(file.name));
  const applied: string[] = [];
  for (const file of files) {
    if (!known.has(file.name) && (await applyFile(db, file))) applied.push(file.name);
  }
  await options.afterMigrate?.(db);
  return { applied };
}

export interface MigrationState {
  readonly name: string;
  readonly isApplied: boolean;
}

/** Changes nothing, also on a database that has never seen a migration. */
export async function listMigrations(db: Database): Promise<readonly MigrationState[]> {
  const { rows } = await db.query<{ isThere: boolean }>(`SELECT to_regclass('schema_migrations') IS NOT NULL AS "isThere"`);
  const known = rows[0]?.isThere === true ? await appliedChecksums(db) : new Map<string, string>();
  return (await readMigrations()).map(({ name }) => ({ name, isApplied: known.has(name) }));
}

/**
 * Takes one migration back with its file in supabase/rollbacks, which also forgets later migrations of the same tables.
 * Nothing may use what it made: its flag must be off.
 *
 * @throws AppError `NOT_FOUND` without a rollback file; `CONFLICT` when it is not applied
 */
export async function rollbackMigration(db: Database, name: string): Promise<void> {
  const { sql } = await readRollback(name);
  await db.transaction(async (tx) => {
    const { rowCount } = await tx.query("DELETE FROM schema_migrations WHERE name = $1", [name]);
    if (rowCount === 0) throw new AppError("CONFLICT", `migration "${name}" is not applied, so there is nothing to take back`);
    await runFile(tx, { name: `rollbacks/${name}`, sql });
  });
}

async function createTable(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    // Two CREATE TABLE IF NOT EXISTS at once: the second fails on a system catalogue's unique index.
    await tx.query("SELECT pg_advisory_xact_lock($1::bigint)", [LOCK_KEY]);
    await tx.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name TEXT PRIMARY KEY,
      applied_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
      checksum TEXT NOT NULL
    )`);
  });
}

async function appliedChecksums(db: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ name: string; checksum: string }>("SELECT name, checksum FROM schema_migrations ORDER BY name");
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function refuseChanged(file: MigrationFile, appliedChecksum: string | undefined): void {
  if (appliedChecksum === undefined || appliedChecksum === file.checksum) return;
  throw new AppError("MIGRATION_FAILED", `migration "${file.name}" was changed after it had been applied to this database`, {
    details: { file: `${file.name}.sql`, expected: `checksum ${appliedChecksum}`, got: `checksum ${file.checksum}` },
    hint: "restore the released file and put the change into a new migration",
  });
}

/** @returns false when another process applied it meanwhile */
async function applyFile(db: Database, file: MigrationFile): Promise<boolean> {
  return await db.transaction(async (tx) => {
    const claim = await tx.query("INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [
      file.name,
      file.checksum,
    ]);
    if (claim.rowCount === 0) {
      const { rows } = await tx.query<{ checksum: string }>("SELECT checksum FROM schema_migrations WHERE name = $1", [file.name]);
      refuseChanged(file, rows[0]?.checksum);
      return false;
    }
    await runFile(tx, file);
    return true;
  });
}

async function runFile(tx: Transaction, { name, sql }: Pick<MigrationFile, "name" | "sql">): Promise<void> {
  try {
    await tx.query(sql);
  } catch (cause) {
    if (AppError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const line = failedLine(sql, cause);
    throw new AppError(
      "MIGRATION_FAILED",
      `${name}.sql failed${line === undefined ? "" : ` near line ${line}`} and was rolled back: ${reason}`,
      {
        cause,
        details: { file: `${name}.sql`, ...(line === undefined ? {} : { line }), got: sqlState(cause) ?? "no SQLSTATE" },
      },
    );
  }
}

/** pg's `position` counts characters from 1 over the whole text that was sent. */
function failedLine(sql: string, cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !("position" in cause) || typeof cause.position !== "string") return undefined;
  const before = sql.slice(0, Number(cause.position) - 1);
  return before.split("\n").length;
}
