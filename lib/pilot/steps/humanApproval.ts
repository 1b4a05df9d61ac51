// `human_approval`: asks people once and waits without holding a worker. Answers are signals of the execution; here they are counted, and time-outs kept.
import { AppError } from "../../core/errors.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import { auditPart } from "../auditPart.ts";
import type { StepOutcome, StepPerformer } from "../types.ts";
import { answersOf, decideApproval, type ApprovalAnswer, type Verdict } from "./approvalPolicy.ts";
import { createRequest, recordedRequest, requestPart, waitFor, type ApprovalContext, type ApprovalRequest } from "./approvalRequest.ts";
import { notifyApprovers } from "./notifyApprovers.ts";

export const performHumanApproval: StepPerformer<"human_approval"> = async (context) => {
  const request = recordedRequest(context);
  if (request === null) return begin(context);
  const ended = endByAnswers(context, request, []);
  if (ended !== null) return ended;
  const isExpired = request.expiresAtMs !== null && request.expiresAtMs <= context.services.clock.nowMs();
  if (!isExpired) return { status: "waiting", waits: [waitFor(context, request)] };
  return afterTimeout(context, request);
};

async function begin(context: ApprovalContext): Promise<StepOutcome> {
  const made = createRequest(context);
  const warnings = await notifyApprovers(context, made, "notify");
  if (warnings === null) return { status: "halted" };
  const request = { ...made, warnings };
  const audit = audited(context, "APPROVAL_REQUESTED", {
    approvalId: request.id,
    approvers: request.approvers,
    approvalType: context.step.approvalType,
  });
  return { status: "waiting", waits: [waitFor(context, request)], parts: [requestPart(context, request, null), audit] };
}

function endByAnswers(context: ApprovalContext, request: ApprovalRequest, parts: readonly UnitPart[]): StepOutcome | null {
  const { step, path, state, services } = context;
  const { approvers, expiresAtMs } = request;
  const answers = answersOf(state, { path, approvers, requireComment: step.requireComment === true, expiresAtMs });
  const verdict = decideApproval(step.approvalType, approvers.length, answers);
  if (verdict === null) return null;
  const ended = requestPart(context, request, { status: verdict, atMs: services.clock.nowMs() });
  return outcomeOf(context, request, { verdict, answers, isTimedOut: false, parts: [...parts, ended] });
}

async function afterTimeout(context: ApprovalContext, request: ApprovalRequest): Promise<StepOutcome> {
  const { step, path, state, services } = context;
  const nowMs = services.clock.nowMs();
  const timedOut = audited(context, "APPROVAL_TIMED_OUT", {
    approvalId: request.id,
    onTimeout: step.onTimeout,
    isEscalated: request.escalatedAtMs !== null,
  });
  if (step.onTimeout === "escalate" && request.escalatedAtMs === null && request.escalateTo.length > 0)
    return escalate(context, request, timedOut);
  const verdict: Verdict = step.onTimeout === "approve" ? "approved" : "rejected";
  const answers = answersOf(state, {
    path,
    approvers: request.approvers,
    requireComment: step.requireComment === true,
    expiresAtMs: request.expiresAtMs,
  });
  const parts = [requestPart(context, request, { status: "timeout", atMs: nowMs }), timedOut];
  return outcomeOf(context, request, { verdict, answers, isTimedOut: true, parts });
}

/** Others are asked, for as long again. What one of them said before counts. */
async function escalate(context: ApprovalContext, request: ApprovalRequest, timedOut: UnitPart): Promise<StepOutcome> {
  const { step, services } = context;
  const nowMs = services.clock.nowMs();
  const escalated: ApprovalRequest = {
    ...request,
    approvers: request.escalateTo,
    escalatedAtMs: nowMs,
    expiresAtMs: step.timeout === undefined ? null : nowMs + step.timeout,
  };
  const parts = [
    timedOut,
    audited(context, "APPROVAL_ESCALATED", { approvalId: request.id, from: request.approvers, to: escalated.approvers }),
  ];
  const ended = endByAnswers(context, escalated, parts);
  if (ended !== null) return ended;
  const warnings = await notifyApprovers(context, escalated, "escalate");
  if (warnings === null) return { status: "halted" };
  const waiting = { ...escalated, warnings: [...request.warnings, ...warnings.filter((warning) => !request.warnings.includes(warning))] };
  return { status: "waiting", waits: [waitFor(context, waiting)], parts: [requestPart(context, waiting, null), ...parts] };
}

interface Ending {
  readonly verdict: Verdict;
  readonly answers: readonly ApprovalAnswer[];
  readonly isTimedOut: boolean;
  readonly parts: readonly UnitPart[];
}

function outcomeOf(
  { step, path }: ApprovalContext,
  request: ApprovalRequest,
  { verdict, answers, isTimedOut, parts }: Ending,
): StepOutcome {
  const output = {
    approved: verdict === "approved",
    decision: verdict,
    answers: answers.map((answer) => ({ ...answer })),
    timedOut: isTimedOut,
  };
  const facts = request.warnings.length === 0 ? {} : { warnings: request.warnings };
  // With continueOnError the answer is data for what follows; otherwise nothing that needed it may go on.
  if (verdict === "approved" || step.continueOnError === true) return { status: "completed", output, facts, parts };
  const rejection = answers.findLast(({ decision }) => decision === "reject");
  const comment = rejection?.comment === null || rejection === undefined ? "" : `: "${rejection.comment}"`;
  const why = isTimedOut || rejection === undefined ? "nobody decided in time" : `rejected by ${rejection.approver}${comment}`;
  const error = new AppError("APPROVAL_REJECTED", `step ${path}: ${request.title}: ${why}`, {
    details: { step: path, approvalId: request.id, ...output },
  });
  return { status: "failed", error, facts, parts };
}

function audited(
  { state, path, services }: ApprovalContext,
  event: "APPROVAL_REQUESTED" | "APPROVAL_TIMED_OUT" | "APPROVAL_ESCALATED",
  details: Readonly<Record<string, string | boolean | readonly string[]>>,
): UnitPart {
  return auditPart(state, event, { entityType: "approval", entityId: path, details }, services.clock.nowMs());
}
