import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { migrate, rollbackMigration } from "../../../lib/db/migrate.ts";
import { writeFacts } from "../../../lib/db/UnitPart.ts";
import {
  budgetWriter,
  loadBudgetUsage,
  saveExecutionBudget,
  type BudgetUsageRow,
} from "../../../lib/orchestration/budgets/BudgetUsageStore.ts";
import type { ExecutionForecast } from "../../../lib/orchestration/budgets/forecastExecution.ts";
import { DEFAULT_SETTINGS } from "../../../lib/orchestration/budgets/GovernanceSettings.ts";
import { loadGovernanceSettings } from "../../../lib/orchestration/budgets/GovernanceSettingsStore.ts";
import { StepHistoryCache } from "../../../lib/orchestration/budgets/StepHistoryCache.ts";
import { loadStepHistory, saveForecast } from "../../../lib/orchestration/budgets/StepHistoryStore.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const OTHER_WORKSPACE = "00000000-0000-4000-8000-00000000beef" as WorkspaceId;

let db: Database;
let agentId: string;

beforeAll(async () => {
  db = await openTestDatabase();
  await db.query("INSERT INTO workspaces (id, name) VALUES ($1, 'other')", [OTHER_WORKSPACE]);
});

afterAll(async () => {
  await db.close();
});

beforeEach(async () => {
  agentId = await createAgent();
});

async function createAgent(workspaceId: WorkspaceId = DEFAULT_WORKSPACE_ID): Promise<string> {
  const id = uuidv7();
  await db.query("INSERT INTO agents (id, agent_name, workspace_id) VALUES ($1, 'budgets', $2)", [id, workspaceId]);
  return id;
}

interface ExecutionFacts {
  readonly agent?: string | null;
  readonly workspaceId?: WorkspaceId;
  readonly status?: string;
  readonly atMs?: number;
}

let clockMs = Date.UTC(2026, 0, 1);

async function createExecution(facts: ExecutionFacts = {}): Promise<string> {
  const id = uuidv7();
  const { agent = agentId, workspaceId = DEFAULT_WORKSPACE_ID, status = "completed" } = facts;
  clockMs += 1_000;
  const at = new Date(facts.atMs ?? clockMs);
  await db.query(
    "INSERT INTO workflow_executions (id, agent_id, workspace_id, status, created_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6)",
    [id, agent, workspaceId, status, at, status === "running" ? null : at],
  );
  return id;
}

interface CallFacts {
  readonly input?: number;
  readonly output?: number;
  readonly cost?: string | null;
  readonly type?: string;
  readonly intent?: string;
}

async function addCall(executionId: string, path: string, facts: CallFacts = {}): Promise<void> {
  const { input = 100, output = 10, cost = "0.001", type = "ai_processing", intent = "extract" } = facts;
  clockMs += 1;
  await db.query(
    `INSERT INTO token_usage (id, execution_id, workflow_step, provider, model_name, input_tokens, output_tokens, reasoning_tokens, cost_usd,
       activity_type, success, created_at) VALUES ($1, $2, $3, 'openai', 'gpt-4o', $4, $5, 2, $6, 'step_execution', TRUE, $7)`,
    [uuidv7(), executionId, path, input, output, cost, new Date(clockMs)],
  );
  await db.query(
    `INSERT INTO workflow_step_executions (workflow_execution_id, step_path, step_type, status, intent)
     VALUES ($1, $2, $3, 'completed', $4) ON CONFLICT DO NOTHING`,
    [executionId, path, type, intent],
  );
}

function budgetRow(executionId: string, facts: Partial<BudgetUsageRow> = {}): BudgetUsageRow {
  return { executionId, stepPath: "s1", allocatedTokens: 500, usedTokens: 200, isCompressed: false, compressionRatio: null, ...facts };
}

