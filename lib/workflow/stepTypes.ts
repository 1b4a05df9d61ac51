// The step vocabulary by name, and the spellings that stand for a name. Schemas are in schema/, shapes in types.ts.
import type { StepType } from "./types.ts";

export const STEP_TYPES = [
  "action",
  "ai_processing",
  "llm_decision",
  "conditional",
  "switch",
  "loop",
  "parallel_group",
  "scatter_gather",
  "transform",
  "delay",
  "enrichment",
  "validation",
  "comparison",
  "sub_workflow",
  "human_approval",
  "deterministic_extraction",
] as const satisfies readonly StepType[];

export const STEP_TYPE_ALIASES: Readonly<Record<string, StepType>> = { plugin_action: "action", parallel: "parallel_group" };

/** Names that templates and CEL give a meaning of their own; no step and no output variable may take one. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "input",
  "inputs",
  "var",
  "item",
  "current",
  "loop",
  "index",
  "true",
  "false",
  "null",
  "in",
]);

export const MAX_NESTING_DEPTH = 5;
export const MAX_STEPS = 5000;
export const MAX_SOURCE_BYTES = 1024 * 1024;
export const DEFAULT_MAX_CONCURRENCY = 4;
