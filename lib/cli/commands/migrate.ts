// `migrate [--status]`: brings the database's schema up to date, or says what is missing.
import type { Command } from "commander";
import type { Config } from "../../config/Config.ts";
import type { Action, Cli } from "../Cli.ts";
import { loadCliConfig } from "../openSystem.ts";

interface MigrationState {
  readonly name: string;
  readonly state: "applied" | "applied now" | "missing";
}

export function define(command: Command, action: Action): void {
  command
    .option("--status", "list migrations and change nothing")
    .addHelpText("after", "\n--status: exit code 1 if any is missing.")
    .action(action(migrate));
}

async function migrate(cli: Cli, { status }: { readonly status?: boolean }): Promise<number> {
  const config = await loadCliConfig(cli);
  const states = config.database === "postgres" ? await migrateServer(config, status === true) : await migrateFolder(cli);
  if (cli.output.isJson) cli.output.json(states);
  else
    cli.output.table(
      states,
      [
        { title: "MIGRATION", value: ({ name }) => name },
        { title: "STATE", value: ({ state }) => state },
      ],
      "no migrations",
    );
  return states.some(({ state }) => state === "missing") ? 1 : 0;
}

async function migrateServer({ databaseUrl }: Config, isStatusOnly: boolean): Promise<readonly MigrationState[]> {
  const { openDatabase } = await import("../../db/openDatabase.ts");
  const { migrate: applyMigrations, listMigrations } = await import("../../db/migrate.ts");
  const { prepareQueue } = await import("../../pilot/prepareQueue.ts");
  await using database = await openDatabase({ kind: "postgres", url: databaseUrl ?? "" });
  if (isStatusOnly)
    return (await listMigrations(database)).map(({ name, isApplied }) => ({ name, state: isApplied ? "applied" : "missing" }));
  const applied = new Set((await applyMigrations(database, { afterMigrate: prepareQueue })).applied);
  return (await listMigrations(database)).map(({ name }) => ({ name, state: applied.has(name) ? "applied now" : "applied" }));
}

/** A local database is brought up to date whenever it is opened: having opened it, nothing can be missing. */
async function migrateFolder(cli: Cli): Promise<readonly MigrationState[]> {
  const { readMigrations } = await import("../../db/migrationFiles.ts");
  await cli.withSystem(async () => undefined);
  return (await readMigrations()).map(({ name }) => ({ name, state: "applied" }));
}
