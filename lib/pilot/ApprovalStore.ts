// SQL of workflow_approval_requests: what people are asked, for listing and answering. The step's row decides; this is what is shown.
import { decodeJson, type JsonValue } from "../core/json.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable } from "../db/Database.ts";
import type { Fragment, PartWriter } from "../db/UnitPart.ts";
import type { ApprovalReport } from "../systemApi.ts";

export type ApprovalStatus = "pending" | "approved" | "rejected" | "timeout";

export interface ApprovalRow {
  readonly id: string;
  readonly executionId: string;
  readonly stepPath: string;
  readonly title: string;
  readonly message: string | null;
  /** JSON text. */
  readonly context: string | null;
  readonly approvers: readonly string[];
  readonly approvalType: ApprovalReport["approvalType"];
  readonly requireComment: boolean;
  readonly status: ApprovalStatus;
  readonly timeoutAction: "approve" | "reject" | "escalate";
  readonly escalateTo: readonly string[];
  readonly escalatedAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly resolvedAtMs: number | null;
}

/** The key under which an approver's answer is stored: one per person and request, the first stands. */
export function approvalKey(stepPath: string, approver: string): string {
  return `approval:${stepPath}:${approver}`;
}

/** What is stored of an answer. */
export interface ApprovalPayload {
  readonly decision: "approve" | "reject";
  readonly comment: string | null;
}

export const approvalWriter: PartWriter<ApprovalRow> = {
  kind: "approvals",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const column = (pick: (row: ApprovalRow) => unknown, cast: string): string => binder.bind(rows.map(pick), cast);
    const time = (pick: (row: ApprovalRow) => number | null): string => column((row) => toIso(pick(row)), "timestamptz[]");
    const sources = [
      column((row) => row.executionId, "uuid[]"),
      column((row) => row.stepPath, "text[]"),
      column((row) => row.id, "uuid[]"),
      column((row) => row.title, "text[]"),
      column((row) => row.message, "text[]"),
      column((row) => (row.context === null ? null : Buffer.from(row.context, "utf8")), "bytea[]"),
      // Lists of different lengths do not fit one two-dimensional array.
      column((row) => JSON.stringify(row.approvers), "text[]"),
      column((row) => row.approvalType, "text[]"),
      column((row) => row.requireComment, "boolean[]"),
      column((row) => row.status, "text[]"),
      column((row) => row.timeoutAction, "text[]"),
      column((row) => JSON.stringify(row.escalateTo), "text[]"),
      time((row) => row.escalatedAtMs),
      time((row) => row.expiresAtMs),
      time((row) => row.createdAtMs),
      time((row) => row.resolvedAtMs),
    ].join(", ");
    return [
      {
        name: "approvals_written",
        // What was asked never changes; who is asked, until when, and how it ended do. An ended request stays as it ended.
        sql: `INSERT INTO workflow_approval_requests AS held
            (execution_id, step_path, id, title, message, context, approvers, approval_type, require_comment, status, timeout_action, escalate_to,
             escalated_at, expires_at, created_at, resolved_at)
          SELECT f.id, u.step_path, u.id, u.title, u.message, u.context, ${textList("approvers")}, u.approval_type, u.require_comment, u.status, u.timeout_action,
             ${textList("escalate_to")}, u.escalated_at, u.expires_at, u.created_at, u.resolved_at
          FROM unnest(${sources}) AS u(execution_id, step_path, id, title, message, context, approvers, approval_type, require_comment, status,
             timeout_action, escalate_to, escalated_at, expires_at, created_at, resolved_at)
          JOIN fence f ON f.id = u.execution_id
          ON CONFLICT (execution_id, step_path) DO UPDATE SET status = excluded.status, approvers = excluded.approvers,
             escalated_at = excluded.escalated_at, expires_at = excluded.expires_at, resolved_at = excluded.resolved_at
          WHERE held.status = 'pending'`,
      },
    ];
  },
};

