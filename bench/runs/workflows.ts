// saved_percent.workflows, saved_percent.verbose, saved_usd_percent, limit_stops_ratio: whole executions with governance off against on.
import type { JsonObject } from "../../lib/core/json.ts";
import type { ExecutionReport } from "../../lib/systemApi.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { loadAgents, type Agent } from "../../tests/regression/corpus.ts";
import { RecordingSystem, type CopiedFile } from "../../tests/regression/RecordingSystem.ts";
import type { AgentClass } from "../../tests/regression/Trace.ts";
import { row, type Row } from "../measure.ts";
import { EXAMPLE_FILES, loadExamples } from "./exampleAgents.ts";
import { tightAgents } from "./tightAgents.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };

interface Compared {
  readonly name: string;
  readonly class: AgentClass;
  readonly off: ExecutionReport;
  readonly on: ExecutionReport;
}

/**
 * The hundred agents of the regression corpus and the examples: the model answers from the instruction alone, so that both
 * arms get the same answers; tokens of input and output, all calls, counted by o200k.
 */
export async function workflowRows({ note }: { readonly note: (text: string) => void }): Promise<Row[]> {
  const agents = await compareAgents(await loadAgents());
  const examples = await compareAgents(await loadExamples(), EXAMPLE_FILES);
  const all = [...agents, ...examples];
  for (const one of asking(all)) note(`${one.name.padEnd(32)} ${one.class.padEnd(13)} ${tellSaving(one)}`);
  note(`${asking(agents).length} of ${agents.length} agents and ${asking(examples).length} of ${examples.length} examples ask a model`);
  for (const { name, off, on } of all) {
    if (off.status !== on.status) note(`${name} ends differently: ${tellEnd(off)} with flags off, ${tellEnd(on)} with flags on`);
  }
  note(`agents alone:   ${tellMeans(agents)}`);
  note(`examples alone: ${tellMeans(examples)}`);
  const stops = await compareAgents(tightAgents());
  const [off, on] = [stops.filter((one) => isStopped(one.off)).length, stops.filter((one) => isStopped(one.on)).length];
  note(`${stops.length} agents built to hit limits: ${off} stopped with flags off, ${on} with flags on`);
  const { tokens, verboseTokens, usd } = meansOf(all);
  return [
    row("saved_percent.workflows", tokens, "%", { goal: ">= 30" }),
    row("saved_percent.verbose", verboseTokens, "%", { goal: ">= 50" }),
    row("saved_usd_percent", usd, "%", { goal: ">= 30" }),
    row("limit_stops_ratio", off === 0 ? null : on / off, "x", { goal: "<= 0.2", baseline: 1 }),
  ];
}

async function compareAgents(agents: readonly Agent[], files: readonly CopiedFile[] = []): Promise<Compared[]> {
  const off = await runAll(agents, {}, files);
  const on = await runAll(agents, ON, files);
  return agents.flatMap((agent) => {
    const [without, governed] = [off.get(agent.name), on.get(agent.name)];
    return without === undefined || governed === undefined ? [] : [{ name: agent.name, class: agent.class, off: without, on: governed }];
  });
}

async function runAll(
  agents: readonly Agent[],
  flags: JsonObject,
  files: readonly CopiedFile[],
): Promise<ReadonlyMap<string, ExecutionReport>> {
  const counter = await TokenCounter.load();
  await using system = await RecordingSystem.open({ flags, seedSource: "instruction", counter, files });
  return await system.report(agents);
}

function asking(compared: readonly Compared[]): Compared[] {
  return compared.filter(({ off }) => (off.tokens.used ?? 0) > 0);
}

/** In percent, over those that ask a model. */
function meansOf(compared: readonly Compared[]): { readonly tokens: number; readonly verboseTokens: number; readonly usd: number } {
  const all = asking(compared);
  const verbose = all.filter((one) => one.class === "verbose");
  return {
    tokens: mean(all.map(savedTokens)) * 100,
    verboseTokens: mean(verbose.map(savedTokens)) * 100,
    usd: mean(all.flatMap(savedUsd)) * 100,
  };
}

function tellMeans(compared: readonly Compared[]): string {
  const { tokens, verboseTokens, usd } = meansOf(compared);
  return `mean saving ${tokens.toFixed(1)} % of tokens, ${verboseTokens.toFixed(1)} % where verbose, ${usd.toFixed(1)} % in USD`;
}

function tellEnd({ status, error }: ExecutionReport): string {
  return error === null ? status : `${status} (${error.code})`;
}

function savedTokens({ off, on }: Compared): number {
  const before = off.tokens.used ?? 0;
  return before === 0 ? 0 : 1 - (on.tokens.used ?? 0) / before;
}

/** Nothing where a price is unknown. */
function savedUsd({ off, on }: Compared): number[] {
  return off.costUsd === null || on.costUsd === null || off.costUsd === 0 ? [] : [1 - on.costUsd / off.costUsd];
}

function tellSaving(one: Compared): string {
  const { off, on } = one;
  return `${String(off.tokens.used).padStart(7)} → ${String(on.tokens.used).padStart(7)} tokens, ${(savedTokens(one) * 100).toFixed(1).padStart(5)} %`;
}

/** By a limit on tokens or money, or because a prompt did not fit its model. */
function isStopped({ status, waitingFor, error }: ExecutionReport): boolean {
  return (status === "waiting" && waitingFor === "budget") || error?.code === "BUDGET_EXCEEDED" || error?.code === "CONTEXT_OVERFLOW";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
