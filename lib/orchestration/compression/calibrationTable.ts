// Written by bench/compression/calibrate.ts: shares, weights and tables of calibration.ts. Not for editing.
import type { Calibration } from "./calibrationModel.ts";

export const CALIBRATION: Calibration = {
  reduced: { question: { other: [1, 1, 0] }, instruction: { other: [1, 1, 0] }, none: { other: [1, 1, 0] } },
  selected: {
    question: {
      records: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      lines: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      text: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
    },
    instruction: {
      records: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      lines: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      text: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
    },
    none: {
      records: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      lines: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
      text: {
        bias: 0,
        weights: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        steps: [
          [0, 0, 0],
          [9, 1, 1],
        ],
        samples: 0,
      },
    },
  },
};
