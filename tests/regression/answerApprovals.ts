// People for the recorder: answers every approval of an execution as the step's metadata say, and waits for the end.
import { systemClock } from "../../lib/core/clock.ts";
import { isJsonObject, type JsonValue } from "../../lib/core/json.ts";
import type { ExecutionReport, System } from "../../lib/systemApi.ts";

interface Answer {
  readonly approver: string;
  readonly decision: "approve" | "reject";
  readonly comment: string;
}

/** Nobody may answer, and the step's time limit decides: looked at again after this time. */
const PAUSE_MS = 20;
const MAX_WAIT_MS = 60_000;

/**
 * `metadata: {answers: [{approver, decision}]}` says who answers what, in order; without it every approver approves.
 * An empty list: nobody answers, and the step's time limit decides.
 */
export async function answerApprovals(system: System, executionId: string): Promise<ExecutionReport> {
  const planned = answersByStep(await system.exportExecution(executionId));
  const answered = new Set<string>();
  const endMs = systemClock.monotonicMs() + MAX_WAIT_MS;
  while (systemClock.monotonicMs() < endMs) {
    const report = await system.wait(executionId);
    if (report.status !== "waiting" || report.waitingFor !== "approval") return report;
    for (const { id, path, approvers, approvalType } of await system.listApprovals({ executionId })) {
      // An escalation asks other people under the same id.
      const asked = `${id} ${approvers.join(",")}`;
      if (answered.has(asked)) continue;
      answered.add(asked);
      const step = path.slice(path.lastIndexOf(".") + 1);
      // Not one more than it takes: whether a late answer still counts would be a matter of time.
      const needed = approvalType === "any" ? 1 : approvalType === "all" ? approvers.length : Math.floor(approvers.length / 2) + 1;
      const byDefault = approvers.slice(0, needed).map((approver): Answer => ({ approver, decision: "approve", comment: "checked" }));
      for (const answer of planned.get(step) ?? byDefault) {
        if (approvers.includes(answer.approver)) await system.answerApproval({ id, ...answer });
      }
    }
    await systemClock.sleep(PAUSE_MS);
  }
  throw new Error(`execution ${executionId} still waits for approvals after ${MAX_WAIT_MS} ms`);
}

function answersByStep(exported: JsonValue): Map<string, readonly Answer[]> {
  const found = new Map<string, readonly Answer[]>();
  visit(isJsonObject(exported) ? (exported["definition"] ?? null) : null, found);
  return found;
}

function visit(value: JsonValue, found: Map<string, readonly Answer[]>): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) visit(item, found);
    return;
  }
  if (!isJsonObject(value)) return;
  const { id, type, metadata } = value;
  if (type === "human_approval" && typeof id === "string" && isJsonObject(metadata) && Array.isArray(metadata["answers"])) {
    found.set(
      id,
      (metadata["answers"] as unknown as readonly Partial<Answer>[]).map(
        ({ approver = "", decision = "approve", comment = "checked" }) => ({ approver, decision, comment }),
      ),
    );
  }
  for (const member of Object.values(value)) if (member !== undefined) visit(member, found);
}
