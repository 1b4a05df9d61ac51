// `validation`: a gate for data. What passes goes through unchanged; what does not fails, is marked, or ends the step as skipped.
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { validateData, type Defect } from "../../operations/validation.ts";
import type { StepPerformer } from "../types.ts";
import { describeDefect } from "./outputSchemas.ts";

/** Defects in the message; all of them are in the error's details. */
const MAX_TOLD = 20;

export const performValidation: StepPerformer<"validation"> = async (context) => {
  const { step, path, scope, services } = context;
  const data = context.resolve(step.input, "input");
  const rules = (step.rules ?? []).map(({ field, condition, message }) => ({
    condition,
    ...(field === undefined ? {} : { field }),
    ...(message === undefined ? {} : { message }),
  }));
  const defects = validateData(data, step.schema, rules, { nowMs: services.clock.nowMs(), scope });
  if (defects.length === 0) return { status: "completed", output: { valid: true, value: data, defects: [] } };
  const told = defects.map(describeDefect);
  if (step.onValidationFail === "continue") {
    const warnings = [`${defects.length} defects: ${told.slice(0, MAX_TOLD).join("; ")}`];
    return { status: "completed", output: { valid: false, value: data, defects: defects.map(toJson) }, facts: { warnings } };
  }
  if (step.onValidationFail === "skip") return { status: "skipped", reason: `validation: ${told.slice(0, MAX_TOLD).join("; ")}` };
  const rest = told.length > MAX_TOLD ? `; and ${told.length - MAX_TOLD} more` : "";
  const error = new AppError("VALIDATION_FAILED", `step ${path}: ${told.slice(0, MAX_TOLD).join("; ")}${rest}`, {
    details: { step: path, field: defects[0]?.path ?? "", defects: defects.map(toJson) },
  });
  return { status: "failed", error };
};

function toJson({ path, message, expected, got }: Defect): JsonObject {
  return { path, message, ...(expected === undefined ? {} : { expected }), ...(got === undefined ? {} : { got }) };
}
