#!/usr/bin/env node
// The command line's entry: finds the command, loads only its file, renders what is thrown once. The only reader of process.env.
import { enableCompileCache } from "node:module";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commandList.ts";
import { packageVersion } from "./packageVersion.ts";
import type { Action, GlobalOptions } from "./Cli.ts";

enableCompileCache();

const VALUE_OPTIONS = new Set(["--data"]);

/** The first word that is neither an option nor an option's value; `help run` means `run`. */
function findCommandName(args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? "";
    if (VALUE_OPTIONS.has(word)) index += 1;
    else if (!word.startsWith("-") && word !== "help") return word;
  }
  return undefined;
}

function createProgram(): Command {
  const program = new Command("neuronforge")
    .description("LLM agent workflows on a token budget: durable, capped before the call, with a receipt.")
    .option("--json", "one JSON document a line on stdout")
    .option("--data <folder>", "data folder of the embedded database")
    .option("--live", "use model keys found in the environment")
    .option("-q, --quiet", "no talk on stderr")
    .option("--no-color", "no colours (also NO_COLOR)")
    .helpCommand("help [command]", "help for a command")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  program.action(() => program.outputHelp());
  return program;
}

async function main(args: readonly string[]): Promise<number> {
  const program = createProgram();
  program.version(packageVersion(), "--version", "print the version");
  const wanted = findCommandName(args);
  const needsAll = wanted === "completion";
  let exitCode = 0;
  const action: Action =
    (handler) =>
    async (...given) => {
      const { runCommand } = await import("./runCommand.ts");
      const globals = program.opts<GlobalOptions>();
      exitCode = await runCommand(process, globals, async (cli) => handler(cli, ...given));
    };
  for (const { name, group, summary, load } of COMMANDS) {
    const command = program.command(name).helpGroup(`${group}:`).description(summary);
    if (needsAll || name === wanted) (await load()).define(command, action);
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const { reportFailure } = await import("./runCommand.ts");
    return reportFailure(process, args, thrown);
  }
  return exitCode;
}

// Not process.exit at once: what is still on its way into a pipe would be cut.
process.exitCode = await main(process.argv.slice(2));
