// `comparison`: says whether, or where, two values differ.
import { compareValues } from "../../operations/comparison.ts";
import type { StepPerformer } from "../types.ts";

export const performComparison: StepPerformer<"comparison"> = async (context) => {
  const { left, right, operation, outputFormat } = context.step;
  const output = compareValues(context.resolve(left, "left"), context.resolve(right, "right"), operation, outputFormat);
  return { status: "completed", output };
};
