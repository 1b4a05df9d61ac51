// The decision without orchestration: the model the step or workflow names, raw inputs, a plain cap. Pure, like the one that will take its place.
import type { WorkflowStep } from "../workflow/types.ts";
import type { ExecutionState } from "./ExecutionState.ts";
import type { Decision } from "./types.ts";

/** Output cap where neither step nor workflow says anything: a page of text. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 1_024;

export function decideDirect(step: WorkflowStep, state: Pick<ExecutionState, "definition" | "snapshot">): Decision {
  return {
    path: "direct",
    model: step.model ?? state.definition.model ?? state.snapshot.defaultModel ?? undefined,
    maxOutputTokens: step.max_output_tokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    why: "orchestration is off",
  };
}
