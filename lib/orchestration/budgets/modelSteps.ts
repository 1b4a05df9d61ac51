// Which steps of a workflow may call a model, and how often one execution is expected to run them. It weighs nothing.
import { nestedLists } from "../../workflow/nestedSteps.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { StepLabel } from "./types.ts";

export interface ModelStep {
  readonly step: WorkflowStep;
  /** The whole nesting without indices: `s2[].s5[].send`. */
  readonly signature: string;
  /** Runs per execution, a guess from the shape alone: a branch of two counts half, a loop as often as it has items. */
  readonly expectedRuns: number;
  /** The innermost branch outside of loops that it stands in: in one execution only one option of each is taken. null: none. */
  readonly choice: Choice | null;
}

interface Choice {
  /** Signature of the step that branches. */
  readonly of: string;
  readonly option: number;
  readonly options: number;
  /** The branch around it. A list and not an array, because a file may nest as deeply as it likes. */
  readonly outer: Choice | null;
}

/** What a loop or scatter is taken to have when nothing is known. */
export const DEFAULT_ITEMS = 5;
/** Loops inside loops inside loops: beyond this a larger guess says nothing more. */
const MOST_RUNS = 10_000;

interface Visit {
  readonly step: WorkflowStep;
  readonly prefix: string;
  readonly runs: number;
  readonly choice: Choice | null;
  readonly isRepeated: boolean;
}

/**
 * In the order of the file. A step counts when its label expects tokens, or, without a label, when its type asks a model.
 * No recursion: a file may nest deeper than the stack.
 */
export function modelSteps(steps: readonly WorkflowStep[], labels?: ReadonlyMap<string, StepLabel>): readonly ModelStep[] {
  const found: ModelStep[] = [];
  const open = steps.map((step): Visit => ({ step, prefix: "", runs: 1, choice: null, isRepeated: false })).reverse();
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { step, prefix, runs, choice } = visit;
    const signature = `${prefix}${step.id}`;
    if (mayCallModel(step, labels?.get(step.id))) found.push({ step, signature, expectedRuns: runs, choice });
    open.push(...nested(visit, signature).reverse());
  }
  return found;
}

function nested({ step, runs, choice, isRepeated }: Visit, signature: string): Visit[] {
  const lists = nestedLists(step);
  // An empty branch is a way, too.
  const options = Math.max(lists.filter(({ kind }) => kind === "branch").length, 1);
  return lists.flatMap(({ kind, steps }, option) => {
    const times = kind === "branch" ? 1 / options : kind === "each" ? itemsOf(step) : 1;
    const isChoice = kind === "branch" && !isRepeated;
    const inner = {
      prefix: `${signature}${kind === "each" ? "[]" : ""}.`,
      runs: Math.min(runs * times, MOST_RUNS),
      choice: isChoice ? { of: signature, option, options, outer: choice } : choice,
      isRepeated: isRepeated || kind === "each",
    };
    return steps.map((step): Visit => ({ step, ...inner }));
  });
}

function itemsOf(step: WorkflowStep): number {
  return step.type === "loop" ? Math.max(Math.min(step.maxIterations, DEFAULT_ITEMS), 1) : DEFAULT_ITEMS;
}

function mayCallModel(step: WorkflowStep, label: StepLabel | undefined): boolean {
  if (label !== undefined) return label.estimatedTokens > 0;
  return step.type === "ai_processing" || step.type === "llm_decision";
}

/** A step path as journals have it, without its indices: all iterations of one step have one signature. */
export function signatureOf(stepPath: string): string {
  return stepPath.replaceAll(/\[\d+\]/g, "[]");
}

/** What steps of different workflows have in common: type, and how deep in loops they stand. */
export function shapeOf(stepType: string, signature: string): string {
  return `${stepType}@${signature.split("[]").length - 1}`;
}

/** The step's own id, unique in its definition: `send` of `s2[3].s5[0].send`. */
export function stepIdOf(stepPath: string): string {
  const last = stepPath.slice(stepPath.lastIndexOf(".") + 1);
  const index = last.indexOf("[");
  return index === -1 ? last : last.slice(0, index);
}
