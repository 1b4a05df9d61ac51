// `budgets ls|set|topup|reconcile`.
import type { Command } from "commander";
import type { BudgetReport, SystemApi } from "../../systemApi.ts";
import { AppError } from "../../core/errors.ts";
import type { Action, Cli } from "../Cli.ts";
import { parseChoice, parseMoney, parseTokens } from "../input/parseOptions.ts";
import { readUsageRows } from "../input/readUsageRows.ts";
import { showBudgets } from "../text/showBudgets.ts";
import { resolveExecutionId } from "../input/resolveId.ts";

interface AmountOptions {
  readonly usd?: string;
  readonly tokens?: string;
  readonly window?: string;
  readonly onLimit?: string;
}

const SCOPE = "workspace, agent:NAME, tag:NAME, execution:ID";
const WINDOWS = ["total", "day", "month"] as const;

export function define(command: Command, action: Action): void {
  command.command("ls").description("limits, what is spent, what is reserved").action(action(list));
  for (const name of ["set", "topup"] as const) {
    const change = command
      .command(name)
      .description(name === "set" ? "set a hard limit; calls that could pass it do not start" : "add to a limit and wake what waits for it")
      .argument("<scope>", SCOPE)
      .option("--usd <amount>", "in USD, such as 5 or 0.05")
      .option("--tokens <count>", "in tokens, such as 20k")
      .option("--window <window>", "total (default), day or month");
    if (name === "set") change.option("--on-limit <what>", "pause (default) or fail");
    change.action(action(async (cli, scope: string, options: AmountOptions) => (name === "set" ? set : topUp)(cli, scope, options)));
  }
  command
    .command("reconcile")
    .description("correct calls whose usage was never reported, from a provider's export")
    .argument("<file>", "JSON, JSON lines or CSV with attemptId, tokens, usd; - for stdin")
    .action(action(reconcile));
}

async function list(cli: Cli): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const budgets = await api.listBudgets();
    if (cli.output.isJson) cli.output.json(budgets);
    else showBudgets(cli, budgets);
  });
}

async function set(cli: Cli, scope: string, options: AmountOptions): Promise<void> {
  const { onLimit } = options;
  const limits = {
    ...parseAmount(options),
    ...(onLimit === undefined ? {} : { onLimit: parseChoice(onLimit, "--on-limit", ["pause", "fail"]) }),
  };
  await cli.withSystem(async ({ api }) => showOne(cli, await api.setBudget(await resolveScope(api, scope), limits, cli.actor)));
}

async function topUp(cli: Cli, scope: string, options: AmountOptions): Promise<void> {
  const amount = parseAmount(options);
  await cli.withSystem(async ({ api }) => {
    const resolved = await resolveScope(api, scope);
    showOne(cli, await api.topUpBudget(resolved, amount, cli.actor));
    const executionId = /^execution:(.+)$/.exec(resolved)?.[1];
    if (executionId !== undefined) cli.output.talk(`go on with\n  ${cli.commandLine(`executions resume ${executionId}`)}`);
  });
}

function parseAmount({ usd, tokens, window }: AmountOptions) {
  if (usd === undefined && tokens === undefined)
    throw new AppError("USAGE", "an amount is missing", { details: { expected: "--usd AMOUNT, --tokens COUNT or both" } });
  return {
    ...(usd === undefined ? {} : { usd: parseMoney(usd, "--usd") }),
    ...(tokens === undefined ? {} : { tokens: parseTokens(tokens, "--tokens") }),
    ...(window === undefined ? {} : { window: parseChoice(window, "--window", WINDOWS) }),
  };
}

/** `execution:` takes a prefix too; every other scope is the system's to check. */
async function resolveScope(api: SystemApi, scope: string): Promise<string> {
  const prefix = /^execution:(.+)$/.exec(scope)?.[1];
  return prefix === undefined ? scope : `execution:${await resolveExecutionId(api, prefix)}`;
}

function showOne(cli: Cli, budget: BudgetReport): void {
  if (cli.output.isJson) cli.output.json(budget);
  else showBudgets(cli, [budget]);
}

async function reconcile(cli: Cli, file: string): Promise<void> {
  const rows = await readUsageRows(file);
  await cli.withSystem(async ({ api }) => {
    const result = await api.reconcileBudgets(rows, cli.actor);
    if (cli.output.isJson) return cli.output.json(result);
    cli.output.data(`${result.corrected} corrected, ${result.unchanged} unchanged, ${result.stillAssumed.length} still assumed`);
    for (const attemptId of result.stillAssumed) cli.output.data(`  assumed  ${attemptId}`);
  });
}
