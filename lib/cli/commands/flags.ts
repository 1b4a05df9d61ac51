// `flags ls|set`.
import type { Command } from "commander";
import type { JsonValue } from "../../core/json.ts";
import type { Action, Cli } from "../Cli.ts";
import { parseValue } from "../input/parseOptions.ts";

export function define(command: Command, action: Action): void {
  command.command("ls").description("every flag and its value").action(action(list));
  command
    .command("set")
    .description("change a flag, for executions that start from now on")
    .argument("<key>", "such as intent_classification_enabled")
    .argument("<value>", 'off, observe, on, or JSON such as {"percentage": 25}')
    .action(action(set));
}

async function list(cli: Cli): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const flags = await api.listFlags();
    if (cli.output.isJson) return cli.output.json(flags);
    cli.output.table(
      flags,
      [
        { title: "FLAG", value: ({ key }) => key },
        { title: "VALUE", value: ({ value }) => describeFlag(value), shrinkTo: 12 },
        { title: "", value: ({ description }) => description ?? "", shrinkTo: 10 },
      ],
      "no flags",
    );
  });
}

async function set(cli: Cli, key: string, text: string): Promise<void> {
  const value = text === "on" ? true : text === "off" ? false : parseValue(text);
  await cli.withSystem(async ({ api }) => {
    await api.setFlag(key, value, cli.actor);
    if (cli.output.isJson) cli.output.json({ key, value });
    else cli.output.data(`${key} is ${describeFlag(value)}`);
  });
}

function describeFlag(value: JsonValue): string {
  if (value === true) return "on";
  if (value === false) return "off";
  return typeof value === "string" ? value : JSON.stringify(value);
}
