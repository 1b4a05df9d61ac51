// `agents memory`: the switch, what is remembered, and forgetting. A part of `agents`.
import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import type { MemoryApi, MemoryMode, MemoryReport } from "../../memoryApi.ts";
import type { Action, Cli } from "../Cli.ts";
import { shortId } from "../input/resolveId.ts";
import { usage } from "../input/parseOptions.ts";
import { formatCount, formatWhen } from "../text/amounts.ts";
import type { Column } from "../text/table.ts";

interface MemoryOptions {
  readonly set?: string;
  readonly user?: string;
  readonly forget?: string;
  readonly yes?: boolean;
}

const MODES: readonly MemoryMode[] = ["off", "on", "user"];

export function defineMemory(command: Command, action: Action): void {
  command
    .command("memory")
    .description("what an agent remembers, or what is kept about a person")
    .argument("[agent]", "name or id; not with --user")
    .option("--set <mode>", "off; on: what executions came to; user: also facts about the person")
    .option("--user <id>", "everything about this person, across agents")
    .option("--forget <id|all>", "remove one memory, or all of them, for good")
    .option("--yes", "forget without asking")
    .addHelpText("after", "\nWith --json the list is an export: every text in full.")
    .action(action(memory));
}

async function memory(cli: Cli, agent: string | undefined, options: MemoryOptions): Promise<void> {
  const of = whose(agent, options.user);
  if (options.set !== undefined && options.forget !== undefined)
    throw usage("one thing at a time", "agents memory", "--set or --forget", "both");
  if (options.set !== undefined) return set(cli, of, options.set);
  if (options.forget !== undefined) return forget(cli, of, { what: options.forget, isSure: options.yes === true });
  return list(cli, of);
}

type Whose = { readonly agent: string } | { readonly userId: string };

function whose(agent: string | undefined, userId: string | undefined): Whose {
  if (agent !== undefined && userId === undefined) return { agent };
  if (agent === undefined && userId !== undefined) return { userId };
  throw usage("whose memory?", "agents memory", "an agent, or --user ID", agent === undefined ? "neither" : "both");
}

async function set(cli: Cli, of: Whose, mode: string): Promise<void> {
  const known = MODES.find((one) => one === mode);
  if (known === undefined) throw usage("no such mode of memory", "--set", MODES.join(" | "), mode);
  if (!("agent" in of)) throw usage("the switch is an agent's", "--set", "an agent", "--user");
  await cli.withSystem(async ({ api }) => {
    const agent = await api.setAgentMemory(of.agent, known, cli.actor);
    if (cli.output.isJson) return cli.output.json(agent);
    cli.output.data(`memory of ${agent.name}: ${agent.memory}`);
  });
}

async function forget(cli: Cli, of: Whose, { what, isSure }: { readonly what: string; readonly isSure: boolean }): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    if (!isSure) {
      const count = what === "all" ? await countAll(api, of) : 1;
      throw new AppError("USAGE", `${formatCount(count)} would be forgotten for good`, { hint: "confirm with --yes" });
    }
    const result = await api.forgetMemories(what === "all" ? of : oneOf(of, what), cli.actor);
    if (cli.output.isJson) return cli.output.json(result);
    cli.output.data(`forgotten: ${counted(result.memories, "memory", "memories")}, ${counted(result.facts, "fact", "facts")}`);
  });
}

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

async function countAll(api: MemoryApi, of: Whose): Promise<number> {
  const { memories, facts } = await api.listMemories(of);
  return memories.length + facts.length;
}

/** A memory's id, or the first characters of exactly one. */
function oneOf(of: Whose, memoryId: string): { readonly agent: string; readonly memoryId: string } {
  if ("agent" in of) return { ...of, memoryId };
  throw usage("of a person all is forgotten", "--forget", "all", memoryId);
}

async function list(cli: Cli, of: Whose): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const report = await api.listMemories(of);
    if (cli.output.isJson) return cli.output.json(report);
    cli.output.table(report.memories, columns(cli.clock.nowMs()), "nothing is remembered");
    if (!("userId" in of)) return;
    cli.output.data("");
    cli.output.table(report.facts, FACT_COLUMNS, "no facts are kept");
  });
}

function columns(nowMs: number): readonly Column<MemoryReport["memories"][number]>[] {
  return [
    { title: "ID", value: ({ id }) => shortId(id) },
    { title: "WHEN", value: ({ at }) => formatWhen(at, nowMs) },
    { title: "STATUS", value: ({ status }) => status },
    { title: "WEIGHT", align: "right", value: ({ importance }) => importance.toFixed(2) },
    { title: "SUMMARY", value: ({ summary }) => summary, shrinkTo: 20 },
  ];
}

const FACT_COLUMNS: readonly Column<MemoryReport["facts"][number]>[] = [
  { title: "KEY", value: ({ key }) => key, shrinkTo: 10 },
  { title: "VALUE", value: ({ value }) => value, shrinkTo: 20 },
  { title: "TYPE", value: ({ type }) => type },
  { title: "SURE", align: "right", value: ({ confidence }) => confidence.toFixed(2) },
  { title: "TOLD", align: "right", value: ({ usageCount }) => formatCount(usageCount) },
];
