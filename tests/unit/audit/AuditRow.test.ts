import { describe, expect, test } from "vitest";
import { createAuditRow, MAX_DETAILS_CHARACTERS } from "../../../lib/audit/AuditRow.ts";
import { AUDIT_EVENTS, isAuditEvent, severityOf } from "../../../lib/audit/events.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";

const base = { workspaceId: DEFAULT_WORKSPACE_ID, action: AUDIT_EVENTS.BUDGET_OVERRUN, entityType: "budget" } as const;

describe("createAuditRow", () => {
  test("takes the event's own severity unless told otherwise, and a time-ordered id", () => {
    const row = createAuditRow(base, 1_700_000_000_000);

    expect(row).toMatchObject({ severity: "critical", atMs: 1_700_000_000_000, executionId: null, details: null });
    expect(row.id.slice(0, 13)).toBe("018bcfe5-6800");
    expect(createAuditRow({ ...base, severity: "info" }, 1).severity).toBe("info");
  });

  test("masks secrets in details", () => {
    const row = createAuditRow({ ...base, details: { apiKey: "abc", note: "Bearer abcdefghijklmnop", usedTokens: 5 } }, 1);

    expect(row.details).toBe('{"apiKey":"[masked]","note":"Bearer [masked]","usedTokens":5}');
  });

  test("says how long details were that are no facts any more", () => {
    const row = createAuditRow({ ...base, details: { text: "x".repeat(MAX_DETAILS_CHARACTERS) } }, 1);

    expect(row.details).toMatch(/^\{"omitted":"details too long","characters":\d+\}$/);
  });

  test("takes NUL out of what goes into text columns", () => {
    expect(createAuditRow({ ...base, entityId: "a\0b", actor: "\0" }, 1)).toMatchObject({ entityId: "a\u{FFFD}b", actor: "\u{FFFD}" });
  });
});

describe("AUDIT_EVENTS", () => {
  test("holds the plan's five under their names and values", () => {
    expect(AUDIT_EVENTS).toMatchObject({
      ORCHESTRATION_INTENT_CLASSIFIED: "orchestration.intent_classified",
      ORCHESTRATION_TOKEN_BUDGET_ALLOCATED: "orchestration.token_budget_allocated",
      ORCHESTRATION_TOKEN_COMPRESSED: "orchestration.token_compressed",
      ORCHESTRATION_HANDLER_EXECUTED: "orchestration.handler_executed",
      ORCHESTRATION_AIS_ROUTED: "orchestration.ais_routed",
    });
  });

  test("has values of the form subject.past_verb, each once", () => {
    const values = Object.values(AUDIT_EVENTS);

    expect(values.filter((value) => !/^[a-z]+\.[a-z_]+$/.test(value))).toEqual([]);
    expect(new Set(values).size).toBe(values.length);
    expect(values.every(isAuditEvent)).toBe(true);
    expect(isAuditEvent("budget.stolen")).toBe(false);
  });

  test("raises failures to warning and lost money to critical", () => {
    expect([severityOf("pilot.step_executed"), severityOf("pilot.step_failed"), severityOf("effect.uncertain")]).toEqual([
      "info",
      "warning",
      "critical",
    ]);
  });
});
