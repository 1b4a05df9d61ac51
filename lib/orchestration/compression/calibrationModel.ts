// What a calibration is made of, and how it turns features into Q. The fitted figures stand in calibrationTable.ts.
import type { PayloadType } from "./types.ts";

/** A question asks for one thing, and its words lie near the answer; an instruction is asked about in details of its own. */
export type TaskKind = "question" | "instruction" | "none";

/** An instruction that wants every one of something has nothing to spare: it is fitted by itself. */
export type CalibrationKind = TaskKind | "listing";

/** Rows, lines, sentences and documents with an order of their own are cut differently, and asked about differently. */
export type ContentGroup = "records" | "lines" | "prose" | "document";

/**
 * Features of what was selected among the units, each 0–1 and growing with what is kept, in the order of `weights`: relevance kept ·
 * distance of the best unit cut from the best one · atoms kept · tokens kept · the same four by how near they are to all ·
 * units kept before the first one cut, by relevance (logarithmic).
 */
export type QualityFeatures = readonly number[];

/** Both 0–5. `lowerBound` is one-sided, 90 %. */
export interface QualityEstimate {
  readonly quality: number;
  readonly lowerBound: number;
}

/** A view survives a question if its reduction does and its selection does. */
export interface Calibration {
  /** Share of questions that survive the reduction of a payload type, when it drops atoms at all. */
  readonly reduced: Readonly<Record<CalibrationKind, ReducedShares>>;
  /** Of those, the share that survives the selection among its units. */
  readonly selected: Readonly<Record<CalibrationKind, Readonly<Record<ContentGroup, CalibrationModel>>>>;
}

export type ReducedShares = Readonly<Partial<Record<PayloadType, Share>>> & { readonly other: Share };

export type Share = readonly [probability: number, lower: number, samples: number];

/** Weights ≥ 0 over {@link QualityFeatures}, then a monotone table from their sum to a probability. */
export interface CalibrationModel {
  readonly bias: number;
  readonly weights: readonly number[];
  /**
   * Ascending in all three: score, share of questions that survive in views of this score, its one-sided 90 % lower bound. Linear between
   * two, level below the first; from the last one linear to the score of a view that cuts nothing, where all survive.
   */
  readonly steps: readonly CalibrationStep[];
  /** Questions that the model was fitted on. */
  readonly samples: number;
}

export type CalibrationStep = readonly [score: number, probability: number, lower: number];

export function scoreOf({ bias, weights }: Pick<CalibrationModel, "bias" | "weights">, features: QualityFeatures): number {
  return weights.reduce((sum, weight, index) => sum + weight * (features[index] ?? 0), bias);
}

export function probabilityOf(model: CalibrationModel, features: QualityFeatures): readonly [probability: number, lower: number] {
  const score = scoreOf(model, features);
  const { steps, bias, weights } = model;
  const whole = weights.reduce((sum, weight) => sum + weight, bias);
  const above = steps.findIndex(([at]) => at > score);
  const last = steps.at(-1);
  const right: CalibrationStep | undefined = above === -1 ? [whole, 1, 1] : steps[above];
  const left = above === -1 ? last : steps[Math.max(0, above - 1)];
  if (left === undefined || right === undefined) return [0, 0];
  const width = right[0] - left[0];
  const part = width <= 0 ? 0 : Math.min(1, Math.max(0, (score - left[0]) / width));
  return [left[1] + (right[1] - left[1]) * part, left[2] + (right[2] - left[2]) * part];
}

/** Both must survive; their errors are independent, so that their squares add (delta method). */
export function combine(
  [reduced, reducedLower]: readonly [number, number, ...number[]],
  [selected, selectedLower]: readonly [number, number],
): QualityEstimate {
  const probability = reduced * selected;
  const error = Math.hypot((reduced - reducedLower) * selected, (selected - selectedLower) * reduced);
  return { quality: 5 * probability, lowerBound: 5 * Math.max(0, probability - error) };
}
