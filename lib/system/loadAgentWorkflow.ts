// The stored workflow of an agent, for sub_workflow steps: of the same workspace only.
import { findAgent } from "../agents/AgentStore.ts";
import type { Database } from "../db/Database.ts";
import { DocumentCache } from "../pilot/DocumentStore.ts";
import type { LoadWorkflow } from "../pilot/types.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";

export function loadAgentWorkflow(db: Database): LoadWorkflow {
  const documents = new DocumentCache();
  return async (state, nameOrId) => {
    const agent = await findAgent(db, state.workspaceId, nameOrId);
    if (agent?.definitionHash === undefined || agent.definitionHash === null) return null;
    return (await documents.load(db, state.workspaceId, agent.definitionHash)) as unknown as WorkflowDefinition;
  };
}
