// The receipt of governed executions: what was saved, by cause, adds up to what was paid, in tokens and in money.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { Receipt } from "../../../lib/receiptApi.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem } from "../testSystem.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };
const visits = Array.from({ length: 80 }, (_, index) => ({
  visit_id: `V-${4_000 + index}`,
  station: { name: `Station ${index % 6}`, region: "north" },
  result: index === 41 ? "failed" : "passed",
  minutes: 10 + ((index * 7) % 50),
}));

const two = defineWorkflow({
  name: "visit report",
  model: "openai/gpt-4o-mini",
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { visits } },
    { id: "digest", type: "ai_processing", prompt: "Summarize these visits: which ones failed?", input: "{{read.visits}}" },
    { id: "letter", type: "ai_processing", prompt: "Write a letter to the station about: {{digest}}" },
  ],
});

function sums({ savings }: Receipt): Record<"tokens" | "nano", readonly [computed: number, paid: number]> {
  const found = savings ?? { baseline: { tokens: 0, usd: 0 }, paid: { tokens: 0, usd: 0 }, lines: [] };
  const add = (pick: (amount: { readonly usd: number | null; readonly tokens: number }) => number): readonly [number, number] => [
    found.lines.reduce((rest, line) => rest + (line.cause === "own costs" ? pick(line) : -pick(line)), pick(found.baseline)),
    pick(found.paid),
  ];
  return { tokens: add(({ tokens }) => tokens), nano: add(({ usd }) => Math.round((usd ?? 0) * 1e9)) };
}

describe("the receipt of a governed execution", () => {
  test("adds up: baseline less what each cause saved is what was paid", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Visit V-4041 at Station 5 failed." }) });
    const report = await system.run({ definition: two, flags: ON });
    const receipt = await system.system.receipt(report.executionId);
    const { tokens, nano } = sums(receipt);

    expect(receipt.savings?.lines.map(({ cause }) => cause)).toContain("smaller views");
    expect(tokens[0]).toBe(tokens[1]);
    expect(nano[0]).toBe(nano[1]);
    expect(tokens[1]).toBe(report.tokens.used);
    expect(receipt.savings?.baseline.tokens).toBe(report.tokens.baseline);
    expect(receipt.savings).toMatchObject({ calls: 2, stepsNotCounted: 1, callsWithoutBaseline: 0, wouldSaveTokens: 0 });
    for (const line of receipt.savings?.text.split("\n") ?? []) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("claims nothing where governance only observed, and says what it would have saved", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Visit V-4041 failed." }) });
    const flags = { token_governance_enabled: "observe" };
    const report = await system.run({ definition: two, flags });
    const { savings } = await system.system.receipt(report.executionId);

    expect(savings?.baseline.tokens).toBe(savings?.paid.tokens);
    expect(savings?.wouldSaveTokens).toBeGreaterThan(200);
  });

  test("has no savings where nothing was governed", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Visit V-4041 failed." }) });
    const report = await system.run({ definition: two });
    const receipt = await system.system.receipt(report.executionId);

    expect(receipt.savings).toBeNull();
    expect(receipt.baselineUsd).toBeNull();
  });
});
