// Hard limits end to end: pause, top up, fail, refuse to start, windows, unknown prices, parallel calls.
import { describe, expect, test } from "vitest";
import { createTestSystem, workflow } from "../testSystem.ts";

const ask = (id: string, more: object = {}): object => ({
  id,
  type: "ai_processing",
  prompt: `Write about ${id}.`,
  max_output_tokens: 1_000,
  ...more,
});
const usage = { inputTokens: 100, outputTokens: 900 };
const answer = { text: "an answer", usage };

describe("a hard limit on an execution", () => {
  test("pauses before the call that could pass it, and goes on from the same step after a top-up", async () => {
    await using t = await createTestSystem({ script: () => answer });
    const read = { id: "read", type: "action", plugin: "probe", action: "read", params: {} };

    const paused = await t.run({ ...workflow([read, ask("one"), ask("two"), ask("three")]), limits: { usd: "0.0015" } });

    expect(paused.status).toBe("waiting");
    expect(paused.waitingFor).toBe("budget");
    expect(paused.waiting[0]?.path).toBe("three");
    expect(paused.costUsd).toBeLessThanOrEqual(0.0015);
    const calls = t.model.requests.length;

    await t.system.topUpBudget(`execution:${paused.executionId}`, { usd: "0.01" }, "tester");
    const done = await t.system.wait(paused.executionId);

    expect(done.status).toBe("completed");
    expect(t.model.requests.length).toBe(calls + 1);
    expect(t.probe.calls).toHaveLength(1);
  });

  test("ends the execution as failed when whoever set it said so", async () => {
    await using t = await createTestSystem({ script: () => answer });
    const read = { id: "read", type: "action", plugin: "probe", action: "read", params: {} };

    const failed = await t.run({ ...workflow([read, ask("one")]), limits: { tokens: 500, onLimit: "fail" } });

    expect(failed.status).toBe("failed");
    expect(failed.error?.code).toBe("BUDGET_EXCEEDED");
    expect(t.model.requests).toHaveLength(0);
  });

  test("refuses to start what could not even make its first call, and inserts nothing", async () => {
    await using t = await createTestSystem({ script: () => answer });

    await expect(t.system.start({ ...workflow([ask("one")]), limits: { tokens: 10 } })).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });

    expect(await t.system.listExecutions({})).toEqual([]);
  });

  test("refuses a call of unknown price where money is limited", async () => {
    await using t = await createTestSystem({ script: () => answer, provider: "homegrown" });
    const read = { id: "read", type: "action", plugin: "probe", action: "read", params: {} };

    const failed = await t.run({ ...workflow([read, ask("one")], { model: "homegrown/gpt-4o-mini" }), limits: { usd: "5" } });

    expect(failed.status).toBe("failed");
    expect(failed.error?.code).toBe("PRICE_UNKNOWN");
    expect(t.model.requests).toHaveLength(0);
  });

  test("holds when sixty-four branches call at once: the sum never passes it", async () => {
    await using t = await createTestSystem({ script: () => answer });
    const branches = Array.from({ length: 64 }, (_, index) => ask(`b${index}`));

    const paused = await t.run({
      ...workflow([{ id: "all", type: "parallel_group", steps: branches, maxConcurrency: 64 }]),
      limits: { tokens: 20_500 },
    });

    expect(paused.waitingFor).toBe("budget");
    expect(paused.tokens.used).toBeLessThanOrEqual(20_500);
    // 1 000 tokens each as reported, and a worst case below 1 200: nineteen or twenty fit.
    expect(t.model.requests.length).toBeGreaterThanOrEqual(18);
  });

  test("books what a lying provider reports, and the next call sees the overrun", async () => {
    await using t = await createTestSystem({ script: () => ({ text: "long", usage: { inputTokens: 100, outputTokens: 50_000 } }) });

    const paused = await t.run({ ...workflow([ask("one"), ask("two")]), limits: { tokens: 5_000 } });

    expect(paused.waitingFor).toBe("budget");
    expect(paused.tokens.used).toBe(50_100);
    expect(t.model.requests).toHaveLength(1);
  });

  test("never gives anything back for usage that no call can have had", async () => {
    const lies = [
      { inputTokens: -500, outputTokens: -5 },
      { inputTokens: 1e300, outputTokens: 1 },
      { inputTokens: 0.5, outputTokens: 1 },
    ];
    await using t = await createTestSystem({ script: (_request, index) => ({ text: "a lie", usage: lies[index % 3] ?? null }) });
    await t.system.setBudget("workspace", { tokens: 20_000 }, "tester");

    const done = await t.run(workflow([ask("one"), ask("two"), ask("three")]));
    const receipt = await t.system.receipt(done.executionId);
    const [budget] = await t.system.listBudgets();

    expect(done.status).toBe("completed");
    expect(receipt.unknown.callsAssumed).toBe(3);
    expect(budget?.spentTokens).toBeGreaterThan(0);
    expect(budget?.openTokens).toBe(0);
  });

  test("lets a start that is refused leave the agent as it was", async () => {
    await using t = await createTestSystem({ script: () => answer });
    await t.run(workflow([ask("one")]));

    await expect(t.system.start({ ...workflow([ask("changed")]), limits: { tokens: 10 } })).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
    });

    await expect(t.system.showAgent("test")).resolves.toMatchObject({ name: "test" });
  });

  test("refuses a top-up in a unit that the limit does not have", async () => {
    await using t = await createTestSystem();
    await t.system.setBudget("workspace", { tokens: 100 }, "tester");

    await expect(t.system.topUpBudget("workspace", { usd: "1" }, "tester")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("books a call that broke off as assumed at its worst case, and says so on the receipt", async () => {
    let first = true;
    await using t = await createTestSystem({
      script: () => {
        if (!first) return answer;
        first = false;
        return { pieces: ["half an ans"], text: "half an ans", error: new Error("socket hang up") };
      },
    });

    const done = await t.run({
      ...workflow([
        ask("one", { retryPolicy: { maxRetries: 1, backoffMs: 1, retryableErrors: ["MODEL_FAILED", "UPSTREAM_UNAVAILABLE"] } }),
      ]),
      limits: { tokens: 50_000 },
    });
    const receipt = await t.system.receipt(done.executionId);

    expect(done.status).toBe("completed");
    expect(receipt.unknown.callsAssumed).toBe(1);
    expect(receipt.calls.map(({ state }) => state)).toEqual(["assumed", "settled"]);
    const rows = receipt.calls.slice(0, 1).map(({ attemptId }) => ({ attemptId, tokens: 900, usd: "0.01" }));
    await expect(t.system.reconcileBudgets(rows, "tester")).resolves.toMatchObject({ corrected: 1, stillAssumed: [] });
  });
});

describe("limits of agents, workspaces and tags", () => {
  test("bind executions of that agent together, and a top-up wakes those that wait", async () => {
    await using t = await createTestSystem({ script: () => answer });
    const request = workflow([{ id: "read", type: "action", plugin: "probe", action: "read", params: {} }, ask("one")]);
    await t.run(request);
    // The first one's 1 000 count.
    await t.system.setBudget("agent:test", { tokens: 2_500 }, "tester");

    const second = await t.run(request);
    const third = await t.run(request);

    expect(second.status).toBe("completed");
    expect(third.waitingFor).toBe("budget");
    await t.system.topUpBudget("agent:test", { tokens: 2_000 }, "tester");
    expect((await t.system.wait(third.executionId)).status).toBe("completed");
  });

  test("give back what an execution did not spend", async () => {
    await using t = await createTestSystem({ script: () => ({ text: "short", usage: { inputTokens: 10, outputTokens: 5 } }) });
    await t.system.setBudget("workspace", { tokens: 10_000, usd: "1" }, "tester");

    await t.run(workflow([ask("one"), ask("two")]));
    const [budget] = await t.system.listBudgets();

    expect(budget).toMatchObject({ scope: "workspace", spentTokens: 30, grantedTokens: 30, openTokens: 0 });
    expect(budget?.grantedUsd).toBe(budget?.spentUsd);
  });

  test("bind by tag, and by day", async () => {
    await using t = await createTestSystem({ script: () => answer });
    await t.system.setBudget("tag:team-a", { tokens: 1_500, window: "day" }, "tester");
    const request = {
      ...workflow([{ id: "read", type: "action", plugin: "probe", action: "read", params: {} }, ask("one")]),
      tags: ["team-a"],
    };

    const first = await t.run(request);
    const second = await t.run(request);
    const other = await t.run({ ...request, tags: ["team-b"] });

    expect(first.status).toBe("completed");
    expect(second.waitingFor).toBe("budget");
    expect(other.status).toBe("completed");
  });

  test("correct assumed calls by what the provider's export says", async () => {
    await using t = await createTestSystem({ script: () => ({ text: "unreported", usage: null }) });
    await t.system.setBudget("workspace", { tokens: 100_000 }, "tester");
    await t.run(workflow([ask("one")]));
    const before = await t.system.reconcileBudgets([], "tester");
    const [attemptId = ""] = before.stillAssumed;

    const after = await t.system.reconcileBudgets([{ attemptId, tokens: 77, usd: "0.001" }], "tester");
    const [budget] = await t.system.listBudgets();

    expect(before.stillAssumed).toHaveLength(1);
    expect(after).toEqual({ corrected: 1, unchanged: 0, stillAssumed: [] });
    expect(budget?.spentTokens).toBe(77);
  });
});

describe("a limit that is set later", () => {
  test.each([
    { scope: "workspace", window: "day" },
    { scope: "workspace", window: "total" },
    { scope: "agent:test", window: "month" },
    { scope: "tag:billing", window: "day" },
  ] as const)("counts what was spent before it in its window: $scope, $window", async ({ scope, window }) => {
    await using t = await createTestSystem({ script: () => answer });
    await t.run({ ...workflow([ask("one")]), tags: ["billing", "other"] });
    await t.run({ ...workflow([ask("two")]), tags: ["billing"] });

    const set = await t.system.setBudget(scope, { tokens: 3_500, window }, "tester");
    const [listed] = await t.system.listBudgets();
    const third = await t.run({ ...workflow([ask("three")]), tags: ["billing"] });
    const fourth = t.system.start({ ...workflow([ask("four")]), tags: ["billing"] });

    expect(set.spentTokens).toBe(2_000);
    expect(listed).toMatchObject({ spentTokens: 2_000, grantedTokens: 2_000, openTokens: 0 });
    expect(third.status).toBe("completed");
    await expect(fourth).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
  });

  test("does not count what others spent, nor what was spent before its window", async () => {
    await using t = await createTestSystem({ script: () => answer });
    await t.run({ ...workflow([ask("one")]), tags: ["other"] });
    await t.run(workflow([ask("one")], { name: "neighbour" }));
    await t.db.query("UPDATE step_attempts SET dispatched_at = NOW() - INTERVAL '40 days'");
    await t.run(workflow([ask("one")], { name: "neighbour" }));

    expect((await t.system.setBudget("tag:billing", { tokens: 9_000 }, "tester")).spentTokens).toBe(0);
    expect((await t.system.setBudget("agent:test", { tokens: 9_000, window: "day" }, "tester")).spentTokens).toBe(0);
    expect((await t.system.setBudget("workspace", { tokens: 9_000, window: "month" }, "tester")).spentTokens).toBe(1_000);
    expect((await t.system.setBudget("workspace", { tokens: 9_000 }, "tester")).spentTokens).toBe(3_000);
  });

  test("books a call that is under way when it is set: open until its end, then spent", async () => {
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    await using t = await createTestSystem({
      script: async () => {
        asked.resolve();
        await held.promise;
        return answer;
      },
    });
    const { executionId } = await t.system.start(workflow([ask("one"), ask("two")]));
    await asked.promise;

    const during = await t.system.setBudget(`execution:${executionId}`, { tokens: 1_500 }, "tester");
    held.resolve();
    const paused = await t.system.wait(executionId);
    const [after] = (
      await t.db.query<{ spent: string; open: string; granted: string }>(
        "SELECT spent_tokens AS spent, open_tokens AS open, granted_tokens AS granted FROM ledger_grants",
      )
    ).rows;

    expect(during.spentTokens).toBe(0);
    expect(during.openTokens).toBeGreaterThanOrEqual(1_000);
    expect(paused).toMatchObject({ waitingFor: "budget", tokens: { used: 1_000 } });
    expect(after).toEqual({ spent: "1000", open: "0", granted: "1000" });
  });

  test("takes nothing back twice: setting it again changes the limit alone", async () => {
    await using t = await createTestSystem({ script: () => answer });
    await t.run(workflow([ask("one")]));

    await t.system.setBudget("workspace", { tokens: 5_000 }, "tester");
    const again = await t.system.setBudget("workspace", { tokens: 6_000 }, "tester");

    expect(again).toMatchObject({ limitTokens: 6_000, spentTokens: 1_000, grantedTokens: 1_000 });
  });
});

test("what a call cost is booked even when the database refuses what came with it", async () => {
  await using t = await createTestSystem({ script: () => ({ text: "an answer", usage: { inputTokens: 77, outputTokens: 900 } }) });
  await t.db.query("ALTER TABLE token_usage ADD CONSTRAINT refused CHECK (input_tokens <> 77)");
  await t.system.setBudget("workspace", { tokens: 50_000 }, "tester");

  const failed = await t.run(workflow([ask("one")]));
  const [budget] = await t.system.listBudgets();

  expect(failed).toMatchObject({ status: "failed", error: { code: "VALUE_REFUSED" } });
  expect(failed.steps).toMatchObject([{ path: "one", status: "failed" }]);
  expect(budget).toMatchObject({ spentTokens: 977, openTokens: 0, grantedTokens: 977 });
});
