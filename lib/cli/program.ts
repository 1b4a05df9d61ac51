// The tree of commands: finds the one that is meant and loads only its file. Carries none out (runCommand.ts).
import { Command, CommanderError } from "commander";
import type { Action, GlobalOptions } from "./Cli.ts";
import { COMMANDS } from "./commandList.ts";
import { packageVersion } from "./packageVersion.ts";
import type { Host } from "./Host.ts";

const VALUE_OPTIONS = new Set(["--data"]);

/** @returns the exit code */
export async function runProgram(host: Host): Promise<number> {
  const args = host.argv.slice(2);
  const wanted = findCommandName(args);
  const program = createProgram();
  let exitCode = 0;
  const action: Action =
    (handler) =>
    async (...given) => {
      const { runCommand } = await import("./runCommand.ts");
      exitCode = await runCommand(host, program.opts<GlobalOptions>(), async (cli) => handler(cli, ...given));
    };
  try {
    for (const { name, group, summary, load } of COMMANDS) {
      const command = program.command(name).helpGroup(`${group}:`).description(summary);
      if (name === wanted || wanted === "completion") (await load()).define(command, action);
    }
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const { reportFailure } = await import("./runCommand.ts");
    return reportFailure(host, args, thrown);
  }
}

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
  return new Command("neuronforge")
    .description("LLM agent workflows on a token budget: durable, capped before the call, with a receipt.")
    .option("--json", "one JSON document a line on stdout")
    .option("--data <folder>", "data folder of the embedded database")
    .option("--live", "use model keys found in the environment")
    .option("-q, --quiet", "no talk on stderr")
    .option("--no-color", "no colours (also NO_COLOR)")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .commandsGroup("Operate:")
    .helpCommand("help [command]", "print a command's help")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
}
