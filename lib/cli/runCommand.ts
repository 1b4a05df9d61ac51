// Carries one command out: output, signals, exit code. What a command does stands in commands/.
import { userInfo } from "node:os";
import path from "node:path";
import type { CommanderError } from "commander";
import { systemClock } from "../core/clock.ts";
import { ERROR_CATALOGUE } from "../core/errorCatalogue.ts";
import { AppError, asAppError, toErrorRecord } from "../core/errors.ts";
import { INTERRUPTED_EXIT_CODE, type Cli, type GlobalOptions } from "./Cli.ts";
import type { Host } from "./Host.ts";
import { Output } from "./output.ts";
import type { SharedSystem } from "./socket/SharedSystem.ts";
import { within } from "./socket/within.ts";

/** Closing hands held executions over; a database that hangs must not keep a person from leaving. */
const CLOSE_TIMEOUT_MS = 5_000;

export async function runCommand(host: Host, options: GlobalOptions, work: (cli: Cli) => Promise<number | void>): Promise<number> {
  const output = createOutput(host, options);
  const interrupt = new AbortController();
  const opened = new Set<SharedSystem>();
  let isHandled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interrupt.signal.aborted) host.exit(INTERRUPTED_EXIT_CODE);
    interrupt.abort(new AppError("EXECUTION_CANCELLED", `interrupted by ${signal}`));
  };
  host.on("SIGINT", onSignal);
  host.on("SIGTERM", onSignal);
  const cli: Cli = {
    output,
    options,
    env: host.env,
    clock: systemClock,
    interrupted: interrupt.signal,
    handlesInterrupt: () => {
      isHandled = true;
    },
    actor: actorName(),
    commandLine: (rest) => commandLine(host, options, rest),
    withSystem: async (work) => {
      const { openSystem } = await import("./openSystem.ts");
      const system = await openSystem(cli);
      opened.add(system);
      try {
        return await work(system);
      } finally {
        await system.close();
        opened.delete(system);
      }
    },
  };
  try {
    const exitCode = (await Promise.race([work(cli), rejectWhen(interrupt.signal, () => !isHandled)])) ?? 0;
    await output.flush();
    return exitCode;
  } catch (thrown) {
    if (interrupt.signal.aborted) {
      await within(systemClock, CLOSE_TIMEOUT_MS, Promise.allSettled([...opened].map(async (system) => system.close())));
      await output.flush();
      return host.exit(INTERRUPTED_EXIT_CODE);
    }
    return await fail(output, asAppError(thrown));
  } finally {
    host.off("SIGINT", onSignal);
    host.off("SIGTERM", onSignal);
  }
}

function rejectWhen(signal: AbortSignal, isWanted: () => boolean): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => isWanted() && reject(asAppError(signal.reason)), { once: true });
  });
}

/** A wrong command line, or a fault before the command began. */
export async function reportFailure(host: Host, args: readonly string[], thrown: unknown): Promise<number> {
  const options: GlobalOptions = { json: args.includes("--json"), color: !args.includes("--no-color") };
  return fail(createOutput(host, options), isCommanderError(thrown) ? toUsageError(thrown) : asAppError(thrown));
}

async function fail(output: Output, error: AppError): Promise<number> {
  output.error(toErrorRecord(error));
  await output.flush();
  return ERROR_CATALOGUE[error.code].exitCode;
}

function createOutput(host: Host, options: GlobalOptions): Output {
  return new Output({
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    isJson: options.json === true,
    isQuiet: options.quiet === true,
    mayColor: options.color !== false,
  });
}

function isCommanderError(thrown: unknown): thrown is CommanderError {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" && thrown.code.startsWith("commander.");
}

function toUsageError(error: CommanderError): AppError {
  // Commander's help for a group without a subcommand goes to stderr by itself; only the exit code is left to us.
  const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const guess = /\(Did you mean (.+)\?\)/.exec(rest.join(" "))?.[1];
  if (error.code === "commander.help") return new AppError("USAGE", "a subcommand is missing", { hint: "see the list above" });
  return new AppError("USAGE", message, guess === undefined ? {} : { hint: `did you mean ${guess}?` });
}

function actorName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run under a user id that has no name.
    return "cli";
  }
}

/** As the person would type it: through npm in a checkout, by name when installed. */
function commandLine(host: Host, options: GlobalOptions, rest: string): string {
  const script = host.argv[1] ?? "";
  const isCheckout = script.endsWith(".ts");
  const base = !isCheckout
    ? "neuronforge"
    : host.env["npm_lifecycle_event"] === undefined
      ? `node ${path.relative(host.cwd(), script)}`
      : "npm run --silent neuronforge --";
  const data = options.data === undefined ? "" : ` --data ${quote(options.data)}`;
  return `${base} ${rest}${data}`;
}

function quote(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
