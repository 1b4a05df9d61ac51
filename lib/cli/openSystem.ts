// How a command gets its system: configuration first, then PostgreSQL directly or the data folder through openFolder.ts.
import type { Config } from "../config/Config.ts";
import { loadConfig } from "../config/loadConfig.ts";
import type { Cli } from "./Cli.ts";
import { openFolder } from "./socket/openFolder.ts";
import { readConfigFile } from "./input/readConfigFile.ts";
import { SharedSystem, type Backend } from "./socket/SharedSystem.ts";

/** Environment, `neuronforge.config.*` of the current folder, `--data`, `--live`. */
export async function loadCliConfig(cli: Cli): Promise<Config> {
  const { data, live } = cli.options;
  const file = await readConfigFile(process.cwd());
  return loadConfig(cli.env, file, { overrides: { dataFolder: data, live: live === true ? true : undefined } });
}

export async function openSystem(cli: Cli): Promise<SharedSystem> {
  const config = await loadCliConfig(cli);
  const reopen = async (): Promise<Backend> => openBackend(cli, config);
  return new SharedSystem({
    backend: await reopen(),
    reopen,
    clock: cli.clock,
    talk: (text) => cli.output.talk(text),
    resumeCommand: (executionId) => cli.commandLine(`executions resume ${executionId}`),
  });
}

async function openBackend(cli: Cli, config: Config): Promise<Backend> {
  const createSystem = async () => {
    // The heaviest import of all: a command that is served by another process never pays for it.
    const system = await import("../system.ts");
    return system.createSystem({ config });
  };
  if (config.database === "postgres") return { role: "owner", system: await createSystem(), release: async () => undefined };
  return openFolder({ folder: config.dataFolder, createSystem, clock: cli.clock });
}
