import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadHistory, loadIntensity, loadIntensityRules, lockIntensity } from "../../../lib/ais/AgentIntensityStore.ts";
import { loadExecutionFacts } from "../../../lib/ais/ExecutionFactsStore.ts";
import { DEFAULT_RULES } from "../../../lib/ais/intensityRules.ts";
import { nextIntensity, NO_INTENSITY, withDesign } from "../../../lib/ais/nextIntensity.ts";
import { updateAgentDesign, updateAgentIntensityMetrics } from "../../../lib/ais/updateAgentIntensity.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { createTestDatabase } from "../../../lib/testing/createTestDatabase.ts";
import { execution, orchestration } from "./executionFacts.ts";
import { addAgent, addCall, addExecution, addSteps, addWorkspace } from "./storedExecution.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;
const DESIGN = { steps: 10, plugins: 1, fields: 1, trigger: "manual" as const };
let db: Database;
let other: WorkspaceId;
beforeAll(async () => {
  db = await createTestDatabase();
  other = await addWorkspace(db, "other");
});
afterAll(async () => {
  await db.close();
});

async function ended(agentId: string, fields: Parameters<typeof execution>[0] = {}) {
  return execution({ ...fields, executionId: await addExecution(db, { workspaceId, agentId }) });
}

describe("updateAgentIntensityMetrics", () => {
  test("stores what the pure function gives, and reads it back", async () => {
    const agent = { workspaceId, agentId: await addAgent(db, workspaceId) };
    const measured = orchestration({ baselineTokens: 1_000, usedTokens: 800, commitments: [{ allocatedTokens: 10, usedTokens: 10 }] });
    const first = await ended(agent.agentId, { orchestration: measured });
    const second = await ended(agent.agentId, { isSuccess: false, costUsd: null });
    await updateAgentDesign(db, agent, DESIGN);

    await updateAgentIntensityMetrics(db, agent, first);
    const after = await updateAgentIntensityMetrics(db, agent, second);

    expect(after).toEqual(nextIntensity(nextIntensity(withDesign(NO_INTENSITY, DESIGN), first), second));
    expect(await loadIntensity(db, agent)).toEqual(after);
    expect(after).toMatchObject({ totalExecutions: 2, failedExecutions: 1, totalCostUsd: null });
    expect(after.scores.combined).toBe(5);
  });

  test("counts an execution once, however often it is told", async () => {
    const agent = { workspaceId, agentId: await addAgent(db, workspaceId) };
    const facts = await ended(agent.agentId);
    const once = await updateAgentIntensityMetrics(db, agent, facts);

    expect(await updateAgentIntensityMetrics(db, agent, { ...facts, isSuccess: false })).toEqual(once);
    expect(await loadIntensity(db, agent)).toMatchObject({ totalExecutions: 1, failedExecutions: 0 });
  });

  test("loses none of many that end at once", async () => {
    const agent = { workspaceId, agentId: await addAgent(db, workspaceId) };
    const executions = await Promise.all(Array.from({ length: 12 }, async () => ended(agent.agentId)));
    await Promise.all(executions.map(async (facts) => updateAgentIntensityMetrics(db, agent, facts)));

    expect(await loadIntensity(db, agent)).toMatchObject({ totalExecutions: 12, totalCostUsd: 24_000_000n });
    expect(await loadHistory(db, agent)).toHaveLength(12);
    expect(await loadHistory(db, agent, 3)).toHaveLength(3);
  });

  test("keeps a history of scores, newest first", async () => {
    const agent = { workspaceId, agentId: await addAgent(db, workspaceId) };
    const first = await ended(agent.agentId);
    const second = await ended(agent.agentId, { isSuccess: false, costUsd: null });
    const one = await updateAgentIntensityMetrics(db, agent, first);
    const two = await updateAgentIntensityMetrics(db, agent, second);

    expect(await loadHistory(db, agent)).toEqual([
      {
        executionId: second.executionId,
        isSuccess: false,
        scores: two.scores,
        metrics: two.metrics,
        costUsd: null,
        createdAt: expect.any(Date) as Date,
      },
      {
        executionId: first.executionId,
        isSuccess: true,
        scores: one.scores,
        metrics: one.metrics,
        costUsd: 2_000_000n,
        createdAt: expect.any(Date) as Date,
      },
    ]);
  });

  test("never shows or changes another workspace's agent", async () => {
    const agentId = await addAgent(db, workspaceId);
    await updateAgentDesign(db, { workspaceId, agentId }, DESIGN);
    const stranger = { workspaceId: other, agentId };

    expect(await loadIntensity(db, stranger)).toBeNull();
    expect(await loadHistory(db, stranger)).toEqual([]);
    await expect(updateAgentDesign(db, stranger, DESIGN)).rejects.toThrow("is scored in another workspace");
    expect((await loadIntensity(db, { workspaceId, agentId }))?.design).toEqual(DESIGN);
  });

  test("scores by the workspace's rules", async () => {
    const agent = { workspaceId: other, agentId: await addAgent(db, other) };
    await db.query("INSERT INTO system_config (key, value, workspace_id) VALUES ('agent_intensity_rules', $1, $2)", [
      '{"thresholds":{"blend_executions":0},"ranges":{"design_steps":{"from":0,"to":20}}}',
      other,
    ]);

    expect((await loadIntensityRules(db, workspaceId)).rules).toEqual(DEFAULT_RULES);
    expect((await updateAgentDesign(db, agent, DESIGN)).scores.creation).toBe(2.5);
  });

  test("passes over averages that a later version keeps", async () => {
    const agent = { workspaceId, agentId: await addAgent(db, workspaceId) };
    await updateAgentDesign(db, agent, DESIGN);
    await db.query("UPDATE agent_intensity_metrics SET averages = $2 WHERE agent_id = $1", [
      agent.agentId,
      Buffer.from('{"averages":{"later":{"mean":1,"count":1},"steps_per_run":{"mean":2,"count":1}}}'),
    ]);

    expect(await db.transaction(async (tx) => lockIntensity(tx, agent))).toMatchObject({
      averages: { steps_per_run: { mean: 2, count: 1 } },
      design: null,
    });
    await db.query("UPDATE agent_intensity_metrics SET averages = $2 WHERE agent_id = $1", [agent.agentId, Buffer.from("{}")]);
    expect((await loadIntensity(db, agent))?.averages).toEqual({});
  });
});

