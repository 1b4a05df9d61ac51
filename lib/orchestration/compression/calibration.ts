// Q of a view: features of what was kept → calibrated probability. Fits nothing itself: bench/compression/calibrate.ts writes the table.
import {
  combine,
  probabilityOf,
  type CalibrationKind,
  type ContentGroup,
  type QualityEstimate,
  type QualityFeatures,
  type Share,
  type TaskKind,
} from "./calibrationModel.ts";
import { CALIBRATION } from "./calibrationTable.ts";
import type { PayloadType } from "./types.ts";

/** What is known of a content and its units before anything is cut. */
export interface QualityInputs {
  readonly type: PayloadType;
  /** The step's instruction; absent: none is known. */
  readonly task?: string;
  /** Distinct atoms of the raw content. */
  readonly atomsIn: number;
  /** How many of them stand in the view with all units. */
  readonly atomsReduced: number;
  /** Same order as `Reduction.units`; `score` ≥ 0 is relevance to the task (all 0 without one); `atoms` counted in the unit. */
  readonly units: readonly { readonly score: number; readonly tokens: number; readonly atoms?: number }[];
}

export interface QualityEstimator {
  /** O(units). Keeping more units never lowers the estimate. */
  readonly estimate: (isKept: (index: number) => boolean) => QualityEstimate;
}

/** Nothing was lost: no estimate is needed. */
export const PERFECT_QUALITY: QualityEstimate = { quality: 5, lowerBound: 5 };

/** A single sentence that asks. "What is wrong? List the errors." is an instruction: it will be asked about in details. */
export function taskKindOf(task: string | undefined): TaskKind {
  const text = task?.trim() ?? "";
  if (text === "") return "none";
  const isOneSentence = !/[.!?;:]\s+\p{Lu}/u.test(text);
  const firstWord =
    text
      .slice(0, 12)
      .toLowerCase()
      .split(/[^a-z]/, 1)[0] ?? "";
  return isOneSentence && (text.endsWith("?") || QUESTION_WORDS.has(firstWord)) ? "question" : "instruction";
}

export function calibrationKindOf(task: string | undefined): CalibrationKind {
  const kind = taskKindOf(task);
  return kind === "instruction" && /\b(?:all|any|each|every|list)\b/i.test(task ?? "") ? "listing" : kind;
}

const QUESTION_WORDS = new Set(["who", "what", "when", "where", "which", "why", "whose", "whom", "how"]);

export function contentGroupOf(type: PayloadType): ContentGroup {
  return GROUPS[type] ?? "document";
}

/** Of a content with few units, having kept some says little. */
const MIN_LOG_UNITS = 5;

const GROUPS: Partial<Readonly<Record<PayloadType, ContentGroup>>> = {
  json: "records",
  ndjson: "records",
  csv: "records",
  prose: "prose",
  log: "lines",
  diff: "lines",
  "stack-trace": "lines",
};

/** Sorts once; each estimate after that is linear in the units. */
export function createQualityEstimator(inputs: QualityInputs): QualityEstimator {
  const kind = calibrationKindOf(inputs.task);
  const model = CALIBRATION.selected[kind][contentGroupOf(inputs.type)];
  const reduced = reducedShare(inputs, CALIBRATION.reduced[kind][inputs.type] ?? CALIBRATION.reduced[kind].other);
  const featuresOf = createFeatures(inputs);
  return {
    estimate: (isKept) => {
      const features = featuresOf(isKept);
      return combine(reduced, features === "all" ? NOTHING_LOST : probabilityOf(model, features));
    },
  };
}

const NOTHING_LOST = [1, 1] as const;

/** A question about any atom survives as often as atoms do; questions about the task's own atoms survive more often. */
function reducedShare({ atomsIn, atomsReduced }: QualityInputs, [probability, lower]: Share): readonly [number, number] {
  const kept = share(atomsReduced, atomsIn);
  return kept >= 1 ? NOTHING_LOST : [Math.max(probability, kept), Math.max(lower, kept)];
}

/** @returns a function that gives `"all"` when no unit is cut */
export function createFeatures(inputs: QualityInputs): (isKept: (index: number) => boolean) => QualityFeatures | "all" {
  const { units } = inputs;
  const order = units.map((_, index) => index).sort((left, right) => scoreAt(units, right) - scoreAt(units, left));
  const best = scoreAt(units, order[0] ?? 0);
  const logUnits = Math.log1p(units.length);
  return (isKept) => {
    const total = { score: 0, tokens: 0, atoms: 0 };
    const kept = { score: 0, tokens: 0, atoms: 0 };
    for (const [index, { score, tokens, atoms = tokens }] of units.entries()) {
      add(total, score, tokens, atoms);
      if (isKept(index)) add(kept, score, tokens, atoms);
    }
    let rank = 0;
    while (rank < order.length && isKept(order[rank] ?? 0)) rank += 1;
    if (rank === order.length) return "all";
    const bestCut = scoreAt(units, order[rank] ?? 0);
    const shares = [
      share(kept.score, total.score),
      best === 0 ? 0 : 1 - bestCut / best,
      share(kept.atoms, total.atoms),
      share(kept.tokens, total.tokens),
    ];
    return [...shares, ...shares.map(nearness), Math.log1p(rank) / Math.max(logUnits, MIN_LOG_UNITS)];
  };
}

/** The last hundredth of a share says more than the first half: 0 at 0, about a half at 90 %, 1 at all. */
function nearness(part: number): number {
  return -Math.log(1 - 0.99 * part) / -Math.log(0.01);
}

function scoreAt(units: QualityInputs["units"], index: number): number {
  return units[index]?.score ?? 0;
}

function add(sum: { score: number; tokens: number; atoms: number }, score: number, tokens: number, atoms: number): void {
  sum.score += score;
  sum.tokens += tokens;
  sum.atoms += atoms;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