describe("budgetWriter", () => {
  test("writes one row per execution and step path, with the agent that the execution belongs to", async () => {
    const id = await createExecution();

    await writeFacts(db, budgetWriter, [
      budgetRow(id),
      budgetRow(id, { stepPath: "s2[3].send", isCompressed: true, compressionRatio: 0.25 }),
    ]);

    expect(await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, id)).toEqual([
      budgetRow(id),
      budgetRow(id, { stepPath: "s2[3].send", isCompressed: true, compressionRatio: 0.25 }),
    ]);
    expect((await db.query("SELECT DISTINCT agent_id FROM token_budgets WHERE execution_id = $1", [id])).rows).toEqual([
      { agent_id: agentId },
    ]);
  });

  test("changes nothing when a batch is written again, or an older row comes after a newer one", async () => {
    const id = await createExecution();
    const newer = budgetRow(id, { usedTokens: 450, isCompressed: true, compressionRatio: 0.5 });

    await writeFacts(db, budgetWriter, [newer]);
    await writeFacts(db, budgetWriter, [newer]);
    await writeFacts(db, budgetWriter, [budgetRow(id)]);

    expect(await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, id)).toEqual([newer]);
  });

  test("takes two attempts of one step in one batch", async () => {
    const id = await createExecution();

    await writeFacts(db, budgetWriter, [budgetRow(id), budgetRow(id, { usedTokens: 390 })]);

    expect(await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, id)).toEqual([budgetRow(id, { usedTokens: 390 })]);
  });

  test("passes over executions that are gone or belong to no agent, and keeps the others", async () => {
    const [id, orphan] = [await createExecution(), await createExecution({ agent: null })];

    await writeFacts(db, budgetWriter, [budgetRow(uuidv7()), budgetRow(orphan), budgetRow(id)]);

    expect(await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, id)).toHaveLength(1);
    expect(await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, orphan)).toEqual([]);
  });

  test("saturates where the plan's columns end", async () => {
    const id = await createExecution();

    await writeFacts(db, budgetWriter, [budgetRow(id, { usedTokens: 5_000_000_000 })]);
    await saveExecutionBudget(db, DEFAULT_WORKSPACE_ID, id, { allocatedTokens: 5_000_000_000, usedTokens: 12 });

    expect((await loadBudgetUsage(db, DEFAULT_WORKSPACE_ID, id))[0]?.usedTokens).toBe(2_147_483_647);
    const { rows } = await db.query("SELECT token_budget_allocated AS a, token_budget_used AS u FROM workflow_executions WHERE id = $1", [
      id,
    ]);
    expect(rows).toEqual([{ a: 2_147_483_647, u: 12 }]);
  });

  test("shows and changes nothing of another workspace", async () => {
    const id = await createExecution();
    await writeFacts(db, budgetWriter, [budgetRow(id)]);

    await saveExecutionBudget(db, OTHER_WORKSPACE, id, { allocatedTokens: 1, usedTokens: 1 });

    expect(await loadBudgetUsage(db, OTHER_WORKSPACE, id)).toEqual([]);
    expect((await db.query("SELECT token_budget_used FROM workflow_executions WHERE id = $1", [id])).rows).toEqual([
      { token_budget_used: null },
    ]);
  });
});

