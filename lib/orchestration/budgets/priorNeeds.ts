// What a model step uses when nothing was ever measured, by intent. Guesses, soon outweighed by history; not limits.
import type { IntentType } from "../types.ts";
import type { CallSample, StepSample } from "./StepHistory.ts";

interface Typical {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Output tokens that hardly any answer of this intent passes: the cap of a first call. */
  readonly outputCeiling: number;
}

/** Sums near the per-intent defaults of budget systems before us; how they split is a guess. */
const TYPICAL: Readonly<Record<IntentType, Typical>> = {
  extract: { inputTokens: 900, outputTokens: 200, outputCeiling: 2_048 },
  summarize: { inputTokens: 1_300, outputTokens: 300, outputCeiling: 1_536 },
  generate: { inputTokens: 1_200, outputTokens: 600, outputCeiling: 4_096 },
  validate: { inputTokens: 800, outputTokens: 120, outputCeiling: 1_024 },
  send: { inputTokens: 400, outputTokens: 80, outputCeiling: 1_024 },
  transform: { inputTokens: 800, outputTokens: 250, outputCeiling: 2_048 },
  conditional: { inputTokens: 400, outputTokens: 40, outputCeiling: 512 },
};

/** Mid-points of nine equal slices of a normal distribution. */
const NORMAL_SLICES = [-1.593, -0.967, -0.589, -0.282, 0, 0.282, 0.589, 0.967, 1.593];
/** Spread of the logarithm: nine steps in ten lie within a factor of four of the middle. */
const SPREAD = 0.85;

export function typicalNeed(intent: IntentType | null): Typical {
  return TYPICAL[intent ?? "generate"];
}

/** Nine samples around the typical need, or around `estimatedTokens` of one run where a classifier gave that. */
export function priorSamples(
  intent: IntentType | null,
  runs: number,
  estimatedTokens?: number,
): readonly Pick<StepSample, "inputTokens" | "outputTokens">[] {
  const { inputTokens, outputTokens } = typicalNeed(intent);
  const scale = estimatedTokens === undefined || !(estimatedTokens > 0) ? 1 : estimatedTokens / (inputTokens + outputTokens);
  return NORMAL_SLICES.map((slice) => {
    const factor = scale * runs * Math.exp(SPREAD * slice);
    return { inputTokens: Math.round(inputTokens * factor), outputTokens: Math.round(outputTokens * factor) };
  });
}

/** What answers look like before the first one: nine outputs around the typical one. */
export function priorCalls(intent: IntentType | null): readonly CallSample[] {
  const { outputTokens } = typicalNeed(intent);
  return NORMAL_SLICES.map((slice) => ({
    inputTokens: 0,
    outputTokens: Math.round(outputTokens * Math.exp(SPREAD * slice)),
    reasoningTokens: 0,
  }));
}
