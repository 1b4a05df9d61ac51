// Reads and writes audit_trail. Rows made by createAuditRow; a step's rows go into its unit through auditWriter, others through AuditTrailService.
import type { Queryable } from "../db/Database.ts";
import { bindRows } from "../db/bindRows.ts";
import type { PartWriter } from "../db/UnitPart.ts";
import type { WorkspaceId } from "../core/ids.ts";
import { decodeJson, type JsonValue } from "../core/json.ts";
import type { AuditRow } from "./AuditRow.ts";
import type { AuditSeverity } from "./events.ts";

/** Column, SQL type, where its value is in a row, and whether rows of one batch mostly share it. */
const COLUMNS: readonly (readonly [name: string, type: string, pick: (row: AuditRow) => unknown, repeats: boolean])[] = [
  ["id", "uuid", (row) => row.id, false],
  ["workspace_id", "uuid", (row) => row.workspaceId, true],
  ["execution_id", "uuid", (row) => row.executionId, false],
  ["actor_id", "text", (row) => row.actor, true],
  ["action", "text", (row) => row.action, true],
  ["entity_type", "text", (row) => row.entityType, true],
  ["entity_id", "text", (row) => row.entityId, false],
  ["severity", "text", (row) => row.severity, true],
  ["details", "bytea", (row) => row.details, true],
  ["at_ms", "float8", (row) => row.atMs, false],
];

/** On the hot path, one row per step: one CTE, no join, no returning. A fact, so rows of a lost execution are kept too. */
export const auditWriter: PartWriter<AuditRow> = {
  kind: "audit",
  acceptance: "fact",
  fragments(rows, binder) {
    const source = bindRows(
      binder,
      "r",
      COLUMNS.map(([name, type, pick, repeats]) => ({ name, type, values: rows.map(pick), repeats })),
    );
    const value = (name: string): string => source.column(name);
    return [
      {
        name: "audit_inserted",
        sql: `INSERT INTO audit_trail (id, workspace_id, execution_id, actor_id, action, entity_type, entity_id, severity, details, created_at)
         SELECT ${["id", "workspace_id", "execution_id", "actor_id", "action", "entity_type", "entity_id", "severity", "details"].map(value).join(", ")},
                to_timestamp(${value("at_ms")} / 1000.0)
         FROM ${source.from}${binder.isReplay === false ? "" : " ON CONFLICT (id) DO NOTHING"}`,
      },
    ];
  },
};

export interface AuditFilter {
  readonly workspaceId: WorkspaceId;
  readonly executionId?: string;
  /** Exact actions; a text ending in `.` is a group: `budget.`. */
  readonly actions?: readonly string[];
  readonly severities?: readonly AuditSeverity[];
  readonly sinceMs?: number;
  /** Id of the last row of the page before. */
  readonly before?: string;
  /** 1 to 1 000. @defaultValue 100 */
  readonly limit?: number;
}

export interface AuditRecord {
  readonly id: string;
  readonly at: Date;
  readonly executionId: string | null;
  readonly actor: string | null;
  readonly action: string;
  readonly entityType: string;
  readonly entityId: string | null;
  readonly severity: AuditSeverity;
  readonly details: JsonValue;
}

interface StoredRow {
  readonly id: string;
  readonly created_at: Date;
  readonly execution_id: string | null;
  readonly actor_id: string | null;
  readonly action: string;
  readonly entity_type: string;
  readonly entity_id: string | null;
  readonly severity: AuditSeverity;
  readonly details: Buffer | null;
}

const MAX_LISTED = 1_000;

/**
 * Newest first. Of one execution: index audit_trail_execution; otherwise the primary key, backwards. Rows commit out of
 * id order, so a page is a view for people, not a feed to follow.
 */
export async function listAudit(db: Queryable, filter: AuditFilter): Promise<readonly AuditRecord[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [`workspace_id = ${bind(filter.workspaceId)}`];
  if (filter.executionId !== undefined) conditions.push(`execution_id = ${bind(filter.executionId)}`);
  if (filter.before !== undefined) conditions.push(`id < ${bind(filter.before)}`);
  if (filter.sinceMs !== undefined) conditions.push(`created_at >= to_timestamp(${bind(filter.sinceMs)}::float8 / 1000.0)`);
  if (filter.severities !== undefined) conditions.push(`severity = ANY(${bind(filter.severities)}::text[])`);
  if (filter.actions !== undefined) {
    const patterns = filter.actions.map((action) => action.replace(/[\\%_]/g, "\\$&") + (action.endsWith(".") ? "%" : ""));
    conditions.push(`action LIKE ANY(${bind(patterns)}::text[])`);
  }
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 100), 1), MAX_LISTED);
  const { rows } = await db.query<StoredRow>(
    `SELECT id, created_at, execution_id, actor_id, action, entity_type, entity_id, severity, details
     FROM audit_trail WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ${bind(limit)}`,
    values,
  );
  return rows.map(toRecord);
}

function toRecord(row: StoredRow): AuditRecord {
  return {
    id: row.id,
    at: row.created_at,
    executionId: row.execution_id,
    actor: row.actor_id,
    action: row.action,
    entityType: row.entity_type,
    entityId: row.entity_id,
    severity: row.severity,
    details: row.details === null ? null : decodeJson(row.details),
  };
}
