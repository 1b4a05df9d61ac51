// Models chosen by the agent's intensity score, in whole executions: what is called, whose wish wins, what is recorded.
import { describe, expect, test } from "vitest";
import { AUDIT_EVENTS } from "../../../lib/audit/events.ts";
import type { JsonObject } from "../../../lib/core/json.ts";
import { readStoredRoute } from "../../../lib/orchestration/routing/storedRoute.ts";
import { replayRoute } from "../../../lib/orchestration/routing/decideRoute.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";

const ON: JsonObject = { ais_routing_enabled: true };
const OBSERVE: JsonObject = { ais_routing_enabled: "observe" };
const MODELS = ["gpt-4o", "gpt-4o-mini", "gpt-5"];
/** What is called where nobody names a model and nothing is routed. */
const env = { NEURONFORGE_MODEL: "openai/gpt-4o" };

const write = (id: string, extra: object = {}): WorkflowStepInput => ({ id, type: "ai_processing", prompt: `Write ${id}`, ...extra });
const small = defineWorkflow({ name: "small", steps: [write("greeting"), write("goodbye", { model: "openai/gpt-5" })] });

async function withSystem<T>(work: (test: TestSystem) => Promise<T>): Promise<T> {
  await using system = await createTestSystem({ env, models: MODELS, script: () => ({ text: "Good morning" }) });
  return await work(system);
}

const called = ({ model }: TestSystem): readonly string[] => model.requests.splice(0).map((request) => request.model);

describe("AIS Routing Integration", () => {
  test("coordinates with per-step routing", async () => {
    await withSystem(async (test) => {
      const on = await test.run({ definition: small, flags: ON });
      const byScore = called(test);
      const handled = await test.run({ definition: small, flags: { ...ON, intent_routing_enabled: true } });
      const withHandlers = called(test);
      const governed = await test.run({ definition: small, flags: { ...ON, token_governance_enabled: true } });
      const withBudgets = called(test);
      await test.run({ definition: small });

      expect([on, handled, governed].map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
      // A small agent's score is low: the fast tier's model. The step that names its own keeps it.
      for (const models of [byScore, withHandlers, withBudgets]) expect(models).toEqual(["gpt-4o-mini", "gpt-5"]);
      expect(called(test)).toEqual(["gpt-4o", "gpt-5"]);
      expect(handled.steps.map(({ handler }) => handler)).toEqual(["GenerateHandler", "GenerateHandler"]);
    });
  });

  test("respects user model preferences", async () => {
    await withSystem(async (test) => {
      const named = { ...small, name: "named", model: "openai/gpt-5" };
      await test.run({ definition: named, flags: ON });
      expect(called(test)).toEqual(["gpt-5", "gpt-5"]);

      const gone = await test
        .run({ definition: { ...named, name: "gone", model: "openai/gpt-0" }, flags: ON })
        .catch((error: unknown) => error);
      const direct = await test.run({ definition: { ...named, name: "gone", model: "openai/gpt-0" } }).catch((error: unknown) => error);
      // A name that nothing serves is the same error with and without routing, not another model in silence.
      expect(gone).toMatchObject(
        direct instanceof Error ? { code: (direct as Error & { code: string }).code } : { status: (direct as { status: string }).status },
      );
    });
  });

  test("keeps one model through a tool loop", async () => {
    const asks = (call: number) => ({ toolCalls: [{ name: "probe__read", arguments: { call } }] });
    await using test = await createTestSystem({
      models: MODELS,
      script: (_request, index) => (index < 2 ? asks(index) : { text: "done" }),
    });
    const looped = defineWorkflow({
      name: "looped",
      steps: [{ id: "find", type: "llm_decision", prompt: "Find it", plugins: ["probe"] }],
    });
    const report = await test.run({ definition: looped, flags: ON });

    expect(report).toMatchObject({ status: "completed" });
    expect(called(test)).toEqual(["gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini"]);
  });

  test("tracks routing decisions", async () => {
    await withSystem(async ({ system, db, run, model }) => {
      const on = await run({ definition: small, flags: ON });
      const observed = await run({ definition: small, flags: OBSERVE });
      const off = await run({ definition: small });
      const { rows } = await db.query<{ id: string; score: string | null; tier: string | null; reason: string | null }>(
        `SELECT id, ais_score_at_execution AS score, routing_tier AS tier, routing_reason AS reason FROM workflow_executions`,
      );
      const of = (id: string) => rows.find((row) => row.id === id);

      expect(of(on.executionId)).toMatchObject({ tier: "fast" });
      expect(Number(of(on.executionId)?.score)).toBeLessThan(5);
      expect(of(on.executionId)?.reason).toMatch(/^AIS \d.* is below 5: fast tier$/);
      expect(of(observed.executionId)).toMatchObject({ tier: "fast" });
      expect(of(off.executionId)).toMatchObject({ score: null, tier: null, reason: null });
      // Observing calls what would be called without it.
      expect(model.requests.map((request) => request.model)).toEqual(["gpt-4o-mini", "gpt-5", "gpt-4o", "gpt-5", "gpt-4o", "gpt-5"]);

      const audit = await system.listAudit({ executionId: on.executionId, limit: 1_000 });
      const routed = audit.filter(({ action }) => action === AUDIT_EVENTS.ORCHESTRATION_AIS_ROUTED);
      const told = new Map(routed.map(({ entityId, details }) => [entityId, details as JsonObject]));
      expect(told.get("greeting")).toMatchObject({ model: "gpt-4o-mini", rule: "ais", mode: "on" });
      expect(told.get("goodbye")).toMatchObject({ model: "openai/gpt-5", rule: "preference", mode: "on" });
      for (const details of told.values()) {
        const stored = readStoredRoute(details["route"]);
        expect(stored.ok && replayRoute(stored)).toMatchObject({ callModel: details["model"], rule: details["rule"] });
      }
    });
  });

  test("counts what ended into the agent's score, and costs nothing with all flags off", async () => {
    const definition = { ...small, name: "counted" };
    await using test = await createTestSystem({ env, models: MODELS, script: () => ({ text: "Good morning" }) });
    await test.run({ definition, flags: ON });
    await test.run({ definition });
    // Counting goes on beside the execution.
    const counted = async () =>
      (await test.db.query<{ total: string }>("SELECT total_executions AS total FROM agent_intensity_metrics")).rows.map((row) =>
        Number(row.total),
      );

    await expect.poll(counted, { timeout: 20_000 }).toEqual([1]);
    await test.run({ definition, flags: ON });
    await expect.poll(counted, { timeout: 20_000 }).toEqual([2]);
  });
});
