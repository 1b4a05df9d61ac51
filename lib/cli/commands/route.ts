// `route FILE.jsonl|-`: which tier and model a step of an agent would be sent to, and why. Opens no database, calls no model.
import type { Command } from "commander";
import { printable } from "../text/textWidth.ts";
import { AISRouter } from "../../orchestration/AISRouter.ts";
import { decideRoute } from "../../orchestration/routing/decideRoute.ts";
import { explainRoute } from "../../orchestration/routing/explainRoute.ts";
import { parseTierTables } from "../../orchestration/routing/tierTables.ts";
import type { RouteDecision } from "../../orchestration/routing/types.ts";
import type { Action, Cli } from "../Cli.ts";
import { readRoutes, type RouteLine } from "../input/readRoutes.ts";
import { readText } from "../input/readWorkflowFile.ts";
import type { Column } from "../text/table.ts";

interface RouteOptions {
  readonly explain?: boolean;
  readonly full?: boolean;
  readonly tiers?: string;
}

export function define(command: Command, action: Action): void {
  command
    .argument("<file>", "a JSON line for each step to be routed; - for stdin")
    .option("--explain", "how each decision came about")
    .option("--full", "with --json: whole decisions, with what they were made from")
    .option("--tiers <file>", "tier tables to use in place of the shipped ones")
    .addHelpText(
      "after",
      `
A line is {"id", "agent": {"ais", "model"?, "preference"?, "history"?}, "step"}.
An agent intensity score below 5 leads to the fast tier, below 7.5 to the balanced
one, else to the capable one. Keys, prices and health are an installation's own and
are not looked at here. A line that holds a stored decision (--full) is decided again
from its inputs.`,
    )
    .action(action(route));
}

type Line = { readonly id: string } & RouteDecision;

const COLUMNS: readonly Column<Line>[] = [
  { title: "ID", value: ({ id }) => id, shrinkTo: 8, cutAt: "middle" },
  { title: "TIER", value: ({ tier }) => tier },
  { title: "MODEL", value: ({ model }) => model },
  { title: "BECAUSE", value: ({ reason }) => reason, shrinkTo: 16 },
];

async function route({ output }: Cli, file: string, { explain = false, full = false, tiers }: RouteOptions): Promise<void> {
  const lines = await readRoutes(file);
  const { tables, warnings } = parseTierTables(tiers === undefined ? undefined : await readText(tiers));
  for (const warning of warnings) output.talk(printable(warning));
  const router = new AISRouter({ tables });
  const routed = lines.map((line): Line => ({ id: line.id, ...decide(line, router) }));
  for (const [index, line] of lines.entries()) tellDifference(line, routed[index], output);
  if (output.isJson) {
    for (const decision of routed) output.json(full ? decision : shortForm(decision, explain));
    return;
  }
  if (!explain) return output.table(routed, COLUMNS, `${file} holds no steps`);
  for (const { id, ...decision } of routed) output.value(`${id}\n${explainRoute(decision)}\n`);
}

function decide(line: RouteLine, router: AISRouter): RouteDecision {
  return line.kind === "replay" ? decideRoute(line.inputs) : router.route(line.agent, line.step);
}

function shortForm({ id, ...decision }: Line, explain: boolean): object {
  const { tier, model, reason } = decision;
  return { id, tier, model, reason, ...(explain ? { explanation: explainRoute(decision) } : {}) };
}

/** A decision that comes out otherwise was changed, or made by another version. */
function tellDifference(line: RouteLine, now: Line | undefined, output: Cli["output"]): void {
  if (line.kind !== "replay" || now === undefined) return;
  const { tier, model } = line.stored;
  if ((tier !== null && tier !== now.tier) || (model !== null && model !== now.model))
    output.talk(printable(`${line.id} was stored as ${tier ?? "?"} ${model ?? "?"} and is now ${now.tier} ${now.model}`));
}