describe("loadExecutionFacts", () => {
  test("reads an execution's journal and usage", async () => {
    const agentId = await addAgent(db, workspaceId);
    const executionId = await addExecution(db, { workspaceId, agentId, status: "failed" });
    await addSteps(db, executionId, [
      { path: "a", type: "action", plugin: "files", ms: 10 },
      { path: "b", type: "action", plugin: "http", status: "failed", ms: 30 },
      { path: "b", type: "action", plugin: "http", attempt: 2, ms: 40 },
      { path: "c", type: "conditional", ms: 500 },
      { path: "d", type: "loop", items: 3, ms: 700 },
      { path: "d[0].e", type: "ai_processing", ms: 100 },
      { path: "d[1].e", type: "ai_processing", ms: 100 },
      { path: "f", type: "scatter_gather", items: 4 },
      { path: "g", type: "delay", ms: 60_000 },
      { path: "h", type: "human_approval", ms: 3_600_000 },
      { path: "i", type: "ai_processing", status: "skipped" },
    ]);
    await addCall(db, executionId, { input: 100, output: 20, usd: "0.001" });
    await addCall(db, executionId, { input: 200, output: 30, usd: "0.002" });
    await db.query(
      "INSERT INTO token_budgets (agent_id, execution_id, step_id, allocated_tokens, used_tokens) VALUES ($1, $2, 'a', 100, 90), ($1, $2, 'b', 50, NULL)",
      [agentId, executionId],
    );

    const expected = {
      executionId,
      isSuccess: false,
      durationMs: 280,
      inputTokens: 300,
      outputTokens: 50,
      iterations: 2,
      retries: 1,
      pluginCalls: 3,
      uniquePlugins: 2,
      pluginMs: 80,
      steps: 9,
      branches: 1,
      loopItems: 7,
      parallels: 1,
      costUsd: 3_000_000n,
    };
    const request = { workspaceId, executionId };
    expect(await loadExecutionFacts(db, { ...request, hasBudgets: true })).toEqual({
      agentId,
      facts: expected,
      commitments: [{ allocatedTokens: 100, usedTokens: 90 }],
    });
    expect((await loadExecutionFacts(db, { ...request, hasBudgets: false }))?.commitments).toEqual([]);
    expect(await loadExecutionFacts(db, { workspaceId: other, executionId, hasBudgets: false })).toBeNull();
  });

  test("knows no sum of which a part is unknown, and counts a loop's items once", async () => {
    const agentId = await addAgent(db, workspaceId);
    const executionId = await addExecution(db, { workspaceId, agentId });
    await addSteps(db, executionId, [
      { path: "a", type: "action", plugin: "mail", ms: 10 },
      { path: "b", type: "action", plugin: "mail" },
      { path: "w", type: "action", plugin: "mail", status: "waiting" },
      { path: "l", type: "loop", items: 3, status: "failed" },
      { path: "l", type: "loop", items: 3, attempt: 2 },
    ]);
    const factsOf = async () => (await loadExecutionFacts(db, { workspaceId, executionId, hasBudgets: false }))?.facts;

    expect(await factsOf()).toMatchObject({ pluginMs: null, durationMs: null, loopItems: 3, pluginCalls: 3 });
    await db.query("UPDATE workflow_step_executions SET execution_time_ms = 5 WHERE workflow_execution_id = $1 AND step_path = 'b'", [
      executionId,
    ]);
    await addSteps(db, executionId, [{ path: "m", type: "loop" }]);
    expect(await factsOf()).toMatchObject({ pluginMs: 15, durationMs: 15, loopItems: null });
  });

  test("takes what is missing for unknown, and what did not happen for zero", async () => {
    const agentId = await addAgent(db, workspaceId);
    const executionId = await addExecution(db, { workspaceId, agentId });
    await addSteps(db, executionId, [{ path: "a", type: "loop" }]);
    await addCall(db, executionId, { input: 100, output: null, usd: null });

    expect((await loadExecutionFacts(db, { workspaceId, executionId, hasBudgets: false }))?.facts).toMatchObject({
      isSuccess: true,
      durationMs: 0,
      inputTokens: 100,
      outputTokens: null,
      loopItems: null,
      pluginCalls: 0,
      pluginMs: 0,
      costUsd: null,
    });
    const silent = await addExecution(db, { workspaceId, agentId });
    expect((await loadExecutionFacts(db, { workspaceId, executionId: silent, hasBudgets: false }))?.facts).toMatchObject({
      steps: 0,
      loopItems: 0,
      inputTokens: 0,
      costUsd: 0n,
    });
  });

  test("is silent about executions that run, that nobody owns, or that are not there", async () => {
    const agentId = await addAgent(db, workspaceId);
    const ids = [
      await addExecution(db, { workspaceId, agentId, isEnded: false }),
      await addExecution(db, { workspaceId, agentId: null }),
      uuidv7(),
    ];

    for (const executionId of ids) expect(await loadExecutionFacts(db, { workspaceId, executionId, hasBudgets: true })).toBeNull();
  });
});
