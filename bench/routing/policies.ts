// The rankings that are compared: the product's own, learning from both outcomes or online, and those that it has to beat.
import type { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import { SuccessModel, type RouteOutcome } from "../../lib/orchestration/routing/SuccessModel.ts";
import type { JudgedPrompt } from "./outcomes.ts";

export type Ranking = (prompt: JudgedPrompt) => number;

const WEAK = "weak";
const STRONG = "strong";
const MODELS = { cheap: WEAK, strong: STRONG } as const;

/** A subject stands for a step that asks questions of one kind; nothing else is known of the prompts. */
function keyOf({ subject }: JudgedPrompt) {
  return { intent: "extract", tool: "ai_processing", signature: subject, version: "" };
}

function outcomeOf(prompt: JudgedPrompt, model: string): RouteOutcome {
  const isSuccess = model === WEAK ? prompt.isWeakRight : prompt.isStrongRight;
  return { ...keyOf(prompt), model, kind: "first", isSuccess, buckets: prompt.buckets };
}

function rankBy(model: SuccessModel): Ranking {
  return (prompt) => model.gain(keyOf(prompt), MODELS, prompt.buckets);
}

export function learnBoth(seen: readonly JudgedPrompt[]): Ranking {
  return rankBy(new SuccessModel(seen.flatMap((prompt) => [outcomeOf(prompt, WEAK), outcomeOf(prompt, STRONG)])));
}

/** Without the text: what the steps' posteriors reach alone. */
export function learnSteps(seen: readonly JudgedPrompt[]): Ranking {
  return learnBoth(seen.map((prompt) => ({ ...prompt, buckets: [] })));
}

/** The model is chosen by what was learned so far (strong where the gain passes the running mean), and only its outcome is seen. */
export function learnOnline(seen: readonly JudgedPrompt[]): Ranking {
  const model = new SuccessModel();
  const rank = rankBy(model);
  const chosen: RouteOutcome[] = [];
  let meanGain = 0;
  for (const prompt of seen) {
    const gain = rank(prompt);
    const outcome = outcomeOf(prompt, gain >= meanGain ? STRONG : WEAK);
    meanGain += (gain - meanGain) / (chosen.length + 1);
    chosen.push(outcome);
    model.add(outcome);
  }
  // As at the next start: made anew from what was stored.
  return rankBy(new SuccessModel(chosen));
}

export function subjectMean(seen: readonly JudgedPrompt[]): Ranking {
  const sums = new Map<string, { gain: number; count: number }>();
  let total = 0;
  for (const { subject, isWeakRight, isStrongRight } of seen) {
    const sum = sums.get(subject) ?? { gain: 0, count: 0 };
    sums.set(subject, sum);
    sum.gain += Number(isStrongRight) - Number(isWeakRight);
    sum.count += 1;
    total += Number(isStrongRight) - Number(isWeakRight);
  }
  return ({ subject }) => {
    const sum = sums.get(subject);
    return sum === undefined ? total / seen.length : sum.gain / sum.count;
  };
}

export const byLength: Ranking = ({ prompt }) => prompt.length;
export const byNothing: Ranking = () => 0;
export const byOracle: Ranking = ({ isWeakRight, isStrongRight }) => Number(isStrongRight) - Number(isWeakRight);

/** Fisher and Yates: two halves of the same size. */
export function splitInHalf(
  prompts: readonly JudgedPrompt[],
  random: SeededRandom,
): readonly [readonly JudgedPrompt[], readonly JudgedPrompt[]] {
  const order = [...prompts];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random.next() * (index + 1));
    const [here, there] = [order[index], order[other]];
    if (here !== undefined && there !== undefined) [order[index], order[other]] = [there, here];
  }
  const half = order.length >> 1;
  return [order.slice(0, half), order.slice(half)];
}
