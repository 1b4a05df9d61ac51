// `route FILE.jsonl|-`: which tier and model a step of an agent would be sent to, and why. Opens no database, calls no model.
import type { Command } from "commander";
import { AISRouter } from "../../orchestration/AISRouter.ts";
import { explainRoute } from "../../orchestration/routing/explainRoute.ts";
import { parseTierTables } from "../../orchestration/routing/tierTables.ts";
import type { RouteDecision } from "../../orchestration/routing/types.ts";
import type { Action, Cli } from "../Cli.ts";
import { readRoutes } from "../input/readRoutes.ts";
import { readText } from "../input/readWorkflowFile.ts";
import type { Column } from "../text/table.ts";

interface RouteOptions {
  readonly explain?: boolean;
  readonly tiers?: string;
}

export function define(command: Command, action: Action): void {
  command
    .argument("<file>", "a JSON line for each step to be routed; - for stdin")
    .option("--explain", "how each decision came about")
    .option("--tiers <file>", "tier tables to use in place of the shipped ones")
    .addHelpText(
      "after",
      `
A line is {"id", "agent": {"ais", "model"?, "preference"?, "history"?}, "step"}.
An agent intensity score below 5 leads to the fast tier, below 7.5 to the balanced
one, else to the capable one. Keys, prices and health are an installation's own and
are not looked at here.`,
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

async function route({ output }: Cli, file: string, { explain = false, tiers }: RouteOptions): Promise<void> {
  const lines = await readRoutes(file);
  const { tables, warnings } = parseTierTables(tiers === undefined ? undefined : await readText(tiers));
  for (const warning of warnings) output.talk(warning);
  const router = new AISRouter({ tables });
  const routed = lines.map(({ id, agent, step }): Line => ({ id, ...router.route(agent, step) }));
  if (output.isJson) {
    for (const { id, tier, model, reason, ...decision } of routed) {
      const explanation = explain ? { explanation: explainRoute({ tier, model, reason, ...decision }) } : {};
      output.json({ id, tier, model, reason, ...explanation });
    }
    return;
  }
  if (!explain) return output.table(routed, COLUMNS, `${file} holds no steps`);
  for (const { id, ...decision } of routed) output.value(`${id}\n${explainRoute(decision)}\n`);
}
