// `agents ls|show|memory`.
import type { Command } from "commander";
import type { AgentReport } from "../../systemApi.ts";
import { formatCount, formatTokens, formatWhen } from "../text/amounts.ts";
import { defineMemory } from "./agentMemory.ts";
import type { Action, Cli } from "../Cli.ts";
import { showValue } from "../followExecution.ts";
import type { Column } from "../text/table.ts";

export function define(command: Command, action: Action): void {
  command.command("ls").description("stored agents").action(action(list));
  command.command("show").description("an agent and its workflow").argument("<name>", "name or id").action(action(show));
  defineMemory(command, action);
}

async function list(cli: Cli): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const agents = await api.listAgents();
    if (cli.output.isJson) return cli.output.json(agents);
    cli.output.table(agents, columns(cli.clock.nowMs()), "no agents yet: `run FILE` stores one");
  });
}

function columns(nowMs: number): readonly Column<AgentReport>[] {
  return [
    { title: "NAME", value: ({ name }) => name, shrinkTo: 14 },
    { title: "STATUS", value: ({ status }) => status },
    { title: "PLANNED", align: "right", value: ({ tokenLimit }) => formatCount(tokenLimit) },
    { title: "ORCHESTRATION", value: ({ orchestration }) => orchestration ?? "by flag" },
    { title: "MEMORY", value: ({ memory }) => memory },
    { title: "EXECUTIONS", align: "right", value: ({ executions }) => formatCount(executions) },
    { title: "CREATED", value: ({ createdAt }) => formatWhen(createdAt, nowMs) },
  ];
}

async function show(cli: Cli, name: string): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const agent = await api.showAgent(name);
    if (cli.output.isJson) return cli.output.json(agent);
    cli.output.facts([
      ["agent", agent.name],
      ["id", agent.id],
      ["source", agent.source],
      ["status", agent.status],
      ["planned", `${formatTokens(agent.tokenLimit)} an execution`],
      ["orchestration", agent.orchestration ?? "by flag"],
      ["memory", agent.memory],
      ["executions", formatCount(agent.executions)],
      ["created", `${agent.createdAt} (${formatWhen(agent.createdAt, cli.clock.nowMs())})`],
    ]);
    cli.output.data(`\n${cli.output.paint("dim", "workflow")}`);
    showValue(cli, agent.definition);
  });
}
