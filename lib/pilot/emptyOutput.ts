// `_on_empty`: what a step says when it yields nothing.
import { AppError } from "../core/errors.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import type { StepDetail } from "./ExecutionState.ts";

function isEmpty(output: unknown): boolean {
  if (output === null || output === "") return true;
  return Array.isArray(output) ? output.length === 0 : typeof output === "object" && Object.keys(output).length === 0;
}

/** @throws AppError `RESULT_EMPTY` for a step that must yield something */
export function checkNotEmpty(step: WorkflowStep, path: string, output: unknown): void {
  if (step._on_empty !== "throw" || !isEmpty(output)) return;
  throw new AppError("RESULT_EMPTY", `step ${path} yielded nothing, and _on_empty is throw`, {
    details: { step: path, got: JSON.stringify(output) },
  });
}

export function emptyWarning(step: WorkflowStep, output: unknown): StepDetail {
  return step._on_empty === "warn" && isEmpty(output) ? { warnings: ["the step yielded nothing"] } : {};
}
