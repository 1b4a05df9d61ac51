// `connections set NAME --from-env VAR | ls`. A secret is never on the command line: shells keep histories.
import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import { formatWhen } from "../text/amounts.ts";
import type { Action, Cli } from "../Cli.ts";

export function define(command: Command, action: Action): void {
  command
    .command("set")
    .description("store a secret, encrypted, under a name that workflows may use")
    .argument("<name>")
    .requiredOption("--from-env <variable>", "environment variable that holds the secret")
    .option("--accept-lost", "store it although the key of other connections is lost")
    .action(action(set));
  command.command("ls").description("names of stored connections; never their secrets").action(action(list));
}

interface SetOptions {
  readonly fromEnv: string;
  readonly acceptLost?: boolean;
}

async function set(cli: Cli, name: string, { fromEnv, acceptLost }: SetOptions): Promise<void> {
  const secret = cli.env[fromEnv];
  if (secret === undefined || secret === "") {
    throw new AppError("USAGE", `the environment variable ${fromEnv} is ${secret === undefined ? "not set" : "empty"}`, {
      details: { field: "--from-env", expected: "the NAME of a variable that holds the secret" },
    });
  }
  await cli.withSystem(async ({ api }) => {
    await api.setConnection(name, secret, cli.actor, { acceptLost: acceptLost === true });
    if (cli.output.isJson) cli.output.json({ name });
    else cli.output.data(`connection ${name} is stored`);
  });
}

async function list(cli: Cli): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const connections = await api.listConnections();
    if (cli.output.isJson) return cli.output.json(connections);
    cli.output.table(
      connections,
      [
        { title: "NAME", value: ({ name }) => name },
        { title: "CHANGED", value: ({ updatedAt }) => formatWhen(updatedAt, cli.clock.nowMs()) },
      ],
      "no connections are stored",
    );
  });
}
