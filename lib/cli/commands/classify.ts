// `classify FILE.jsonl|FILE.yaml|-`: what each step is for and what it may hurt. Opens no database, asks no model.
import type { Command } from "commander";
import { IntentClassifier } from "../../orchestration/IntentClassifier.ts";
import type { IntentClassification } from "../../orchestration/types.ts";
import type { Action, Cli } from "../Cli.ts";
import { readSteps } from "../input/readSteps.ts";
import { formatCount } from "../text/amounts.ts";
import type { Column } from "../text/table.ts";

export function define(command: Command, action: Action): void {
  command
    .argument("<file>", "steps as JSON lines, or a workflow (.yaml, .json); - for stdin")
    .addHelpText(
      "after",
      [
        "",
        "A line is a step, or {id, step}. n8n nodes, Dify blocks and GitHub Actions are",
        "read, too.",
        "EFFECT is what the step may hurt: none, read, write, or destructive (deletes,",
        "pays, publishes, sends to people).",
      ].join("\n"),
    )
    .action(action(classify));
}

type Line = { readonly id: string } & IntentClassification;

const COLUMNS: readonly Column<Line>[] = [
  { title: "ID", value: ({ id }) => id, shrinkTo: 8, cutAt: "middle" },
  { title: "INTENT", value: ({ intent }) => intent },
  { title: "EFFECT", value: ({ effect }) => effect },
  { title: "SURE", align: "right", value: ({ confidence }) => `${Math.round(confidence * 100)} %` },
  { title: "TOKENS", align: "right", value: ({ estimatedTokens }) => formatCount(estimatedTokens) },
  { title: "BECAUSE", value: ({ reason }) => reason, shrinkTo: 16 },
];

async function classify(cli: Cli, file: string): Promise<void> {
  const { steps, isWorkflow } = await readSteps(file);
  // Plugins of the engine are looked up for its own workflows only: loading them takes longer than thousands of labels.
  const catalog = isWorkflow ? await (await import("../input/loadCatalog.ts")).loadCatalog(cli) : undefined;
  const classifier = new IntentClassifier();
  const lines: Line[] = steps.map(({ id, step }) => ({ id, ...classifier.classify(step, catalog === undefined ? {} : { catalog }) }));
  if (!cli.output.isJson) return cli.output.table(lines, COLUMNS, `${file} holds no steps`);
  for (const { id, intent, effect, confidence, source, estimatedTokens, compressionRecommended } of lines) {
    cli.output.json({ id, intent, effect, confidence, source, estimatedTokens, compressionRecommended });
  }
}
