// A worker that stood still or lost its database: it sends nothing it may not send, and fails nothing that is not at fault.
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { systemClock, type Clock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import type { Plugin } from "../../../lib/plugins/types.ts";
import { ScriptedModel } from "../../../lib/testing/ScriptedModel.ts";
import { createFaultEngine, until, type FaultEngine } from "../../faults/createFaultEngine.ts";
import { watchedDatabase } from "../../faults/watchedDatabase.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { attemptStates } from "./deadOwner.ts";

const calls: string[] = [];
const params = z.looseObject({});
const plugin: Plugin = definePlugin({
  name: "probe",
  version: "1.0.0",
  description: "records its calls",
  actions: {
    send: defineAction({
      description: "sends, and cannot tell",
      effect: "destructive",
      idempotency: { by: "none", windowHours: 0 },
      params,
      run: async (_params, { stepPath }) => {
        calls.push(stepPath);
        return null;
      },
    }),
    read: defineAction({
      description: "reads a lot",
      effect: "read",
      idempotency: { by: "natural", windowHours: 1 },
      params,
      run: async (_params, { stepPath }) => {
        calls.push(stepPath);
        return "x".repeat(300_000);
      },
    }),
  },
});

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
  calls.length = 0;
});

async function open(
  onStatement: (text: string, isDone: boolean) => void,
  clock: Clock = systemClock,
): Promise<FaultEngine & { readonly db: Database }> {
  const db = await openTestDatabase(QUEUE_TEMPLATE);
  const model = new ScriptedModel(() => "Yes.", { name: "openai" });
  const fault = await createFaultEngine(watchedDatabase(db, onStatement), { plugins: [plugin], provider: model, clock });
  closing.push(
    () => db.close(),
    () => fault.close(),
  );
  await fault.engine.worker.start();
  return { ...fault, db };
}

describe("a worker that stood still between an effect's attempt row and its sending", () => {
  test("does not send, says so, and lets go", async () => {
    let jumpedMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + jumpedMs };
    const fault = await open((text, isDone) => {
      if (isDone && text.includes("INSERT INTO step_attempts")) jumpedMs = 15_000;
    }, clock);

    const id = await fault.start([{ id: "s", type: "action", plugin: "probe", action: "send" }]);
    await until("it is begun", async () => (await attemptStates(fault.db, id)).length > 0);
    await until("it is let go", () => fault.engine.worker.heldCount === 0);

    expect(calls).toEqual([]);
    expect(await attemptStates(fault.db, id)).toEqual(["failed"]);
  });
});

describe("a database that is away for a moment", () => {
  const awayOnce = (isMeant: (text: string) => boolean): ((text: string, isDone: boolean) => void) => {
    let isAway = true;
    return (text, isDone) => {
      if (isDone || !isAway || !isMeant(text)) return;
      isAway = false;
      throw new AppError("DATABASE_UNAVAILABLE", "the database cannot be reached: gone for a moment");
    };
  };

  test.each([
    ["reserving for a model call", (text: string) => text.includes("FROM ledger_accounts")],
    ["reading an earlier step's output", (text: string) => text.startsWith("SELECT hash, content FROM execution_values")],
  ])("while %s fails no step", async (_what, isMeant) => {
    const fault = await open(awayOnce(isMeant));

    const id = await fault.start([
      { id: "a", type: "action", plugin: "probe", action: "read" },
      { id: "b", type: "ai_processing", prompt: "Is it long? {{a}}", dependencies: ["a"], max_output_tokens: 20 },
    ]);
    await until("it ends", async () => ["completed", "failed"].includes(await fault.statusOf(id)));

    expect(await fault.statusOf(id)).toBe("completed");
    expect(calls).toEqual(["a"]);
  });
});

describe("starts under one id in one batch", () => {
  test("are one start, and do no harm to others", async () => {
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    const fault = await createFaultEngine(db, { plugins: [plugin] });
    closing.push(
      () => db.close(),
      () => fault.close(),
    );
    const steps = [{ id: "s", type: "action", plugin: "probe", action: "send" }];
    const once = await fault.prepare(steps, { executionId: "00000000-0000-4000-8000-00000000000a" });
    const innocent = await fault.prepare(steps, { executionId: "00000000-0000-4000-8000-00000000000b" });

    const started = await Promise.all([once, once, innocent].map((request) => fault.engine.starter.start(request)));

    expect(started.map(({ isNew }) => isNew)).toEqual([true, false, true]);
    const jobs = await db.query<{ count: string }>("SELECT COUNT(*) FROM pgboss.job WHERE name = 'executions'");
    expect(jobs.rows[0]?.count).toBe("2");
    const stored = await db.query<{ id: string }>("SELECT id FROM workflow_executions ORDER BY id");
    expect(stored.rows.map(({ id }) => id)).toEqual([once.executionId, innocent.executionId]);
  });
});
