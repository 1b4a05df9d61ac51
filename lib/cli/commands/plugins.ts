// `plugins ls [NAME]`.
import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { SystemApi } from "../../systemApi.ts";
import type { Action, Cli } from "../Cli.ts";

type Plugin = Awaited<ReturnType<SystemApi["listPlugins"]>>[number];

export function define(command: Command, action: Action): void {
  command
    .command("ls")
    .description("plugins; with a name, its actions and their parameters")
    .argument("[name]")
    .option("--refresh", "ask MCP servers for their tools anew")
    .action(action(list));
}

async function list(cli: Cli, name: string | undefined, { refresh }: { readonly refresh?: boolean }): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const plugins = await api.listPlugins({ refresh: refresh === true });
    if (name !== undefined) return showOne(cli, plugins, name);
    if (cli.output.isJson) return cli.output.json(plugins);
    cli.output.table(
      plugins,
      [
        { title: "PLUGIN", value: (plugin) => plugin.name },
        { title: "VERSION", value: ({ version }) => version },
        { title: "ACTIONS", value: ({ actions }) => actions.map((action) => action.name).join(", "), shrinkTo: 20 },
        { title: "", value: ({ description }) => description, shrinkTo: 16 },
      ],
      "no plugins",
    );
  });
}

function showOne(cli: Cli, plugins: readonly Plugin[], name: string): void {
  const plugin = plugins.find((candidate) => candidate.name === name);
  if (plugin === undefined)
    throw new AppError("PLUGIN_UNKNOWN", `there is no plugin named ${JSON.stringify(name)}`, {
      details: { expected: plugins.map((known) => known.name).join(", ") },
    });
  if (cli.output.isJson) return cli.output.json(plugin);
  cli.output.data(`${cli.output.paint("bold", plugin.name)} ${plugin.version}: ${plugin.description}`);
  for (const action of plugin.actions) {
    cli.output.data(
      `\n${cli.output.paint("bold", `${plugin.name}.${action.name}`)} (${action.effect})${action.description === "" ? "" : `\n  ${action.description}`}`,
    );
    cli.output.table(
      describeParams(action.params),
      [
        { title: "  PARAMETER", value: ({ label }) => `  ${label}` },
        { title: "TYPE", value: ({ type }) => type },
        { title: "", value: ({ description }) => description, shrinkTo: 20 },
      ],
      "  no parameters",
    );
  }
}

function describeParams(schema: JsonObject): { readonly label: string; readonly type: string; readonly description: string }[] {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as readonly string[]) : []);
  return Object.entries(properties).map(([name, property]) => {
    const { type, description, enum: choices } = isJsonObject(property) ? property : {};
    const kind = Array.isArray(choices)
      ? choices.join(" | ")
      : Array.isArray(type)
        ? type.join(" | ")
        : typeof type === "string"
          ? type
          : "any";
    return { label: required.has(name) ? `${name} *` : name, type: kind, description: typeof description === "string" ? description : "" };
  });
}
