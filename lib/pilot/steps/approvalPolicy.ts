// What answers amount to: approved, rejected, or not decided yet. Pure; who is asked and until when is humanApproval.ts.
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { StepOf } from "../../workflow/types.ts";
import { approvalKey } from "../ApprovalStore.ts";
import type { ExecutionState } from "../ExecutionState.ts";

export type Verdict = "approved" | "rejected";

export interface ApprovalAnswer {
  readonly approver: string;
  readonly decision: "approve" | "reject";
  readonly comment: string | null;
  /** ISO 8601. */
  readonly at: string;
}

export interface AnswersWanted {
  readonly path: string;
  readonly approvers: readonly string[];
  readonly requireComment: boolean;
  /** Later answers do not count: the time-out was due first. */
  readonly expiresAtMs: number | null;
}

/** Answers that count, oldest first. */
export function answersOf(
  { signals }: Pick<ExecutionState, "signals">,
  { path, approvers, requireComment, expiresAtMs }: AnswersWanted,
): ApprovalAnswer[] {
  const answers = approvers.flatMap((approver): ApprovalAnswer[] => {
    const signal = signals.get(approvalKey(path, approver));
    if (signal === undefined || (expiresAtMs !== null && signal.createdAt.getTime() > expiresAtMs)) return [];
    const payload = JSON.parse(signal.payload) as JsonValue;
    if (!isJsonObject(payload) || (payload["decision"] !== "approve" && payload["decision"] !== "reject")) return [];
    const comment = typeof payload["comment"] === "string" && payload["comment"].trim() !== "" ? payload["comment"] : null;
    if (requireComment && comment === null) return [];
    return [{ approver, decision: payload["decision"], comment, at: signal.createdAt.toISOString() }];
  });
  return answers.sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
}

/**
 * `any`: the first answer decides. `all`: one reject is enough to reject. `majority`: more than half of those asked, either
 * way; rejected as soon as an approving majority cannot come about any more.
 */
export function decideApproval(
  type: StepOf<"human_approval">["approvalType"],
  approvers: number,
  answers: readonly ApprovalAnswer[],
): Verdict | null {
  const [first] = answers;
  const approvals = answers.filter(({ decision }) => decision === "approve").length;
  const rejections = answers.length - approvals;
  if (type === "any") return first === undefined ? null : first.decision === "approve" ? "approved" : "rejected";
  if (type === "all") return rejections > 0 ? "rejected" : approvals === approvers ? "approved" : null;
  if (approvals * 2 > approvers) return "approved";
  return (approvers - rejections) * 2 <= approvers ? "rejected" : null;
}
