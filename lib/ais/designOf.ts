// What an agent's definition says of its intensity before it ever runs. It scores nothing.
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import type { AgentDesign } from "./types.ts";

/** @param trigger how executions are started. @defaultValue manual */
export function designOf(
  definition: Pick<WorkflowDefinition, "steps" | "inputs" | "output">,
  trigger: AgentDesign["trigger"] = "manual",
): AgentDesign {
  const plugins = new Set<string>();
  let steps = 0;
  for (const { step } of walkSteps(definition)) {
    steps += 1;
    if (step.type === "action") plugins.add(step.plugin);
    if (step.type === "llm_decision") for (const plugin of step.plugins ?? []) plugins.add(plugin);
  }
  const { inputs = {}, output } = definition;
  return { steps, plugins: plugins.size, fields: Object.keys(inputs).length + fieldCount(output), trigger };
}

/** Names that an output gives; a single value, or the last step's output, is one. */
function fieldCount(output: WorkflowDefinition["output"]): number {
  return typeof output === "object" && output !== null && !Array.isArray(output) ? Object.keys(output).length : 1;
}
