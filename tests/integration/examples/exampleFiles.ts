// The examples of the repository, run as a reader runs them: through the command line, from its root, with a data folder of their own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCli, type CliResult } from "../cli/spawnCli.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface ExampleFolder extends AsyncDisposable {
  readonly path: string;
  run(...args: readonly string[]): Promise<CliResult>;
}

export async function openExampleFolder(): Promise<ExampleFolder> {
  const path = await mkdtemp(join(tmpdir(), "neuronforge-examples-"));
  return {
    path,
    run: (...args) => runCli([...args, "--data", join(path, "data")], { cwd: ROOT, env: { HOME: path } }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
