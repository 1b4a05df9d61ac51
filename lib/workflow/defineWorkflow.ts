// Workflows made in TypeScript: the same checks and the same normalised form as for files.
import type { WorkflowDefinitionInput } from "./inputTypes.ts";
import { readValue } from "./read/readValue.ts";
import type { PluginCatalog, WorkflowDefinition } from "./types.ts";
import { checkWorkflow, workflowError } from "./WorkflowParser.ts";

/**
 * Checks and normalises a workflow: ids and defaults filled in, every defect named.
 *
 * @throws AppError `WORKFLOW_INVALID`, or the code of the first defect; all of them are in the details
 * @example
 * export const digest = defineWorkflow({
 *   name: "digest",
 *   steps: [
 *     { id: "read", type: "action", plugin: "files", action: "read", params: { path: "{{input.path}}" } },
 *     { id: "digest", type: "ai_processing", prompt: "Summarize in three sentences.", input: "{{read}}" },
 *   ],
 * });
 */
export function defineWorkflow(
  definition: WorkflowDefinitionInput,
  options: { readonly catalog?: PluginCatalog } = {},
): WorkflowDefinition {
  return requireDefinition(definition, options);
}

/** The same for JSON of unknown shape, such as the body of a request. */
export function requireDefinition(
  value: unknown,
  options: { readonly catalog?: PluginCatalog; readonly file?: string } = {},
): WorkflowDefinition {
  const read = readValue(value);
  if (read.issues.length > 0) throw workflowError(read.issues, options.file);
  const { definition, issues } = checkWorkflow(read.value, read.sources, options);
  if (definition === null) throw workflowError(issues, options.file);
  return definition;
}
