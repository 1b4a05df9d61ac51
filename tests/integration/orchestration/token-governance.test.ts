// Governance in whole executions: what models see, what is recorded, what is refused, with the flag off, observing and on.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };
const OBSERVE: JsonObject = { orchestration_intents_enabled: "observe", token_governance_enabled: "observe" };

/** Invented orders; one of them failed. */
const orders = Array.from({ length: 120 }, (_, index) => ({
  order_id: `ORD-${10_000 + index}`,
  customer: { name: `Customer ${index % 17}`, email: `customer${index % 17}@example.com`, segment: "retail" },
  status: index === 77 ? "failed" : "shipped",
  total_usd: index === 31 ? 9_840.5 : 20 + ((index * 37) % 60),
  created_at: `2026-03-${String((index % 28) + 1).padStart(2, "0")}T10:00:00Z`,
  notes: null,
}));

const digest = defineWorkflow({
  name: "order digest",
  model: "openai/gpt-4o-mini",
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { orders } },
    {
      id: "digest",
      type: "ai_processing",
      prompt: "Summarize these orders: which ones failed, and which one has the highest total?",
      input: "{{read.orders}}",
    },
    { id: "keep", type: "transform", operation: "filter", input: "{{read.orders}}", config: { condition: "item.status == 'failed'" } },
  ],
});

function textOf(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages ?? null);
}

async function withSystem<T>(work: (test: TestSystem) => Promise<T>): Promise<T> {
  await using system = await createTestSystem({ script: () => ({ text: "Order ORD-10077 failed; ORD-10031 is the largest." }) });
  return await work(system);
}

