// Stored workflows for sub_workflow steps: found and pinned when an execution starts, read by hash from then on.
import { findAgent } from "../agents/AgentStore.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Database } from "../db/Database.ts";
import { DocumentCache } from "../pilot/DocumentStore.ts";
import type { LoadWorkflow } from "../pilot/types.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";

const documents = new DocumentCache();

/** A workflow that is changed while an execution waits does not change that execution. */
export function loadAgentWorkflow(db: Database): LoadWorkflow {
  return async (state, nameOrId) => {
    const hash = state.snapshot.subWorkflows[nameOrId];
    return hash === undefined ? null : readWorkflow(db, state.workspaceId, hash);
  };
}

/**
 * Every stored workflow that this one names, and that those name in turn.
 *
 * @throws AppError `NOT_FOUND` for an agent that the workspace does not have
 */
export async function pinSubWorkflows(
  db: Database,
  workspaceId: WorkspaceId,
  definition: WorkflowDefinition,
): Promise<Record<string, string>> {
  const pinned: Record<string, string> = {};
  const open = [definition];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { step } of walkSteps(next)) {
      if (step.type !== "sub_workflow" || step.workflowId === undefined || Object.hasOwn(pinned, step.workflowId)) continue;
      const hash = (await findAgent(db, workspaceId, step.workflowId))?.definitionHash ?? null;
      if (hash === null) throw missing(step.id, step.workflowId);
      pinned[step.workflowId] = hash.toString("hex");
      open.push(await readWorkflow(db, workspaceId, hash.toString("hex")));
    }
  }
  return pinned;
}

async function readWorkflow(db: Database, workspaceId: WorkspaceId, hash: string): Promise<WorkflowDefinition> {
  return (await documents.load(db, workspaceId, Buffer.from(hash, "hex"))) as unknown as WorkflowDefinition;
}

function missing(step: string, agent: string): AppError {
  return new AppError("NOT_FOUND", `step ${step}: there is no agent "${agent}" with a workflow in this workspace`, {
    details: { step, field: "workflowId", got: agent },
    hint: "run that workflow's file once, or name one that `agents ls` shows",
  });
}
