// Models chosen by the agent's intensity score, in whole executions: what is called, whose wish wins, what is recorded.
import { describe, expect, test } from "vitest";
import { AUDIT_EVENTS } from "../../../lib/audit/events.ts";
import type { JsonObject } from "../../../lib/core/json.ts";
import { readStoredRoute } from "../../../lib/orchestration/routing/storedRoute.ts";
import { replayRoute } from "../../../lib/orchestration/routing/decideRoute.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { createTestSystem, keptOpen, type TestSystem } from "../testSystem.ts";

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
      env,
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

  test("leaves the offline model alone, rehearsed or not, and books nobody's call as unpaid that was paid", async () => {
    await using test = await createTestSystem({ models: MODELS, script: () => ({ text: "Good morning" }) });
    const unnamed = defineWorkflow({ name: "unnamed", steps: [write("greeting")] });
    for (const pricedAs of [undefined, "openai/gpt-4o"]) {
      const report = await test.run({ definition: unnamed, flags: ON, ...(pricedAs === undefined ? {} : { pricedAs }) });
      expect(report).toMatchObject({ status: "completed" });
    }
    expect(called(test)).toEqual([]);

    const mixed = defineWorkflow({ name: "mixed", steps: [write("greeting"), write("goodbye", { model: "openai/gpt-5" })] });
    const report = await test.run({ definition: mixed, pricedAs: "openai/gpt-4o" });
    const { lines } = await test.system.receipt(report.executionId);
    expect(lines.find(({ cause }) => cause === "model calls")?.note).toContain("1 by the offline model as if on openai/gpt-4o");
    expect(JSON.stringify(lines)).not.toContain("nothing was paid");
  });

  test("starts agents whose stored score is damaged, and puts it right", async () => {
    await withSystem(async (test) => {
      const { db, run } = test;
      await run({ definition: small, flags: ON });
      for (const bad of ["not json", "null", '{"averages":null}', '{"averages":{"steps_per_run":{"mean":"x"}},"design":[]}']) {
        await db.query("UPDATE agent_intensity_metrics SET averages = $1", [Buffer.from(bad)]);
        expect(await run({ definition: small, flags: { orchestration_intents_enabled: "observe" } })).toMatchObject({
          status: "completed",
        });
        const { rows } = await db.query<{ averages: Buffer }>("SELECT averages FROM agent_intensity_metrics");
        expect(JSON.parse(String(rows[0]?.averages))).toMatchObject({ design: { steps: 2 } });
      }
    });
  });

  test("takes a model with room for what is sent", async () => {
    await using test = await createTestSystem({
      env: { NEURONFORGE_MODEL: "openai/gpt-4.1" },
      models: ["gpt-4.1", "gpt-4o-mini", "gpt-4o"],
      script: () => ({ text: "Short" }),
    });
    const big = defineWorkflow({ name: "big", steps: [write("sum", { prompt: "Sum up", input: "{{input.text}}" })] });
    const report = await test.run({ definition: big, inputs: { text: "alpha beta gamma ".repeat(60_000) }, flags: ON });

    expect(report).toMatchObject({ status: "completed" });
    expect(called(test)).toEqual(["gpt-4.1"]);
  });

  test("admits and plans by the model that will be called", async () => {
    await using test = await createTestSystem({
      env: { NEURONFORGE_MODEL: "openai/gpt-5" },
      models: ["gpt-5", "gpt-4o-mini", "house-7b"],
      script: () => ({ text: "Good morning" }),
    });
    const one = defineWorkflow({ name: "one", steps: [write("greeting")] });
    const limits = { usd: "0.003", onLimit: "fail" } as const;

    await expect(test.run({ definition: one, limits })).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(await test.run({ definition: one, flags: ON, limits })).toMatchObject({ status: "completed" });
    expect((await test.system.plan({ definition: one, flags: ON })).steps.map(({ model }) => model)).toEqual(["openai/gpt-4o-mini"]);
    expect((await test.system.plan({ definition: one })).steps.map(({ model }) => model)).toEqual(["openai/gpt-5"]);
  });

  test("calls a model by its own name where that is served, though tables use the name for another", async () => {
    await using test = await createTestSystem({ env, models: [...MODELS, "claude-sonnet"], script: () => ({ text: "Good morning" }) });
    await test.run({ definition: defineWorkflow({ name: "named", model: "claude-sonnet", steps: [write("greeting")] }), flags: ON });

    expect(called(test)).toEqual(["claude-sonnet"]);
  });

  test.each([[false], ["observe"]] as const)(
    "keeps a waiting loop's model when the flag is set to %j meanwhile, and its decision",
    async (later) => {
      const send = { toolCalls: [{ name: "probe__send", arguments: { to: "ada" } }] };
      await using test = await createTestSystem({
        env,
        models: MODELS,
        script: ({ messages }) => (messages.length === 1 ? send : { text: "Told." }),
      });
      const { system } = test;
      await system.setFlag("ais_routing_enabled", true, "me");
      const sender = defineWorkflow({
        name: "sender",
        steps: [{ id: "ask", type: "llm_decision", prompt: "Tell Ada.", plugins: ["probe"], approvers: ["ines"] }],
      });
      const waiting = await test.run({ definition: sender });
      expect(waiting.status).toBe("waiting");
      const routes = async () => {
        const audit = await system.listAudit({ executionId: waiting.executionId, limit: 1_000 });
        return audit
          .filter(({ action }) => action === AUDIT_EVENTS.ORCHESTRATION_AIS_ROUTED)
          .map(({ details }) => (details as JsonObject)["rule"]);
      };
      expect(await routes()).toEqual(["ais"]);

      await system.setFlag("ais_routing_enabled", later, "me");
      const approvals = await system.listApprovals({});
      for (const { id } of approvals) await system.answerApproval({ id, decision: "approve", approver: "ines" });
      expect(await system.wait(waiting.executionId)).toMatchObject({ status: "completed" });
      expect(called(test)).toEqual(["gpt-4o-mini", "gpt-4o-mini"]);
    },
  );

  test("gives each of many starts at once the score of its own definition", async () => {
    await withSystem(async ({ system, db }) => {
      const same = defineWorkflow({ name: "same", steps: [write("greeting")] });
      const steps = Array.from({ length: 12 }, (_, index): WorkflowStepInput => ({ id: `wait${index}`, type: "delay", duration: 1 }));
      const larger = defineWorkflow({ name: "same", steps: [write("greeting"), ...steps] });
      await Promise.all(Array.from({ length: 12 }, (_, index) => system.start({ definition: index % 2 === 0 ? same : larger, flags: ON })));
      const { rows } = await db.query<{ steps: number; scores: number }>(
        "SELECT total_steps AS steps, count(DISTINCT ais_score_at_execution)::int AS scores FROM workflow_executions GROUP BY 1 ORDER BY 1",
      );
      const { rows: all } = await db.query<{ scores: number }>(
        "SELECT count(DISTINCT ais_score_at_execution)::int AS scores FROM workflow_executions",
      );

      expect(rows).toEqual([
        { steps: 1, scores: 1 },
        { steps: 13, scores: 1 },
      ]);
      expect(all).toEqual([{ scores: 2 }]);
    });
  });

  test("counts what waited and ended with another process; neither rehearsals nor forks, which are routed and recorded", async () => {
    const definition = defineWorkflow({
      name: "asks",
      steps: [write("greeting"), { id: "ok", type: "human_approval", approvers: ["ines"], dependencies: ["greeting"] }],
    });
    await using database = await openTestDatabase(QUEUE_TEMPLATE);
    const options = { env, models: MODELS, script: () => ({ text: "Good morning" }), database: keptOpen(database) };
    const counted = async () =>
      (await database.query<{ total: string }>("SELECT total_executions AS total FROM agent_intensity_metrics")).rows.map((row) =>
        Number(row.total),
      );
    const waiting = await (async () => {
      await using first = await createTestSystem(options);
      return await first.run({ definition, flags: ON });
    })();

    await using second = await createTestSystem(options);
    for (const { id } of await second.system.listApprovals({}))
      await second.system.answerApproval({ id, decision: "approve", approver: "ines" });
    expect(await second.system.wait(waiting.executionId)).toMatchObject({ status: "completed" });
    await expect.poll(counted, { timeout: 20_000 }).toEqual([1]);

    const fork = await second.system.fork({ executionId: waiting.executionId, fromStart: true, sameConfig: true, allowEffects: true });
    for (const { id } of await second.system.listApprovals({}))
      await second.system.answerApproval({ id, decision: "approve", approver: "ines" });
    await second.system.wait(fork.executionId);
    await second.run({ definition: { ...small, name: "asks" }, flags: ON, mode: "dry" });
    // The next one that counts ends after both.
    await second.run({ definition: { ...small, name: "asks" }, flags: ON });
    await expect.poll(counted, { timeout: 20_000 }).toEqual([2]);

    const { rows } = await database.query<{ tier: string | null }>(
      "SELECT routing_tier AS tier FROM workflow_executions WHERE forked_from IS NOT NULL",
    );
    expect(rows).toEqual([{ tier: "fast" }]);
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
