// Steps that only compute on data already in the execution: transform, enrichment, validation, comparison.
import { z } from "zod";
import { commonFields, condition, jsonObject, strict, templateObject, templateValue } from "./fields.ts";

export const transformStep = strict({
  ...commonFields,
  type: z.literal("transform").describe("Pure data operation by name, or CEL."),
  operation: z.string().min(1).describe("Name of the operation; absent only where `expression` is given.").exactOptional(),
  input: templateValue.exactOptional(),
  config: templateObject.describe("The operation's settings; see the reference of transforms.").exactOptional(),
  expression: z.string().min(1).describe("CEL.").exactOptional(),
});

export const enrichmentStep = strict({
  ...commonFields,
  type: z.literal("enrichment").describe("Combines several earlier outputs."),
  sources: z.array(strict({ key: z.string().min(1), from: templateValue })).min(1, { error: "expected at least one source" }),
  strategy: z.enum(["merge", "deep_merge", "join"]).default("merge"),
  joinOn: z.string().min(1).describe("Field that rows have in common; with `join`.").exactOptional(),
  mergeArrays: z.boolean().exactOptional(),
});

const validationRule = strict({
  field: z.string().min(1).exactOptional(),
  condition,
  message: z.string().min(1).exactOptional(),
});

export const validationStep = strict({
  ...commonFields,
  type: z.literal("validation").describe("Data quality gate; gives every defect."),
  input: templateValue,
  schema: jsonObject.describe("JSON Schema; `min`, `max` on numbers are accepted.").exactOptional(),
  rules: z.array(validationRule).min(1).exactOptional(),
  onValidationFail: z.enum(["throw", "continue", "skip"]).default("throw"),
});

export const comparisonStep = strict({
  ...commonFields,
  type: z.literal("comparison").describe("Compares two values."),
  left: templateValue,
  right: templateValue,
  operation: z.enum(["equals", "deep_equals", "diff", "contains", "subset"]),
  outputFormat: z.enum(["boolean", "diff", "detailed"]).default("boolean"),
});
