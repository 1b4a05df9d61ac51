// Approvals as people see and answer them. Who may answer, and with what, is checked here; deciding is the step's (pilot/steps/humanApproval).
import { AppError } from "../core/errors.ts";
import { approvalKey, listApprovals as listStored, loadApproval } from "../pilot/ApprovalStore.ts";
import type { ExecutionControl } from "../pilot/ExecutionControl.ts";
import type { ApprovalReport } from "../systemApi.ts";
import type { SystemParts } from "./SystemParts.ts";

export async function listApprovals(
  { engine, config }: SystemParts,
  filter: { readonly executionId?: string; readonly all?: boolean },
): Promise<readonly ApprovalReport[]> {
  return listStored(engine.db, config.workspaceId, filter);
}

/**
 * One answer per approver, the first one stands.
 *
 * @throws AppError `NOT_FOUND`, `USAGE` (not an approver, comment missing), `ALREADY_ANSWERED`, `CONFLICT`
 */
export async function answerApproval(
  parts: SystemParts,
  control: ExecutionControl,
  {
    id,
    approver,
    decision,
    comment,
  }: { readonly id: string; readonly approver: string; readonly decision: "approve" | "reject"; readonly comment?: string },
): Promise<ApprovalReport> {
  const { engine, config } = parts;
  const approval = await find(parts, id);
  if (!approval.approvers.includes(approver)) {
    throw new AppError("USAGE", `${approver} is not an approver of "${approval.title}"`, {
      details: { expected: approval.approvers.join(", "), got: approver },
      hint: "answer as one of them with --as WHO",
    });
  }
  if (approval.requireComment && (comment ?? "").trim() === "") {
    throw new AppError("USAGE", `"${approval.title}" asks for a comment`, { hint: "give one with --comment" });
  }
  if (approval.expiresAt !== null && Date.parse(approval.expiresAt) <= parts.clock.nowMs()) {
    throw new AppError("CONFLICT", `"${approval.title}" ran out of time at ${approval.expiresAt}`, {
      details: { approval: approval.id, expiresAt: approval.expiresAt },
    });
  }
  await control.signal(
    config.workspaceId,
    approval.executionId,
    { key: approvalKey(approval.path, approver), actor: approver, payload: { decision, comment: comment ?? null } },
    { event: "APPROVAL_ANSWERED", facts: { entityType: "approval", entityId: approval.path, actor: approver, details: { decision } } },
  );
  return (await loadApproval(engine.db, config.workspaceId, approval.id)) ?? approval;
}

/** By id, or by the beginning of exactly one pending approval's id. */
async function find({ engine, config }: SystemParts, id: string): Promise<ApprovalReport> {
  const exact = await loadApproval(engine.db, config.workspaceId, id).catch(() => null);
  if (exact !== null) return exact;
  const matches = (await listStored(engine.db, config.workspaceId, { all: true })).filter((approval) =>
    approval.id.startsWith(id.toLowerCase()),
  );
  const [match] = matches;
  if (match === undefined)
    throw new AppError("NOT_FOUND", `there is no approval ${id}`, { details: { approval: id }, hint: "list them with `approvals ls`" });
  if (matches.length > 1) throw new AppError("USAGE", `several approvals begin with ${id}`, { hint: "give more of the id" });
  return match;
}
