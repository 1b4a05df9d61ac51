// `npm run bench:routing [-- --data DIR] [--json]`: how well routes rank what needs the strong model, and how fast. README.md says how to read it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import { printRows, row } from "../measure.ts";
import { meanScore, scoreRanking, type CurveScore } from "./curve.ts";
import { measureDecision } from "./decisionTime.ts";
import { readOutcomes, type JudgedPrompt } from "./outcomes.ts";
import { byLength, byNothing, byOracle, learnBoth, learnOnline, learnSteps, splitInHalf, subjectMean, type Ranking } from "./policies.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false }, data: { type: "string" } } });
const file = join(options.data ?? join(import.meta.dirname, "../../../shared/data"), "routing-mmlu.jsonl");
const SPLITS = 10;
/** Ties are broken by other numbers than the halves were made with. */
const TIE_SEED = 1_000;
const POLICIES: Readonly<Record<string, (seen: readonly JudgedPrompt[]) => Ranking>> = {
  ours: learnBoth,
  steps_only: learnSteps,
  online: learnOnline,
  subject_mean: subjectMean,
  length: () => byLength,
  random: () => byNothing,
  oracle: () => byOracle,
};

const prompts = existsSync(file) ? readOutcomes(file) : null;
const scores = prompts === null ? null : comparePolicies(prompts);
// Times need no outcomes: made texts stand in where the data is missing.
const { p50Ms, p99Ms } = await measureDecision(prompts?.map(({ prompt }) => prompt) ?? madeTexts());

const apgr = (name: string): number | null => scores?.get(name)?.apgr ?? null;
const share = (name: string): number | null => scores?.get(name)?.strongShare95 ?? null;
const others = ["online", "subject_mean", "length", "random", "oracle"];
printRows(
  "routing",
  [
    row("apgr", apgr("ours"), "share", { goal: ">= 0.66", baseline: apgr("subject_mean") }),
    row("strong_share_95", share("ours"), "share", { goal: "<= 0.46", baseline: share("subject_mean") }),
    row("decision_ms_p99", p99Ms, "ms", { goal: "<= 1" }),
    row("apgr_over_subject_mean", difference(apgr("ours"), apgr("subject_mean")), "share", { goal: ">= -0.005" }),
    ...others.map((name) => row(`apgr.${name}`, apgr(name), "share")),
    ...others.map((name) => row(`strong_share_95.${name}`, share(name), "share")),
  ],
  options.json,
);
if (!options.json) {
  if (prompts === null) process.stdout.write(`${file} is missing\n`);
  else describe(prompts);
  process.stdout.write(`median of one decision ${p50Ms.toFixed(4)} ms\n`);
}

/** Mean over seeded halves: learned on the one, scored on the other. */
function comparePolicies(all: readonly JudgedPrompt[]): ReadonlyMap<string, CurveScore> {
  const found = new Map<string, CurveScore[]>(Object.keys(POLICIES).map((name) => [name, []]));
  for (let seed = 1; seed <= SPLITS; seed += 1) {
    const [seen, unseen] = splitInHalf(all, new SeededRandom(seed));
    for (const [name, learn] of Object.entries(POLICIES))
      found.get(name)?.push(scoreRanking(unseen, learn(seen), new SeededRandom(TIE_SEED + seed)));
  }
  return new Map([...found].map(([name, list]) => [name, meanScore(list)]));
}

function difference(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left - right;
}

function describe(all: readonly JudgedPrompt[]): void {
  const right = (which: "isWeakRight" | "isStrongRight"): string =>
    ((100 * all.filter((prompt) => prompt[which]).length) / all.length).toFixed(1);
  process.stdout.write(`${all.length} prompts, weak model ${right("isWeakRight")} % right, strong model ${right("isStrongRight")} %\n`);
  process.stdout.write(`steps only, without the text: apgr ${apgr("steps_only")?.toFixed(4)}, share ${share("steps_only")?.toFixed(4)}\n`);
}

function madeTexts(): readonly string[] {
  return Array.from({ length: 1_000 }, (_, index) => `Which of the ${index} records names an invoice? `.repeat(1 + (index % 40)));
}
