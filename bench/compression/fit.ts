// Fits one calibration model: logistic weights that are never negative, then a monotone table of what survived around each score. Deterministic.
import {
  scoreOf,
  type CalibrationModel,
  type CalibrationStep,
  type QualityFeatures,
} from "../../lib/orchestration/compression/calibrationModel.ts";

export interface Sample {
  readonly features: QualityFeatures;
  readonly survived: boolean;
  /** Views of one content are no independent witnesses: bounds count contents, not views. */
  readonly content: number;
}

const ROUNDS = 800;
const RATE = 6;
const RIDGE = 0.001;
const LEAST_PROBABILITY = 0.5;
const POINTS = 32;
/** Samples on either side of a point that speak for it; fewer towards the ends. */
const HALF_WINDOW = 700;
const LEAST_HALF_WINDOW = 120;
const DESIGN_EFFECT = 1.5;
/** One-sided 90 %. */
const Z = 1.2816;

export function fitModel(samples: readonly Sample[]): CalibrationModel {
  // Policies ask for 4.5 and more: the weights are fitted on views that may get there, not on ruins of which nothing survives.
  const rough = fitWeights(samples);
  const fitted = fitWeights(samples.filter(({ features }) => logistic(rough, features) >= LEAST_PROBABILITY));
  const model = { bias: round(fitted.bias), weights: fitted.weights.map(round) };
  return { ...model, steps: fitSteps(samples, model), samples: samples.length };
}

type Weights = Pick<CalibrationModel, "bias" | "weights">;

/** Gradient descent on the logistic loss, weights cut off at 0: keeping more must never lower Q. */
function fitWeights(samples: readonly Sample[]): Weights {
  const size = samples[0]?.features.length ?? 0;
  let bias = 0;
  const weights = Array.from({ length: size }, () => 0.5);
  for (let round = 0; round < ROUNDS; round += 1) {
    const gradient = Array.from({ length: size }, () => 0);
    let biasGradient = 0;
    for (const { features, survived } of samples) {
      const error = logistic({ bias, weights }, features) - Number(survived);
      biasGradient += error;
      for (let index = 0; index < size; index += 1) gradient[index] = (gradient[index] ?? 0) + error * (features[index] ?? 0);
    }
    bias -= (RATE * biasGradient) / samples.length;
    for (let index = 0; index < size; index += 1) {
      const weight = weights[index] ?? 0;
      weights[index] = Math.max(0, weight - RATE * ((gradient[index] ?? 0) / samples.length + RIDGE * weight));
    }
  }
  return { bias, weights };
}

function logistic(model: Weights, features: QualityFeatures): number {
  return 1 / (1 + Math.exp(-scoreOf(model, features)));
}

interface Pool {
  score: number;
  share: number;
  witnesses: number;
  points: number;
}

function fitSteps(samples: readonly Sample[], model: Weights): readonly CalibrationStep[] {
  const sorted = samples
    .map(({ features, survived, content }) => ({ score: scoreOf(model, features), survived, content }))
    .sort((left, right) => left.score - right.score);
  const pools: Pool[] = [];
  for (const [from, to] of windows(sorted)) {
    const near = sorted.slice(from, to);
    let pool: Pool = {
      score: near.reduce((sum, { score }) => sum + score, 0) / near.length,
      share: near.filter(({ survived }) => survived).length / near.length,
      witnesses: witnessesOf(near),
      points: 1,
    };
    // Pool adjacent violators: a higher score never promises less.
    for (let last = pools.at(-1); last !== undefined && last.share >= pool.share; last = pools.at(-1)) {
      pool = merge(last, pool);
      pools.pop();
    }
    pools.push(pool);
  }
  let lower = 0;
  return pools.map(({ score, share, witnesses }) => {
    lower = Math.max(lower, wilsonLower(share, witnesses));
    return [round(score), round(share), round(lower)];
  });
}

/** Overlapping parts of the sorted samples, as equal scores never are on both sides of an end. */
function windows(sorted: readonly { readonly score: number }[]): readonly (readonly [number, number])[] {
  const ends = new Map<string, readonly [number, number]>();
  for (let point = 0; point < POINTS; point += 1) {
    const centre = Math.round(((sorted.length - 1) * (point + 0.5)) / POINTS);
    const half = Math.max(LEAST_HALF_WINDOW, Math.min(HALF_WINDOW, centre, sorted.length - 1 - centre));
    let [from, to] = [Math.max(0, centre - half), Math.min(sorted.length, centre + half + 1)];
    while (from > 0 && sorted[from - 1]?.score === sorted[from]?.score) from -= 1;
    while (to < sorted.length && sorted[to - 1]?.score === sorted[to]?.score) to += 1;
    ends.set(`${from} ${to}`, [from, to]);
  }
  return [...ends.values()];
}

function merge(left: Pool, right: Pool): Pool {
  const points = left.points + right.points;
  const mean = (a: number, b: number): number => (a * left.points + b * right.points) / points;
  return {
    score: mean(left.score, right.score),
    share: mean(left.share, right.share),
    // Windows overlap: together they know hardly more than one.
    witnesses: Math.max(left.witnesses, right.witnesses),
    points,
  };
}

/**
 * As how many independent answers these count: questions on one content stand or fall together to a degree that the data show
 * (cluster-robust variance over binomial variance), and to this degree where nothing fell.
 */
export function witnessesOf(samples: readonly Pick<Sample, "survived" | "content">[]): number {
  const share = samples.filter(({ survived }) => survived).length / Math.max(1, samples.length);
  const sums = new Map<number, number>();
  for (const { survived, content } of samples) sums.set(content, (sums.get(content) ?? 0) + Number(survived) - share);
  const clustered = [...sums.values()].reduce((sum, value) => sum + value ** 2, 0);
  const binomial = samples.length * share * (1 - share);
  const effect = binomial === 0 ? DESIGN_EFFECT : Math.max(1, clustered / binomial);
  return Math.max(1, samples.length / effect);
}

/** Lower end of the score interval of a share (Wilson 1927). */
export function wilsonLower(share: number, count: number): number {
  const square = Z ** 2 / count;
  return (share + square / 2 - Z * Math.sqrt((share * (1 - share)) / count + square / (4 * count))) / (1 + square);
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
