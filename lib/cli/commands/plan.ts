// `plan FILE|AGENT`: what each step would cost, without a model call.
import type { Command } from "commander";
import type { PlanReport, PlanStep, RunRequest } from "../../systemApi.ts";
import { loadCliConfig } from "../openSystem.ts";
import { formatCount, formatUsd, shortModel } from "../text/amounts.ts";
import type { Action, Cli } from "../Cli.ts";
import type { Column } from "../text/table.ts";
import { buildRequest, type RunOptions } from "./run.ts";
import { collect } from "../input/parseOptions.ts";

export function define(command: Command, action: Action): void {
  command
    .argument("<file|agent>", "workflow file, - for stdin, or a stored agent")
    .option("--as <model>", "price an offline workflow as if on this model")
    .option("--input <name=value>", "one input: sizes become better known (repeatable)", collect)
    .option("--inputs <json|@file>", "all inputs as a JSON object, or @file.json")
    .action(action(plan));
}

const COLUMNS: readonly Column<PlanStep>[] = [
  { title: "STEP", value: ({ path }) => path, shrinkTo: 10, cutAt: "middle" },
  { title: "INTENT", value: ({ intent }) => intent ?? "" },
  { title: "EFFECT", value: ({ effect }) => effect ?? "" },
  { title: "MODEL", value: ({ model }) => shortModel(model), shrinkTo: 8 },
  {
    title: "CALLS",
    align: "right",
    value: ({ calls }) => (calls.max === calls.min ? formatCount(calls.min) : `${calls.min}–${calls.max ?? "?"}`),
  },
  {
    title: "TOKENS",
    align: "right",
    value: ({ envelope, calls }) =>
      envelope.q10 === null || envelope.q90 === null
        ? calls.max === 0
          ? "0"
          : "?"
        : `${formatCount(envelope.q10)}–${formatCount(envelope.q90)}`,
  },
  { title: "AT MOST", align: "right", value: ({ costUsd }) => (costUsd === null ? "?" : formatUsd(costUsd)) },
];

async function plan(cli: Cli, target: string, options: RunOptions): Promise<void> {
  const request = await buildRequest(target, options);
  const report = request.agent === undefined ? await planOfFile(cli, request) : await cli.withSystem((system) => system.api.plan(request));
  if (cli.output.isJson) cli.output.json(report);
  else show(cli, report);
}

/** Opens no database: a file can be planned where none is, and while another process holds the data folder. */
async function planOfFile(cli: Cli, request: RunRequest): Promise<PlanReport> {
  const [{ planFile }, config] = await Promise.all([import("../../system/planFile.ts"), loadCliConfig(cli)]);
  return planFile(config, request, cli.clock);
}

/** Eight executions in ten lie between the first figure and the last. */
function expected({ envelope, envelopeUsd, samples }: PlanReport["total"]): string {
  if (envelope.q10 === null || envelope.q90 === null) return "unknown";
  const usd =
    envelopeUsd.q10 === null || envelopeUsd.q90 === null ? "" : `, ${formatUsd(envelopeUsd.q10)} to ${formatUsd(envelopeUsd.q90)}`;
  const source = samples === 0 ? "typical figures, nothing measured yet" : `${formatCount(samples)} earlier executions`;
  return `${formatCount(envelope.q10)} to ${formatCount(envelope.q90)} tokens${usd} (${source})`;
}

function show({ output }: Cli, { workflow, model, pricedAs, steps, total }: PlanReport): void {
  output.table(steps, COLUMNS, "the workflow has no steps");
  const calls =
    total.calls === null ? "an unknown number of calls" : `${formatCount(total.calls)} model ${total.calls === 1 ? "call" : "calls"}`;
  const tokens = total.tokens === null ? "unknown tokens" : `${formatCount(total.tokens)} tokens`;
  const cost = total.costUsd === null ? "cost unknown" : formatUsd(total.costUsd);
  output.data(`${output.paint("bold", "expected")} ${expected(total)}`);
  output.data(`${output.paint("bold", "at most")} ${calls}, ${tokens}, ${cost}`);
  output.talk(
    `${workflow} on model ${model}${pricedAs === null ? "" : `, priced as if on ${pricedAs}`}. "?": only the execution will know.`,
  );
}