describe("Token Governance Integration", () => {
  test("applies compression when needed", async () => {
    await withSystem(async ({ run, model }) => {
      const off = await run({ definition: digest });
      const on = await run({ definition: digest, flags: ON });
      const [raw, view] = model.requests;

      expect([off.status, on.status]).toEqual(["completed", "completed"]);
      expect(textOf(view).length).toBeLessThan(textOf(raw).length * 0.6);
      expect(on.tokens.saved).toBeGreaterThan(500);
      expect(on.tokens.baseline).toBe((on.tokens.used ?? 0) + (on.tokens.saved ?? 0));
      expect(off.tokens).toMatchObject({ baseline: null, saved: null });
      const step = on.steps.find(({ id }) => id === "digest");
      expect(step).toMatchObject({ intent: "summarize" });
      expect(step?.tokens.baseline).toBeGreaterThan(step?.tokens.used ?? 0);
    });
  });

  test("maintains execution quality", async () => {
    await withSystem(async ({ run, model }) => {
      const on = await run({ definition: digest, flags: ON });
      const seen = textOf(model.requests[0]);

      // What the task asks for is in the view, and later steps read raw data.
      for (const fact of ["ORD-10077", "failed", "ORD-10031", "9840.5"]) expect(seen).toContain(fact);
      expect(on.output).toEqual([orders[77]]);
    });
  });

  test("sends the same bytes while observing, and records what it would have done", async () => {
    await withSystem(async ({ system, run, model }) => {
      await run({ definition: digest });
      const observed = await run({ definition: digest, flags: OBSERVE });
      const [off, observing] = model.requests;

      expect(textOf(observing)).toBe(textOf(off));
      expect(observed.tokens.saved).toBe(0);
      const audit = await system.listAudit({ executionId: observed.executionId });
      const compressed = audit.find(({ action }) => action === "orchestration.token_compressed");
      expect(compressed?.details).toMatchObject({ mode: "observe" });
    });
  });

  test("records intents in the plan's tables and in the audit trail, and nothing with the flag off", async () => {
    await withSystem(async ({ system, db, run }) => {
      const off = await run({ definition: digest });
      const on = await run({ definition: digest, flags: ON });
      const { rows } = await db.query<{ id: string; intents: JsonObject | null }>(
        "SELECT id, intent_classification AS intents FROM workflow_executions ORDER BY created_at",
      );
      const { rows: steps } = await db.query<{ execution: string; intent: string | null }>(
        "SELECT workflow_execution_id AS execution, intent FROM workflow_step_executions ORDER BY step_path",
      );
      const { rows: recorded } = await db.query<{ intent: string }>("SELECT intent FROM orchestration_intents");

      expect(rows.map(({ id, intents }) => [id, intents === null])).toEqual([
        [off.executionId, true],
        [on.executionId, false],
      ]);
      expect(steps.filter(({ execution }) => execution === off.executionId).every(({ intent }) => intent === null)).toBe(true);
      expect(steps.filter(({ execution }) => execution === on.executionId).map(({ intent }) => intent)).toEqual([
        "summarize",
        "transform",
        "extract",
      ]);
      expect(recorded).toHaveLength(3);
      const actions = (await system.listAudit({ executionId: on.executionId })).map(({ action }) => action);
      expect(actions).toContain("orchestration.intent_classified");
      expect((await system.listAudit({ executionId: off.executionId })).some(({ action }) => action.startsWith("orchestration."))).toBe(
        false,
      );
    });
  });

  test("never shortens what an exact step sees", async () => {
    await withSystem(async ({ run, model }) => {
      const exact = {
        ...digest,
        name: "exact",
        steps: digest.steps.map((step) => (step.id === "digest" ? { ...step, exact: true } : step)),
      };
      await run({ definition: exact, flags: ON });
      const seen = textOf(model.requests[0]);

      for (const { order_id: id, customer } of orders) expect(seen.includes(id) && seen.includes(customer.email)).toBe(true);
    });
  });

  test("lets a person switch it off for what is under way: the next step takes the direct path", async () => {
    const approved = defineWorkflow({
      name: "digest after approval",
      model: "openai/gpt-4o-mini",
      steps: [digest.steps[0]!, { id: "ask", type: "human_approval", approvers: ["ada"], title: "Go on?" }, digest.steps[1]!],
    });
    await withSystem(async ({ system, run, model }) => {
      await system.setFlag("token_governance_enabled", true, "ada");
      const waiting = await run({ definition: approved });
      expect(waiting.status).toBe("waiting");
      await system.setFlag("token_governance_enabled", false, "ada");
      const [approval] = await system.listApprovals({ executionId: waiting.executionId });
      await system.answerApproval({ id: approval?.id ?? "", approver: "ada", decision: "approve" });
      const done = await system.wait(waiting.executionId);

      expect(done.status).toBe("completed");
      for (const { order_id: id } of orders) expect(textOf(model.requests[0])).toContain(id);
    });
  });

  test("finishes without more budget when told so: what does not fit is skipped", async () => {
    await withSystem(async ({ system, run, model }) => {
      const waiting = await run({ definition: digest, limits: { tokens: 200 } });
      expect(waiting.waitingFor).toBe("budget");
      await system.resume(waiting.executionId, { actor: "ada", finish: "cheap" });
      const done = await system.wait(waiting.executionId);

      expect(done.status).toBe("completed");
      expect(done.steps.find(({ id }) => id === "digest")?.status).toBe("skipped");
      expect(model.requests).toHaveLength(0);
      expect(done.output).toEqual([orders[77]]);
    });
  });

  test("respects budget per step", async () => {
    await withSystem(async ({ db, run }) => {
      const on = await run({ definition: { ...digest, name: "planned", limits: { plannedTokens: 8_000 } }, flags: ON });
      const { rows } = await db.query<{ step: string; allocated: number; used: number; compressed: boolean; ratio: string | null }>(
        `SELECT step_id AS step, allocated_tokens AS allocated, used_tokens AS used, compression_applied AS compressed, compression_ratio AS ratio
         FROM token_budgets WHERE execution_id = $1`,
        [on.executionId],
      );
      const { rows: executions } = await db.query<{ allocated: number; used: number }>(
        "SELECT token_budget_allocated AS allocated, token_budget_used AS used FROM workflow_executions WHERE id = $1",
        [on.executionId],
      );
      const step = on.steps.find(({ id }) => id === "digest");

      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ step: "digest", used: step?.tokens.used, allocated: step?.tokens.allocated, compressed: true });
      expect(Number(rows[0]?.ratio)).toBeGreaterThan(0);
      expect(Number(rows[0]?.ratio)).toBeLessThan(1);
      // The commitment is what was counted and predicted at dispatch, not the planning share.
      expect(step?.tokens.allocated).toBeGreaterThanOrEqual(step?.tokens.used ?? 0);
      expect(step?.tokens.allocated).toBeLessThan(1_000);
      expect(executions).toEqual([{ allocated: 8_000, used: on.tokens.used }]);
    });
  });

  test("fails a step that passes the planned tokens before its call, by policy fail", async () => {
    await withSystem(async ({ run, model }) => {
      const limits = { plannedTokens: 300, overBudget: "fail" as const };
      const report = await run({ definition: { ...digest, name: "planned fail", limits }, flags: ON });

      expect(model.requests).toHaveLength(0);
      expect(report).toMatchObject({ status: "failed", error: { code: "BUDGET_EXCEEDED" } });
    });
  });

  test("pauses a step that passes the planned tokens before its call, by policy pause, until it is topped up", async () => {
    await withSystem(async ({ system, run, model }) => {
      const limits = { plannedTokens: 300, overBudget: "pause" as const };
      const report = await run({ definition: { ...digest, name: "planned pause", limits }, flags: ON });
      expect(model.requests).toHaveLength(0);
      expect(report).toMatchObject({ status: "waiting", waitingFor: "budget" });

      const { limit } = report.waiting[0] ?? {};
      await system.topUpBudget(limit?.scope ?? "", { tokens: (limit?.missingTokens ?? 0) + 5_000 }, "ada");
      expect(await system.wait(report.executionId)).toMatchObject({ status: "completed" });
      expect(model.requests).toHaveLength(1);
    });
  });

  test("warns of a step that passes the planned tokens and lets it pass, where nothing else is said", async () => {
    await withSystem(async ({ run }) => {
      const report = await run({ definition: { ...digest, name: "planned warn", limits: { plannedTokens: 300 } }, flags: ON });
      const step = report.steps.find(({ id }) => id === "digest");

      expect(report.status).toBe("completed");
      expect(step?.warnings.join("; ")).toMatch(/of its budget are left \(policy warn\)/);
    });
  });

  test("prevents circuit breaker", async () => {
    const pages = Array.from(
      { length: 400 },
      (_, index) => `Paragraph ${index}: the plant at site ${index % 40} ran at ${60 + (index % 30)} percent.`,
    );
    const huge = defineWorkflow({
      name: "beyond the window",
      model: "openai/gpt-4o-mini",
      steps: [
        { id: "read", type: "action", plugin: "probe", action: "read", params: { text: pages.join("\n\n").repeat(20) } },
        {
          id: "digest",
          type: "ai_processing",
          prompt: "Summarize what is said about site 7.",
          input: "{{read.text}}",
          max_output_tokens: 300,
        },
      ],
    });
    await withSystem(async ({ run, model }) => {
      const off = await run({ definition: huge });
      const on = await run({ definition: huge, flags: ON });

      expect(off).toMatchObject({ status: "failed", error: { code: "CONTEXT_OVERFLOW" } });
      expect(on.status).toBe("completed");
      expect(textOf(model.requests[0])).toContain("site 7");
      expect(on.steps.find(({ id }) => id === "digest")?.quality).not.toBeNull();
    });
  });

  test("takes the direct path when orchestration itself fails, and says so", async () => {
    const approved = defineWorkflow({
      name: "digest after a fault",
      model: "openai/gpt-4o-mini",
      steps: [digest.steps[0]!, { id: "ask", type: "human_approval", approvers: ["ada"], title: "Go on?" }, digest.steps[1]!],
    });
    await withSystem(async ({ system, db, run, model }) => {
      const waiting = await run({ definition: approved, flags: ON });
      // What the present flags are cannot be read any more.
      await db.query("ALTER TABLE system_config RENAME TO system_config_gone");
      const [approval] = await system.listApprovals({ executionId: waiting.executionId });
      await system.answerApproval({ id: approval?.id ?? "", approver: "ada", decision: "approve" });
      const report = await system.wait(waiting.executionId);
      const actions = (await system.listAudit({ executionId: report.executionId })).map(({ action }) => action);

      expect(report.status).toBe("completed");
      for (const { order_id: id } of orders) expect(textOf(model.requests[0])).toContain(id);
      expect(actions).toContain("orchestration.bypassed");
    });
  });
});
