// What arrives while an execution is about to leave its worker: answers, top-ups, cancels. Nothing is missed, nothing is done twice.
import { describe, expect, test } from "vitest";
import type { Database } from "../../../lib/db/Database.ts";
import { brokenConnection, createTestSystem, workflow } from "../testSystem.ts";
import { attemptStates } from "./deadOwner.ts";

const step = (id: string, action: string, more: object = {}): object => ({ id, type: "action", plugin: "probe", action, ...more });
const approval = { id: "ok", type: "human_approval", approvers: ["ann"], title: "Go on?" };

/** As another process would: no hint reaches the owner before it leaves. */
async function signal(db: Database, executionId: string): Promise<void> {
  await db.query("INSERT INTO execution_signals (execution_id, key, actor, payload) VALUES ($1, 'budget:1', 'ann', '{}')", [executionId]);
}

describe("an execution about to suspend", () => {
  test("carries out a cancel that another process asked for meanwhile", async () => {
    await using t = await createTestSystem();
    t.probe.behave = async (_action, params) => {
      await t.db.query("UPDATE workflow_executions SET cancel_requested_at = NOW()");
      return params;
    };

    const { executionId } = await t.system.start(workflow([step("a", "read"), { ...approval, dependencies: ["a"] }]));

    await expect.poll(async () => (await t.system.report(executionId)).status, { timeout: 5_000 }).toBe("cancelled");
  });

  test("does not send an uncertain effect again when a signal makes it look once more", async () => {
    await using t = await createTestSystem();
    t.probe.behave = async () => {
      const { rows } = await t.db.query<{ id: string }>("SELECT id FROM workflow_executions");
      await signal(t.db, rows[0]?.id ?? "");
      throw brokenConnection();
    };

    const report = await t.run(workflow([step("s", "send", { dependencies: [] }), { ...approval, dependencies: [] }]));

    expect(report.waitingFor).toBe("uncertain");
    expect(await t.system.listApprovals({})).toHaveLength(1);
    expect(t.probe.calls).toHaveLength(1);
    expect(await attemptStates(t.db, report.executionId)).toEqual(["uncertain"]);
  });

  test("numbers the calls of a step on when it looks once more at a limit", async () => {
    await using t = await createTestSystem({
      // Asked once, the answer does not fit; the repair does not fit the limit.
      script: () => ({ text: "no JSON", delayMs: 100, usage: { inputTokens: 300, outputTokens: 100 } }),
    });
    const schema = { type: "object", properties: { total: { type: "number" } }, required: ["total"] };
    const { executionId } = await t.system.start({
      ...workflow([{ id: "s", type: "ai_processing", prompt: "Count.", output_schema: schema, max_output_tokens: 100 }]),
      limits: { tokens: 800 },
    });
    await expect.poll(() => t.model.requests.length).toBe(1);
    await signal(t.db, executionId);

    const report = await t.system.wait(executionId);

    expect(report.error).toBeNull();
    expect(report.waitingFor).toBe("budget");
  });
});

describe("a start", () => {
  test("gives its grant back when no call was made", async () => {
    await using t = await createTestSystem({ works: false });
    await t.system.setBudget("workspace", { tokens: 100_000 }, "ann");
    const { executionId } = await t.system.start(workflow([{ id: "s", type: "ai_processing", prompt: "Say yes." }]));
    expect((await t.system.listBudgets())[0]?.grantedTokens).toBeGreaterThan(0);

    await t.system.cancel(executionId, "ann");
    await t.system.work();
    await t.system.wait(executionId);

    expect((await t.system.listBudgets())[0]?.grantedTokens).toBe(0);
  });
});