function textList(name: string): string {
  return `ARRAY(SELECT jsonb_array_elements_text(u.${name}::jsonb))`;
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

export interface ApprovalFilter {
  readonly executionId?: string;
  /** Ended ones too. */
  readonly all?: boolean;
}

/** Newest first, 200 at most; only requests whose execution still waits, unless `all`. */
export async function listApprovals(
  db: Queryable,
  workspaceId: WorkspaceId,
  { executionId, all = false }: ApprovalFilter = {},
): Promise<ApprovalReport[]> {
  return select(
    db,
    `e.workspace_id = $1 AND ($2::uuid IS NULL OR a.execution_id = $2)
       AND ($3 OR (a.status = 'pending' AND e.status IN ('queued', 'running', 'suspended', 'uncertain')))`,
    [workspaceId, executionId ?? null, all],
  );
}

/** null when the workspace has no such request. */
export async function loadApproval(db: Queryable, workspaceId: WorkspaceId, id: string): Promise<ApprovalReport | null> {
  const [found] = await select(db, "e.workspace_id = $1 AND a.id = $2", [workspaceId, id]);
  return found ?? null;
}

interface ApprovalRecord {
  readonly id: string;
  readonly execution_id: string;
  readonly step_path: string;
  readonly title: string;
  readonly message: string | null;
  readonly context: Buffer | null;
  readonly approvers: string[];
  readonly approval_type: ApprovalReport["approvalType"];
  readonly require_comment: boolean;
  readonly status: ApprovalStatus;
  readonly expires_at: Date | null;
}

async function select(db: Queryable, where: string, values: readonly unknown[]): Promise<ApprovalReport[]> {
  const { rows } = await db.query<ApprovalRecord>(
    `SELECT a.id, a.execution_id, a.step_path, a.title, a.message, a.context, a.approvers, a.approval_type, a.require_comment, a.status, a.expires_at
     FROM workflow_approval_requests a JOIN workflow_executions e ON e.id = a.execution_id
     WHERE ${where} ORDER BY a.created_at DESC, a.id DESC LIMIT 200`,
    [...values],
  );
  if (rows.length === 0) return [];
  const answers = await loadAnswers(db, [...new Set(rows.map((row) => row.execution_id))]);
  return rows.map((row) => toReport(row, answers));
}

interface StoredAnswer {
  readonly executionId: string;
  readonly key: string;
  readonly payload: ApprovalPayload;
  readonly at: string;
}

async function loadAnswers(db: Queryable, executionIds: readonly string[]): Promise<StoredAnswer[]> {
  const { rows } = await db.query<{ execution_id: string; key: string; payload: Buffer; created_at: Date }>(
    `SELECT execution_id, key, payload, created_at FROM execution_signals
     WHERE execution_id = ANY($1::uuid[]) AND key LIKE 'approval:%' ORDER BY created_at, key`,
    [executionIds],
  );
  return rows.map((row) => ({
    executionId: row.execution_id,
    key: row.key,
    payload: decodeJson(row.payload) as unknown as ApprovalPayload,
    at: row.created_at.toISOString(),
  }));
}

function toReport(row: ApprovalRecord, answers: readonly StoredAnswer[]): ApprovalReport {
  // Paths hold no colon, so one path's prefix is never another's.
  const prefix = approvalKey(row.step_path, "");
  const own = answers.filter(({ executionId, key }) => executionId === row.execution_id && key.startsWith(prefix));
  const context: JsonValue = row.context === null ? null : decodeJson(row.context);
  return {
    id: row.id,
    executionId: row.execution_id,
    path: row.step_path,
    title: row.title,
    message: row.message,
    context,
    approvers: row.approvers,
    approvalType: row.approval_type,
    requireComment: row.require_comment,
    status: row.status,
    expiresAt: row.expires_at?.toISOString() ?? null,
    answers: own.map(({ key, payload, at }) => ({
      approver: key.slice(prefix.length),
      decision: payload.decision,
      comment: payload.comment,
      at,
    })),
  };
}
