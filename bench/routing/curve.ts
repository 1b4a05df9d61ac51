// How good a ranking of prompts is when the highest ranked go to the strong model: the whole curve, from none to all.
import type { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import type { JudgedPrompt } from "./outcomes.ts";

export interface CurveScore {
  /** Mean share of the gap between the two models that is recovered, over all shares of strong calls: 0.5 = chance. */
  readonly apgr: number;
  /** Least share of strong calls that reaches 95 % of the strong model's accuracy. */
  readonly strongShare95: number;
}

export function scoreRanking(prompts: readonly JudgedPrompt[], rank: (prompt: JudgedPrompt) => number, random: SeededRandom): CurveScore {
  const ranked = prompts
    .map((prompt) => ({ prompt, value: rank(prompt), tie: random.next() }))
    .sort((left, right) => right.value - left.value || left.tie - right.tie);
  const weak = count(prompts, "isWeakRight");
  const strong = count(prompts, "isStrongRight");
  const wanted = 0.95 * strong;
  let correct = weak;
  let area = 0;
  let strongCalls = correct >= wanted ? 0 : prompts.length;
  ranked.forEach(({ prompt }, index) => {
    const before = correct;
    correct += Number(prompt.isStrongRight) - Number(prompt.isWeakRight);
    area += ((before + correct) / 2 - weak) / (strong - weak);
    if (before < wanted && correct >= wanted) strongCalls = Math.min(strongCalls, index + 1);
  });
  return { apgr: area / prompts.length, strongShare95: strongCalls / prompts.length };
}

function count(prompts: readonly JudgedPrompt[], which: "isWeakRight" | "isStrongRight"): number {
  return prompts.filter((prompt) => prompt[which]).length;
}

export function meanScore(scores: readonly CurveScore[]): CurveScore {
  const mean = (read: (score: CurveScore) => number): number => scores.reduce((sum, score) => sum + read(score), 0) / scores.length;
  return { apgr: mean(({ apgr }) => apgr), strongShare95: mean(({ strongShare95 }) => strongShare95) };
}
