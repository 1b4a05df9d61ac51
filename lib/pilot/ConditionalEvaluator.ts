// Conditions of steps: parsed once, evaluated on raw outputs. The language itself is operations/conditions.ts.
import { AppError, asAppError } from "../core/errors.ts";
import { evaluateCondition, parseCondition, type Condition } from "../operations/conditions.ts";
import type { ConditionSource } from "../workflow/types.ts";
import type { StepScope } from "./StepScope.ts";

const parsed = new Map<string, Condition>();
/** Conditions come from definitions; the bound only guards against a process that sees very many of them. */
const MAX_PARSED = 10_000;

/** @throws AppError `CONDITION_INVALID`, `CONDITION_FAILED`, naming step and field */
export function evaluateStepCondition(
  source: ConditionSource,
  scope: StepScope,
  nowMs: number,
  where: { readonly step: string; readonly field: string },
): boolean {
  try {
    return evaluateCondition(conditionOf(source), scope, { nowMs });
  } catch (error) {
    const cause = asAppError(error, "CONDITION_FAILED");
    throw new AppError(cause.code, `step ${where.step}, ${where.field}: ${cause.message}`, {
      details: { ...cause.details, ...where },
      hint: cause.hint,
      cause,
    });
  }
}

function conditionOf(source: ConditionSource): Condition {
  const key = typeof source === "string" ? source : JSON.stringify(source);
  let condition = parsed.get(key);
  if (condition === undefined) {
    condition = parseCondition(source);
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(key, condition);
  }
  return condition;
}
