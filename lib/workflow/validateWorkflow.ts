// What the schema cannot say: checks over several steps, by subject. Gives defects, never throws for one.
import { checkNames } from "./validate/names.ts";
import { checkPlugins } from "./validate/plugins.ts";
import { checkSchemas } from "./validate/schemas.ts";
import { checkStructure } from "./validate/structure.ts";
import { checkTransforms } from "./validate/transforms.ts";
import { IssueList } from "./validate/IssueList.ts";
import { addSecretIssues } from "./validate/secrets.ts";
import type { PluginCatalog, WorkflowDefinition, WorkflowIssue } from "./types.ts";

/** Every defect of a definition that fits the schema, secrets included. For a definition without a file: no lines. */
export function validateWorkflow(definition: WorkflowDefinition, catalog?: PluginCatalog): WorkflowIssue[] {
  const issues = new IssueList(definition);
  addSecretIssues(definition, issues);
  addSemanticIssues(definition, issues, catalog);
  return issues.toArray();
}

export function addSemanticIssues(definition: WorkflowDefinition, issues: IssueList, catalog?: PluginCatalog): void {
  checkStructure(definition, issues);
  checkNames(definition, issues);
  checkTransforms(definition, issues);
  checkSchemas(definition, issues);
  checkPlugins(definition, issues, catalog);
}
