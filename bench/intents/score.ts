// Scores labels against truths: accuracy with and without alternatives, macro-F1, and the errors that are dangerous.
import type { Effect } from "../../lib/workflow/types.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { ToolDefinition } from "../../lib/orchestration/IntentClassifier.ts";
import { INTENT_ORDER } from "../../lib/orchestration/intents/scores.ts";

export interface LabelledStep {
  readonly id: string;
  readonly step: object;
  readonly label: IntentType;
  /** A second label that is also right. */
  readonly alt?: IntentType;
}

export interface Label {
  readonly intent: IntentType;
  readonly effect: Effect;
}

export interface StepScore {
  readonly count: number;
  /** 0–1, alternatives count as right. */
  readonly accuracy: number;
  /** 0–1, of the steps that have no alternative. */
  readonly strict: number;
  readonly strictCount: number;
  /** 0–1, by first labels. */
  readonly macroF1: number;
  /** Steps that send and were said to change nothing. */
  readonly sendAsRead: number;
}

export function isRight({ label, alt }: LabelledStep, intent: IntentType): boolean {
  return intent === label || intent === alt;
}

export function scoreSteps(steps: readonly LabelledStep[], classify: (step: object) => Label): StepScore {
  const labelled = steps.map((step) => ({ step, given: classify(step.step) }));
  const plain = labelled.filter(({ step }) => step.alt === undefined);
  return {
    count: steps.length,
    accuracy: share(labelled, ({ step, given }) => isRight(step, given.intent)),
    strict: share(plain, ({ step, given }) => given.intent === step.label),
    strictCount: plain.length,
    macroF1: macroF1(labelled.map(({ step, given }) => [step.label, given.intent])),
    sendAsRead: labelled.filter(({ step, given }) => step.label === "send" && isHarmless(given.effect)).length,
  };
}

export interface JudgedTool {
  /** Without its annotations. */
  readonly tool: ToolDefinition;
  readonly isReadOnly: boolean;
}

export interface ToolScore {
  /** Writing tools that were said to change nothing. */
  readonly unsafeReads: number;
  /** 0–1, of the read-only tools. */
  readonly readsFound: number;
}

export function scoreTools(tools: readonly JudgedTool[], classify: (tool: ToolDefinition) => Label): ToolScore {
  const judged = tools.map(({ tool, isReadOnly }) => ({ isReadOnly, harmless: isHarmless(classify(tool).effect) }));
  return {
    unsafeReads: judged.filter(({ isReadOnly, harmless }) => !isReadOnly && harmless).length,
    readsFound: share(
      judged.filter(({ isReadOnly }) => isReadOnly),
      ({ harmless }) => harmless,
    ),
  };
}

/** Of a share seen in `count` trials: the lower end of Wilson's 95 % interval. */
export function wilsonLowerBound(seen: number, count: number): number {
  const z = 1.96;
  const square = (z * z) / count;
  return (seen + square / 2 - z * Math.sqrt((seen * (1 - seen)) / count + square / (4 * count))) / (1 + square);
}

function isHarmless(effect: Effect): boolean {
  return effect === "none" || effect === "read";
}

function share<Item>(items: readonly Item[], isMet: (item: Item) => boolean): number {
  return items.length === 0 ? Number.NaN : items.filter(isMet).length / items.length;
}

function macroF1(pairs: readonly (readonly [IntentType, IntentType])[]): number {
  const scores = INTENT_ORDER.map((intent) => {
    const right = pairs.filter(([truth, given]) => truth === intent && given === intent).length;
    const given = pairs.filter(([, label]) => label === intent).length;
    const truths = pairs.filter(([truth]) => truth === intent).length;
    return right === 0 ? 0 : (2 * right) / (given + truths);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
