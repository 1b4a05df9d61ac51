// The audit row of a changed flag, in the transaction that changes it.
import { createAuditRow } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import type { Clock } from "../core/clock.ts";
import type { JsonValue } from "../core/json.ts";
import { writeFacts } from "../db/UnitPart.ts";
import type { FlagAuditor } from "../flags/SystemConfigStore.ts";

export function auditFlagChange(clock: Clock): FlagAuditor {
  return async (tx, { workspaceId, key, before, after, scope, actor }) => {
    const details: JsonValue = { before: before as JsonValue, after: after as JsonValue, scope };
    const row = createAuditRow(
      { workspaceId, action: AUDIT_EVENTS.FLAG_CHANGED, entityType: "flag", entityId: key, actor, details },
      clock.nowMs(),
    );
    await writeFacts(tx, auditWriter, [row]);
  };
}
