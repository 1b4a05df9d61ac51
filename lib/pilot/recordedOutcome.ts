// What an earlier attempt or claim left of a step, when that is final.
import type { ExecutionState } from "./ExecutionState.ts";
import type { StepOutcome } from "./types.ts";

/** @returns null when the step has yet to be performed, or goes on: it waits, or its last attempt is to be repeated */
export function recordedOutcome(state: ExecutionState, path: string): StepOutcome | null {
  const known = state.step(path);
  if (known === undefined || known.status === "waiting" || known.status === "uncertain") return null;
  if (known.status === "skipped") return { status: "skipped", reason: known.detail.reason ?? "skipped" };
  if (known.status === "failed") return known.detail.retryAtMs === undefined ? { status: "failed", error: state.errorOf(path) } : null;
  // The output itself is loaded by whoever reads it.
  return { status: "completed", output: null };
}
