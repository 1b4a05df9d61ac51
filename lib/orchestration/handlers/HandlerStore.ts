// SQL of `orchestration_handlers`, the plan's table. Read only while routing by intent is not off.
import type { Queryable } from "../../db/Database.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { HandlerRow } from "./handlerRows.ts";

interface StoredRow {
  readonly intent: string;
  readonly handler_class: string;
  readonly optimization_level: string | null;
  readonly enabled: boolean | null;
}

/** Rows for all workspaces, each overruled by the workspace's own. */
export async function loadHandlerRows(db: Queryable, workspaceId: WorkspaceId): Promise<readonly HandlerRow[]> {
  const { rows } = await db.query<StoredRow>(
    `SELECT intent, handler_class, optimization_level, enabled FROM orchestration_handlers
     WHERE workspace_id IS NULL OR workspace_id = $1
     ORDER BY (workspace_id IS NULL) DESC, intent`,
    [workspaceId],
    "handler_rows",
  );
  const byIntent = new Map(rows.map((row) => [row.intent, row]));
  return [...byIntent.values()].map((row) => ({
    intent: row.intent,
    handlerClass: row.handler_class,
    optimizationLevel: row.optimization_level ?? "standard",
    isEnabled: row.enabled ?? true,
  }));
}
