// Summaries of ended executions on a whole system: their budget, their failures, lost workers; and that nobody waits for them.
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { randomId } from "../../../lib/core/ids.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import type { Script } from "../../../lib/testing/ScriptedModel.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";
import { isSummary, NOTE, answering, promptOf, agentOf, switched, noted, stateOf, unclosed, noModelStep } from "./rememberingAgents.ts";

describe("MemorySummarizer", () => {
  test("creates one summary per execution, with a reservation and a settlement of its own", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("summaries");
    const agentId = await switched(system, request);
    const { executionId } = await system.run(request);
    await noted(system, executionId);
    const { memories } = await system.system.listMemories({ agent: agentId });
    const attempts = await system.db.query<{ state: string; used_tokens: string; reserved_tokens: string }>(
      "SELECT state, used_tokens, reserved_tokens FROM step_attempts WHERE execution_id = $1 AND step_path = '~memory'",
      [executionId],
    );
    const usage = await system.db.query(
      "SELECT activity_type FROM token_usage WHERE execution_id = $1 AND activity_type <> 'step_execution'",
      [executionId],
    );
    const audit = await system.system.listAudit({ executionId });

    expect(memories).toMatchObject([
      { executionId, number: 1, status: "completed", summary: NOTE.summary, importance: 0.8, model: "openai/gpt-4o-mini", userId: null },
    ]);
    expect(attempts.rows).toMatchObject([{ state: "settled" }]);
    expect(Number(attempts.rows[0]?.used_tokens)).toBeLessThanOrEqual(Number(attempts.rows[0]?.reserved_tokens));
    expect(usage.rows).toEqual([{ activity_type: "memory_summarization" }]);
    expect(audit.filter(({ action }) => action === "memory.stored")).toHaveLength(1);
    expect(JSON.stringify(audit)).not.toContain("Anneke");
  });

  test("makes none where the agent's limit has no room for it, records that, and the execution is as it was", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("limited");
    await switched(system, request);
    await system.system.setBudget("agent:limited", { tokens: 300 }, "ann");
    const { executionId } = await system.system.start({
      ...request,
      definition: { ...(request.definition as object), steps: [noModelStep()] },
    });
    const report = await system.system.wait(executionId);
    const audit = (await noted(system, executionId)) === "refused" ? await system.system.listAudit({ executionId }) : [];

    expect(report.status).toBe("completed");
    expect(system.model.requests).toEqual([]);
    expect(audit.filter(({ action }) => action === "memory.summary_refused")).toMatchObject([{ severity: "warning" }]);
    expect((await system.system.listMemories({ agent: "limited" })).memories).toEqual([]);
  });

  test("leaves nothing reserved or granted behind", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("tidy");
    await switched(system, request);
    await system.system.setBudget("agent:tidy", { usd: "1", tokens: 100_000 }, "ann");
    const { executionId } = await system.run(request);
    await noted(system, executionId);
    const [budget] = await system.system.listBudgets();
    const receipt = await system.system.receipt(executionId);

    expect(receipt.memory?.summaryTokens).toBeGreaterThan(0);
    expect(budget).toMatchObject({ openTokens: 0, openUsd: 0, grantedTokens: budget?.spentTokens, grantedUsd: budget?.spentUsd });
    expect(receipt.lines.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0)).toBe(
      receipt.calls.reduce((sum, call) => sum + (call.usedTokens ?? 0), 0),
    );
  });

  test("makes a summary whose worker died once more, after booking the lost call at its worst", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("crashed");
    const agentId = await switched(system, request);
    await system.system.setBudget("agent:crashed", { tokens: 100_000 }, "ann");
    const { executionId } = await system.run(request);
    await noted(system, executionId);
    // As a process leaves it that dies after the reservation: no memory, the task claimed once, the call open.
    await system.db.query("DELETE FROM run_memories WHERE execution_id = $1", [executionId]);
    await system.db.query("UPDATE execution_memory SET summary_state = 'pending', tries = 1, not_before = NOW() WHERE execution_id = $1", [
      executionId,
    ]);
    await system.db.query(
      `INSERT INTO step_attempts (id, execution_id, step_path, attempt, call, epoch, kind, provider, model, reserved_tokens, reserved_usd, output_cap_tokens)
       VALUES ($1, $2, '~memory', 1, 2, 1, 'model', 'openai', 'gpt-4o-mini', 900, 0.001, 500)`,
      [randomId(), executionId],
    );
    const next = await system.run(request);
    await noted(system, next.executionId);
    expect(await noted(system, executionId)).toBe("done");
    const { memories } = await system.system.listMemories({ agent: agentId });
    const { rows } = await system.db.query<{ attempt: number; call: number; state: string; used_tokens: string }>(
      "SELECT attempt, call, state, used_tokens FROM step_attempts WHERE execution_id = $1 AND step_path = '~memory' ORDER BY attempt, call",
      [executionId],
    );

    expect(memories.filter((memory) => memory.executionId === executionId)).toHaveLength(1);
    expect(rows.map(({ attempt, call, state }) => [attempt, call, state])).toEqual([
      [1, 1, "settled"],
      [1, 2, "assumed"],
      [2, 1, "settled"],
    ]);
    expect(Number(rows[1]?.used_tokens)).toBe(900);
  });

  test("books a call once that was given up for lost and answered after all", async () => {
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    await using kept = db;
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const late: Script = (request) => (isSummary(request) ? released.then(() => ({ output: NOTE as unknown as JsonValue })) : "done");
    await using first = await createTestSystem({ script: late, database: unclosed(kept) });
    const request = agentOf("late");
    await switched(first, request);
    const { executionId } = await first.run(request);
    await expect.poll(() => first.model.requests.filter(isSummary).length).toBe(1);
    await db.query("UPDATE execution_memory SET not_before = NOW()");
    await using second = await createTestSystem({ script: answering, database: unclosed(kept) });
    await noted(second, executionId);
    const usage = async () =>
      (
        await db.query<{ attempt: number; usage_state: string }>(
          `SELECT a.attempt, u.usage_state FROM token_usage u JOIN step_attempts a ON a.id = u.attempt_id
           WHERE u.execution_id = $1 AND u.activity_type = 'memory_summarization' ORDER BY a.attempt`,
          [executionId],
        )
      ).rows.map((row) => `${row.attempt} ${row.usage_state}`);

    expect(await usage()).toEqual(["1 assumed", "2 reported"]);
    release(undefined);
    await expect.poll(usage).toEqual(["1 reported", "2 reported"]);
    expect((await db.query("SELECT 1 FROM run_memories")).rowCount).toBe(1);
  });

  test("makes what a closed process left, when the next one works", async () => {
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    await using kept = db;
    const open = (): Promise<TestSystem> => createTestSystem({ script: answering, database: unclosed(kept) });
    let executionId = "";
    {
      await using first = await open();
      const request = agentOf("handed on");
      await switched(first, request);
      ({ executionId } = await first.run(request));
    }
    await db.query("DELETE FROM run_memories");
    await db.query("UPDATE execution_memory SET summary_state = 'pending', not_before = NOW()");
    await using second = await open();

    expect(await noted(second, executionId)).toBe("done");
  });

  test("extracts a summary where the answer is no use, and pays for the answer", async () => {
    await using system = await createTestSystem({
      script: (request) => (isSummary(request) ? "I would rather not." : "The pump was ordered."),
    });
    const request = agentOf("useless");
    const agentId = await switched(system, request);
    const { executionId } = await system.run(request);
    await noted(system, executionId);
    const { memories } = await system.system.listMemories({ agent: agentId });

    expect(memories).toMatchObject([{ summary: "useless completed: The pump was ordered.", model: null, importance: 0.6 }]);
    expect((await system.system.receipt(executionId)).memory?.summaryTokens).toBeGreaterThan(0);
  });

  test("neither delays nor fails the execution it follows", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const script: Script = (request) => (isSummary(request) ? released.then(() => ({ error: new Error("socket hang up") })) : "done");
    await using system = await createTestSystem({ script });
    const request = agentOf("slow notes");
    await switched(system, request);
    const report = await system.run(request);
    const stateAtEnd = await stateOf(system, report.executionId);
    release(undefined);

    expect([report.status, stateAtEnd]).toEqual(["completed", "pending"]);
    expect(await noted(system, report.executionId)).toBe("done");
    expect((await system.system.report(report.executionId)).status).toBe("completed");
    const { calls, unknown } = await system.system.receipt(report.executionId);
    expect(calls.find(({ path }) => path === "~memory")).toMatchObject({ state: "assumed" });
    expect(unknown.callsAssumed).toBe(1);
  });

  test("is waited for when the system closes", async () => {
    await using db = await openTestDatabase(QUEUE_TEMPLATE);
    let executionId = "";
    {
      await using system = await createTestSystem({ script: answering, database: unclosed(db) });
      const request = agentOf("closing");
      await switched(system, request);
      ({ executionId } = await system.run(request));
    }

    expect((await db.query("SELECT 1 FROM run_memories WHERE execution_id = $1", [executionId])).rowCount).toBe(1);
  });

  test("tells a fork what its source was told", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("forked");
    await switched(system, request);
    await noted(system, (await system.run(request)).executionId);
    const source = await system.run(request);
    await noted(system, source.executionId);
    const told = system.model.requests.filter((one) => !isSummary(one)).at(-1);
    const fork = await system.system.fork({ executionId: source.executionId, fromStart: true, allowEffects: true });
    await system.system.wait(fork.executionId);
    const again = system.model.requests.filter((one) => !isSummary(one)).at(-1);

    expect(promptOf(told)).toContain("<memory>");
    expect(promptOf(again)).toBe(promptOf(told));
    expect(await noted(system, fork.executionId)).toBe("done");
  });

  test("remembers failures, and what they failed of", async () => {
    await using system = await createTestSystem({ script: answering, env: { NEURONFORGE_MEMORY_MODEL: "offline" } });
    const request = agentOf("failing");
    const agentId = await switched(system, request);
    system.probe.behave = async () => {
      throw new AppError("UPSTREAM_REJECTED", "the shop refused order 12");
    };
    const steps = [{ id: "buy", type: "action", plugin: "probe", action: "read", params: {} }];
    const report = await system.run({ ...request, definition: { ...(request.definition as object), steps } });
    await noted(system, report.executionId);
    const { memories } = await system.system.listMemories({ agent: agentId });

    expect(report.status).toBe("failed");
    expect(memories).toMatchObject([{ status: "failed", importance: 0.9, model: null }]);
    expect(memories[0]?.summary).toMatch(/^failing failed: UPSTREAM_REJECTED: .*the shop refused order 12/);
    expect(system.model.requests.filter(isSummary)).toEqual([]);
  });

  test("remembers nothing of rehearsals", async () => {
    await using system = await createTestSystem({ script: answering });
    const request = agentOf("rehearsal");
    const agentId = await switched(system, request);
    const { executionId } = await system.run({ ...request, mode: "dry" });

    expect(await noted(system, executionId)).toBe("skipped");
    expect((await system.system.listMemories({ agent: agentId })).memories).toEqual([]);
  });
});
