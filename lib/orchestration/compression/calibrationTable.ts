// Written by bench/compression/calibrate.ts: weights and tables of calibration.ts. Not for editing.
import type { CalibrationModel, TaskKind } from "./calibrationModel.ts";

export const CALIBRATION: Readonly<Record<TaskKind, CalibrationModel>> = {
  question: {
    bias: 0,
    weights: [1, 1, 1, 1, 1, 1],
    steps: [
      { score: 0, probability: 0, lower: 0 },
      { score: 6, probability: 1, lower: 1 },
    ],
    samples: 0,
  },
  instruction: {
    bias: 0,
    weights: [1, 1, 1, 1, 1, 1],
    steps: [
      { score: 0, probability: 0, lower: 0 },
      { score: 6, probability: 1, lower: 1 },
    ],
    samples: 0,
  },
  none: {
    bias: 0,
    weights: [1, 1, 1, 1, 1, 1],
    steps: [
      { score: 0, probability: 0, lower: 0 },
      { score: 6, probability: 1, lower: 1 },
    ],
    samples: 0,
  },
};
