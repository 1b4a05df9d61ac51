// The plan's audit events in whole executions: each where it belongs, with what it is about, and none of them with the flags off.
import { describe, expect, test } from "vitest";
import { AUDIT_EVENTS } from "../../../lib/audit/events.ts";
import type { JsonObject } from "../../../lib/core/json.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true, intent_routing_enabled: true };

const parcels = Array.from({ length: 60 }, (_, index) => ({
  parcel: `P-${300 + index}`,
  state: index === 20 ? "damaged" : "delivered",
  tracking_url: `https://track.example.com/parcels/${300 + index}?lang=en&theme=dark&session=${index * 7717}`,
}));

const report = defineWorkflow({
  name: "parcel report",
  model: "openai/gpt-4o-mini",
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { parcels } },
    { id: "report", type: "ai_processing", prompt: "Summarize which parcels are damaged.", input: "{{read.parcels}}" },
  ],
});

async function withSystem<T>(work: (opened: TestSystem) => Promise<T>): Promise<T> {
  await using opened = await createTestSystem({ script: () => ({ text: "P-320 is damaged." }) });
  return await work(opened);
}

describe("Audit Integration", () => {
  test("has every event of orchestration with the step or execution it is about", async () => {
    await withSystem(async ({ system, run }) => {
      const { executionId } = await run({ definition: report, flags: ON });
      const rows = (await system.listAudit({ executionId })).filter(({ action }) => action.startsWith("orchestration."));
      const of = (action: string): (string | null)[] => rows.filter((row) => row.action === action).map(({ entityId }) => entityId);

      expect(of(AUDIT_EVENTS.ORCHESTRATION_INTENT_CLASSIFIED)).toEqual([executionId]);
      expect(of(AUDIT_EVENTS.ORCHESTRATION_TOKEN_BUDGET_ALLOCATED)).toEqual(["report"]);
      expect(of(AUDIT_EVENTS.ORCHESTRATION_TOKEN_COMPRESSED)).toEqual(["report"]);
      expect(new Set(of(AUDIT_EVENTS.ORCHESTRATION_HANDLER_EXECUTED))).toEqual(new Set(["read", "report"]));
    });
  });

  test("says what was decided, in figures", async () => {
    await withSystem(async ({ system, run }) => {
      const { executionId } = await run({ definition: report, flags: ON });
      const rows = await system.listAudit({ executionId });
      const details = (action: string): unknown => rows.find((row) => row.action === action)?.details;

      expect(details(AUDIT_EVENTS.ORCHESTRATION_INTENT_CLASSIFIED)).toMatchObject({ intents: { read: "extract", report: "summarize" } });
      const positive: unknown = expect.toSatisfy((value: number) => value > 0);
      expect(details(AUDIT_EVENTS.ORCHESTRATION_TOKEN_BUDGET_ALLOCATED)).toMatchObject({ mode: "on", committed: positive });
      expect(details(AUDIT_EVENTS.ORCHESTRATION_TOKEN_COMPRESSED)).toMatchObject({
        mode: "on",
        views: [{ of: "input", tokensIn: positive, tokensOut: positive, outcome: "ok" }],
      });
    });
  });

  test("holds nothing that a model or a tool said", async () => {
    await withSystem(async ({ system, run }) => {
      const { executionId } = await run({ definition: report, flags: ON });
      const text = JSON.stringify((await system.listAudit({ executionId })).filter(({ action }) => action.startsWith("orchestration.")));

      expect(text).not.toContain("P-320");
      expect(text).not.toContain("track.example.com");
    });
  });

  test("has none of them with the flags off", async () => {
    await withSystem(async ({ system, run }) => {
      const { executionId } = await run({ definition: report });

      expect((await system.listAudit({ executionId })).filter(({ action }) => action.startsWith("orchestration."))).toEqual([]);
    });
  });
});
