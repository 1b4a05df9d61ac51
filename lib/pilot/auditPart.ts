// An audit row about an execution as a part of its unit.
import { createAuditRow, type AuditRow } from "../audit/AuditRow.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { systemClock } from "../core/clock.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";
import type { UnitPart } from "../db/UnitPart.ts";

export interface AuditFacts {
  readonly entityType: string;
  readonly entityId?: string;
  readonly actor?: string;
  readonly details?: JsonValue;
}

export function auditPart(
  execution: { readonly id: string; readonly workspaceId: WorkspaceId },
  event: keyof typeof AUDIT_EVENTS,
  facts: AuditFacts,
  nowMs: number = systemClock.nowMs(),
): UnitPart<AuditRow> {
  return {
    kind: "audit",
    rows: [createAuditRow({ workspaceId: execution.workspaceId, executionId: execution.id, action: AUDIT_EVENTS[event], ...facts }, nowMs)],
  };
}