describe("loadStepHistory", () => {
  const load = (hasIntents = true, more: object = {}) =>
    loadStepHistory(db, { workspaceId: DEFAULT_WORKSPACE_ID, agentId, hasIntents, ...more });

  test("adds up a step's iterations and calls, in order of time", async () => {
    const id = await createExecution();
    await addCall(id, "s1[0].ask", { input: 100, output: 20 });
    await addCall(id, "s1[1].ask", { input: 300, output: 40 });
    await addCall(id, "s1[1].ask", { input: 330, output: 60 });

    const [execution] = (await load()).executionsOf(agentId);

    expect(execution).toEqual({
      executionId: id,
      agentId,
      forecast: null,
      steps: [
        {
          signature: "s1[].ask",
          shape: "ai_processing@1",
          intent: "extract",
          model: "openai/gpt-4o",
          runs: 2,
          inputTokens: 730,
          outputTokens: 120,
          costUsd: 3_000_000n,
          calls: [
            { inputTokens: 100, outputTokens: 20, reasoningTokens: 2 },
            { inputTokens: 300, outputTokens: 40, reasoningTokens: 2 },
            { inputTokens: 330, outputTokens: 60, reasoningTokens: 2 },
          ],
        },
      ],
    });
  });

  test("knows executions that called no model, not those that still run, and a price that is unknown", async () => {
    const first = await createExecution();
    await addCall(first, "s1", { cost: null });
    const second = await createExecution({ status: "failed" });
    await addCall(await createExecution({ status: "running" }), "s1");

    const executions = (await load()).executionsOf(agentId);

    expect(executions.map(({ executionId }) => executionId)).toEqual([second, first]);
    expect(executions[0]?.steps).toEqual([]);
    expect(executions[1]?.steps[0]?.costUsd).toBeNull();
  });

  test("takes the latest of the agent and of others in the workspace, none of other workspaces", async () => {
    const other = await createAgent();
    const foreign = await createAgent(OTHER_WORKSPACE);
    await createExecution({ agent: foreign, workspaceId: OTHER_WORKSPACE, atMs: Date.UTC(2030, 0, 1) });
    const own = [await createExecution(), await createExecution(), await createExecution()];
    const others = [await createExecution({ agent: other }), await createExecution({ agent: other })];

    const history = await load(true, { ownExecutions: 2, otherExecutions: 1 });

    expect(history.executions().map(({ executionId }) => executionId)).toEqual([others[1], own[2], own[1]]);
  });

  test("asks nobody else once the agent has 32 executions of its own", async () => {
    await createExecution({ agent: await createAgent() });
    for (let count = 0; count < 32; count += 1) await createExecution();

    expect((await load()).executions()).toHaveLength(32);
  });

  test("does not name the column of intents when it may not be there", async () => {
    const id = await createExecution();
    await addCall(id, "s1");
    await rollbackMigration(db, "20250112_orchestration_foundation");

    const [execution] = (await load(false)).executionsOf(agentId);
    await migrate(db);

    expect(execution?.steps[0]).toMatchObject({ signature: "s1", intent: null, inputTokens: 100 });
  });

  test("gives back the forecast that was saved first", async () => {
    const id = await createExecution();
    const forecast = (tokens: number): ExecutionForecast => ({
      envelope: { tokens: { q10: 1, q50: 2, q90: 3 }, usd: { q10: 1n, q50: 2n, q90: 3n }, source: "prior", samples: 0 },
      raw: { tokensQ90: tokens, usdQ90: 1_234_567n },
      factor: { tokens: 1, usd: 1 },
    });

    await saveForecast(db, id, forecast(700));
    await saveForecast(db, id, forecast(900));

    expect((await load()).executionsOf(agentId)[0]?.forecast).toEqual({ tokensQ90: 700, usdQ90: 1_234_567n });
  });
});

describe("StepHistoryCache", () => {
  const request = () => ({ workspaceId: DEFAULT_WORKSPACE_ID, agentId, hasIntents: true });

  test("loads once for all who ask within its time, and anew after it", async () => {
    const clock = new ManualClock();
    const cache = new StepHistoryCache({ clock, maxAgeMs: 1_000 });
    await createExecution();

    const [first, second] = await Promise.all([cache.get(db, request()), cache.get(db, request())]);
    await createExecution();
    const third = await cache.get(db, request());
    await clock.advance(1_000);
    const fourth = await cache.get(db, request());

    expect([second, third]).toEqual([first, first]);
    expect([first.executionsOf(agentId).length, fourth.executionsOf(agentId).length]).toEqual([1, 2]);
  });

  test("does not keep a load that failed", async () => {
    const cache = new StepHistoryCache({ clock: new ManualClock() });
    const broken = { ...db, query: () => Promise.reject(new Error("away")) } as unknown as Database;

    await expect(cache.get(broken, request())).rejects.toThrow("away");
    expect((await cache.get(db, request())).executions()).toBeDefined();
  });
});

describe("loadGovernanceSettings", () => {
  test("gives the shipped values from the shipped rows", async () => {
    expect(await loadGovernanceSettings(db, DEFAULT_WORKSPACE_ID)).toEqual({ settings: DEFAULT_SETTINGS, warnings: [] });
    expect(
      (
        await db.query(
          "SELECT 1 FROM system_config WHERE key LIKE 'token_budget_%' OR key IN ('routing_tiers', 'compression_quality_thresholds')",
        )
      ).rowCount,
    ).toBe(4);
  });

  test("prefers a workspace's own row, and leaves others as they are", async () => {
    await db.query("INSERT INTO system_config (key, value, workspace_id) VALUES ('token_budget_rules', $2, $1)", [
      OTHER_WORKSPACE,
      '{"poolShare":0.15,"policy":"pause"}',
    ]);

    const { settings } = await loadGovernanceSettings(db, OTHER_WORKSPACE);

    expect(settings).toEqual({ ...DEFAULT_SETTINGS, poolShare: 0.15, policy: "pause" });
    expect((await loadGovernanceSettings(db, DEFAULT_WORKSPACE_ID)).settings.policy).toBe("warn");
  });
});
