// Finds a PostgreSQL server that is installed on this machine: by pg_config on PATH, else where Debian puts it. It starts nothing.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PostgresBinaries } from "../../lib/db/postgresBinaries.ts";

/** The oldest version that is supported. */
const OLDEST = 15;
const DEBIAN_FOLDER = "/usr/lib/postgresql";

/** @returns undefined where none of version 15 or later is installed */
export function findInstalledPostgres(): PostgresBinaries | undefined {
  const folder = debianFolders().find(holdsServer) ?? configuredFolder();
  return folder === undefined ? undefined : { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
}

/** The oldest supported version first: what holds there holds for later ones. */
function debianFolders(): string[] {
  if (!existsSync(DEBIAN_FOLDER)) return [];
  const versions = readdirSync(DEBIAN_FOLDER).map(Number);
  const supported = versions.filter((version) => version >= OLDEST).sort((left, right) => left - right);
  return supported.map((version) => join(DEBIAN_FOLDER, String(version), "bin"));
}

function configuredFolder(): string | undefined {
  try {
    const version = Number(/\d+/.exec(askConfig("--version"))?.[0] ?? 0);
    const folder = askConfig("--bindir");
    return version >= OLDEST && holdsServer(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Error where there is no pg_config */
function askConfig(what: string): string {
  return execFileSync("pg_config", [what], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function holdsServer(folder: string): boolean {
  return existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"));
}
