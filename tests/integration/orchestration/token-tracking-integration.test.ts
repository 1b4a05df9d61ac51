// Tokens of governed executions, wherever they are kept: usage per call, budget per step, the execution's own columns, the report. They agree.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem } from "../testSystem.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };
const rows = Array.from({ length: 60 }, (_, index) => ({
  ticket: `T-${900 + index}`,
  queue: "billing",
  state: "open",
  note: null,
  minutes: index * 3,
}));

const review = defineWorkflow({
  name: "ticket review",
  model: "openai/gpt-4o-mini",
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { rows } },
    { id: "digest", type: "ai_processing", prompt: "Summarize these tickets.", input: "{{read.rows}}" },
    {
      id: "each",
      type: "scatter_gather",
      scatter: {
        input: ["mild", "strict"],
        itemVariable: "tone",
        steps: [{ id: "word", type: "ai_processing", prompt: "Write a {{tone}} note about: {{digest}}" }],
      },
      gather: { operation: "collect" },
    },
  ],
});

describe("token tracking", () => {
  test("keeps one row per call, one budget per step path, and sums that agree", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Sixty tickets are open." }) });
    const report = await system.run({ definition: review, flags: ON });
    const { rows: usage } = await system.db.query<{ step: string; tokens: string }>(
      "SELECT workflow_step AS step, input_tokens + output_tokens AS tokens FROM token_usage WHERE execution_id = $1 ORDER BY workflow_step",
      [report.executionId],
    );
    const { rows: budgets } = await system.db.query<{ step: string; used: number; allocated: number }>(
      "SELECT step_id AS step, used_tokens AS used, allocated_tokens AS allocated FROM token_budgets WHERE execution_id = $1 ORDER BY step_id",
      [report.executionId],
    );
    const { rows: executions } = await system.db.query<{ used: number }>("SELECT token_budget_used AS used FROM workflow_executions");

    const paths = ["digest", "each[0].word", "each[1].word"];
    expect(usage.map(({ step }) => step)).toEqual(paths);
    expect(budgets.map(({ step, used }) => [step, used])).toEqual(usage.map(({ step, tokens }) => [step, Number(tokens)]));
    expect(executions).toEqual([{ used: report.tokens.used }]);
    expect(usage.reduce((sum, { tokens }) => sum + Number(tokens), 0)).toBe(report.tokens.used);
    for (const { allocated } of budgets) expect(allocated).toBeGreaterThan(0);
  });

  test("tracks calls that fail and calls whose usage nobody reports", async () => {
    await using system = await createTestSystem({
      script: (_request, call) => (call === 0 ? { error: new Error("the line went dead") } : { text: "Open.", usage: null }),
    });
    const retried = {
      ...review,
      name: "retried",
      steps: review.steps.map((step) =>
        step.id === "digest" ? { ...step, retryPolicy: { maxRetries: 2, backoffMs: 1, retryableErrors: ["MODEL_FAILED"] } } : step,
      ),
    };
    const report = await system.run({ definition: retried, flags: ON });
    const { rows: usage } = await system.db.query<{ state: string; success: boolean }>(
      "SELECT usage_state AS state, success FROM token_usage WHERE execution_id = $1 ORDER BY created_at, id",
      [report.executionId],
    );
    const { savings } = await system.system.receipt(report.executionId);

    expect(report.status).toBe("completed");
    expect(usage.map(({ success }) => success)).toEqual([false, true, true, true]);
    expect(usage.every(({ state }) => state === "assumed")).toBe(true);
    expect(savings?.paid.tokens).toBe(report.tokens.used);
  });

  test("leaves the plan's budget tables alone with the flag off", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Open." }) });
    await system.run({ definition: review });
    const { rows: budgets } = await system.db.query("SELECT 1 FROM token_budgets");
    const { rows: executions } = await system.db.query<{ allocated: number | null }>(
      "SELECT token_budget_allocated AS allocated FROM workflow_executions",
    );

    expect(budgets).toEqual([]);
    expect(executions).toEqual([{ allocated: null }]);
  });
});
