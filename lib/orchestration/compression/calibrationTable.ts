// Written by bench/compression/calibrate.ts: weights and tables of calibration.ts. Not for editing.
import type { CalibrationTable } from "./calibrationModel.ts";

export const CALIBRATION: CalibrationTable = {
  question: {
    records: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    lines: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    text: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
  },
  instruction: {
    records: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    lines: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    text: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
  },
  none: {
    records: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    lines: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
    text: {
      bias: 0,
      weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      steps: [
        [0, 0, 0],
        [11, 1, 1],
      ],
      samples: 0,
    },
  },
};
