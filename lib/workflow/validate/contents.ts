// Checks what fields hold: JSON Schemas that must compile.
import type { IssueList } from "../IssueList.ts";
import type { WorkflowDefinition } from "../types.ts";
export function checkContents(_definition: WorkflowDefinition, _issues: IssueList): void {}
