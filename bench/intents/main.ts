// `npm run bench:intents [-- --data DIR] [--json] [--errors N]`: how often labels are right, unsafe and fast. README.md says how to read it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { IntentClassifier } from "../../lib/orchestration/IntentClassifier.ts";
import { printRows, row, type Row } from "../measure.ts";
import { byLexicon, byStepType } from "./baselines.ts";
import { readJudgedTools, readLabelledSteps, readTools, readWorkflows } from "./readData.ts";
import { isRight, scoreSteps, scoreTools, wilsonLowerBound, type LabelledStep, type StepScore } from "./score.ts";
import { measureTimes } from "./times.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, data: { type: "string" }, errors: { type: "string", default: "0" } },
});
const folder = options.data ?? join(import.meta.dirname, "../../../shared/data");
const classifier = new IntentClassifier();
const classify = (step: object) => classifier.classify(step);
const own = readLabelledSteps(join(import.meta.dirname, "ownSteps.jsonl"));
const steps = existsSync(join(folder, "intents.jsonl")) ? readLabelledSteps(join(folder, "intents.jsonl")) : null;
const tools = existsSync(join(folder, "mcp-tools")) ? readTools(join(folder, "mcp-tools")) : null;
const workflows = existsSync(join(folder, "workflows")) ? readWorkflows(join(folder, "workflows")) : null;

const score = steps === null ? null : scoreSteps(steps, classify);
const lexicon = steps === null ? null : scoreSteps(steps, byLexicon);
const toolScore = tools === null ? null : scoreTools(tools, (tool) => classifier.classifyTool(tool));
// Times need no labels: the project's own steps stand in where the data is missing.
const times = measureTimes(
  (steps ?? own).map(({ step }) => step),
  classify,
);

const rows: Row[] = [
  row("accuracy", score?.accuracy ?? null, "share", { goal: ">= 0.97", baseline: lexicon?.accuracy ?? null }),
  row("accuracy_strict", score?.strict ?? null, "share", { baseline: lexicon?.strict ?? null }),
  row("macro_f1", score?.macroF1 ?? null, "share", { baseline: lexicon?.macroF1 ?? null }),
  row("unsafe_reads", toolScore?.unsafeReads ?? null, "tools", { goal: "<= 0" }),
  row("reads_found", toolScore?.readsFound ?? null, "share", { goal: ">= 0.9" }),
  row("send_as_read", score?.sendAsRead ?? null, "steps", { goal: "<= 0", baseline: lexicon?.sendAsRead ?? null }),
  row("classify_ms_p99", times.p99Ms, "ms", { goal: "<= 1" }),
  row("classify20_ms", times.twentyMs, "ms", { goal: "<= 1" }),
];
printRows("intents", rows, options.json);
if (!options.json) {
  if (steps !== null && score !== null && lexicon !== null) {
    say(`labelled steps`, score);
    say(`  by the lexicon of verbs alone`, lexicon);
    say(`  by the step's type alone`, scoreSteps(steps, byStepType));
  }
  say(`own steps, not trained on`, scoreSteps(own, classify));
  const ownTools = readJudgedTools(join(import.meta.dirname, "ownTools.jsonl"));
  const { unsafeReads, readsFound } = scoreTools(ownTools, (tool) => classifier.classifyTool(tool));
  process.stdout.write(
    `own tools: ${ownTools.length}, ${unsafeReads} that write taken for readers, ${percent(readsFound)} of the readers found\n`,
  );
  if (workflows !== null) say(`steps of whole workflows`, scoreSteps(workflows, classify));
  process.stdout.write(`median of one step ${times.medianMs.toFixed(4)} ms\n`);
  for (const wrong of listErrors([...(steps ?? []), ...own, ...(workflows ?? [])]).slice(0, Number(options.errors)))
    process.stdout.write(`${wrong}\n`);
}

function say(what: string, { count, accuracy, strict, strictCount, macroF1 }: StepScore): void {
  const bound = wilsonLowerBound(accuracy, count);
  process.stdout.write(
    `${what}: ${count} steps, ${percent(accuracy)} (95 % lower bound ${percent(bound)}), ${percent(strict)} of ${strictCount} without alternative, macro-F1 ${percent(macroF1)}\n`,
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function listErrors(labelled: readonly LabelledStep[]): readonly string[] {
  return labelled
    .map((one) => ({ one, given: classify(one.step) }))
    .filter(({ one, given }) => !isRight(one, given.intent))
    .map(({ one, given }) => `${one.id} is ${one.label}, labelled ${given.intent} (${given.source}, ${given.confidence}): ${given.reason}`);
}
