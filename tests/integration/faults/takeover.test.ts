// What the next owner of an execution makes of the attempts that the one before left behind.
import { describe, expect, test } from "vitest";
import { createTestSystem, workflow, type TestSystem, type TestSystemOptions } from "../testSystem.ts";
import { attemptStates, leaveBehind, type LeftAttempt } from "./deadOwner.ts";

const action = (name: string): object => ({ id: "s", type: "action", plugin: "probe", action: name, params: { to: "anna" } });
const effect = (state: LeftAttempt["state"], more: Partial<LeftAttempt> = {}): LeftAttempt => ({
  path: "s",
  kind: "effect",
  state,
  ...more,
});

async function takeOver(
  step: object,
  attempts: readonly LeftAttempt[],
  options: TestSystemOptions = {},
): Promise<TestSystem & { readonly id: string }> {
  const t = await createTestSystem({ ...options, works: false });
  const { executionId } = await t.system.start(workflow([step]));
  await leaveBehind(t.db, executionId, attempts);
  return Object.assign(t, { id: executionId });
}

describe("a model call that an earlier owner settled", () => {
  test.each(["assumed", "settled", "failed"] as const)("as %s is not in the way of the next one", async (state) => {
    await using t = await takeOver({ id: "s", type: "ai_processing", prompt: "Say yes." }, [{ path: "s", kind: "model", state }], {
      script: ["Yes."],
    });

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.error).toBeNull();
    expect(report.status).toBe("completed");
    expect(await attemptStates(t.db, t.id)).toEqual([state, "settled"]);
  });
});

describe("an effect that an earlier owner began", () => {
  test("and that certainly did not happen gets an attempt row of its own before it is sent again", async () => {
    await using t = await takeOver(action("send"), [effect("failed")]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("completed");
    expect(t.probe.calls).toHaveLength(1);
    expect(await attemptStates(t.db, t.id)).toEqual(["failed", "settled"]);
  });

  test("and whose late report says that it happened is not sent again", async () => {
    await using t = await takeOver(action("send"), [effect("settled")]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("completed");
    expect(t.probe.calls).toHaveLength(0);
    expect(report.steps[0]?.warnings.join()).toContain("happened");
  });

  test("and that is settled, under a key that the receiver honours, is asked again for its reply", async () => {
    await using t = await takeOver(action("keyed"), [effect("settled")]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("completed");
    expect(report.output).toEqual({ to: "anna" });
    expect(t.probe.calls).toHaveLength(1);
  });

  test("is not believed undone while the request may still be on its way", async () => {
    await using t = await takeOver(action("verified"), [effect("open")]);
    t.probe.verify = () => ({ happened: false });

    await t.system.work();
    await expect.poll(async () => (await t.system.report(t.id)).waitingFor).toBe("delay");

    expect(t.probe.calls).toHaveLength(0);
    await expect(t.system.resume(t.id, { actor: "ann", resolve: "retry" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("is sent again once its time-out has passed and verification says that it did not happen", async () => {
    await using t = await takeOver(action("verified"), [effect("open", { ageSeconds: 60 })]);
    t.probe.verify = () => ({ happened: false });

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("completed");
    expect(t.probe.calls).toHaveLength(1);
    expect(await attemptStates(t.db, t.id)).toEqual(["failed", "settled"]);
  });

  test("several times leaves nothing open", async () => {
    await using t = await takeOver(action("keyed"), [effect("open", { ageSeconds: 2 }), effect("open", { call: 2, ageSeconds: 1 })]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("completed");
    expect(await attemptStates(t.db, t.id)).toEqual(["failed", "failed", "settled"]);
  });

  test("is not repeated when the key's window has passed since the first try, however young the last one is", async () => {
    const day = 86_400;
    await using t = await takeOver(action("keyed"), [
      effect("open", { ageSeconds: day + 60 }),
      effect("open", { call: 2, ageSeconds: 60 }),
    ]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("uncertain");
    expect(t.probe.calls).toHaveLength(0);
    await t.system.resume(t.id, { actor: "ann", resolve: "done", output: 1 });
    expect((await t.system.wait(t.id)).status).toBe("completed");
    expect(await attemptStates(t.db, t.id)).toEqual(["settled", "settled"]);
  });
});

describe("an uncertain effect", () => {
  const slowly = (t: TestSystem): PromiseWithResolvers<void> => {
    const released = Promise.withResolvers<void>();
    t.probe.behave = async (name, params) => {
      if (name === "send") throw new Error("the connection broke");
      await released.promise;
      return params;
    };
    return released;
  };

  test("that is resolved while other steps still run does not leave the execution asleep", async () => {
    await using t = await createTestSystem();
    const released = slowly(t);
    const { executionId } = await t.system.start(
      workflow([action("send"), { id: "other", type: "action", plugin: "probe", action: "slow" }]),
    );
    await expect.poll(() => attemptStates(t.db, executionId)).toEqual(["uncertain"]);

    await t.system.resume(executionId, { actor: "ann", resolve: "done", output: 1 });
    released.resolve();
    await expect.poll(async () => (await t.system.report(executionId)).status, { timeout: 5_000 }).toBe("completed");
  });

  test("of an execution that is cancelled stays on record as uncertain", async () => {
    await using t = await createTestSystem();
    t.probe.behave = async (_name, _params, signal) => {
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      return null;
    };
    const { executionId } = await t.system.start(workflow([action("send")]));
    await expect.poll(() => t.probe.calls.length).toBe(1);

    await t.system.cancel(executionId, "ann");
    const report = await t.system.wait(executionId);

    expect(report.status).toBe("cancelled");
    expect(await attemptStates(t.db, executionId)).toEqual(["uncertain"]);
  });

  test("that nobody looked at before the execution was cancelled stays on record, too", async () => {
    await using t = await takeOver(action("send"), [effect("open", { ageSeconds: 60 })]);

    await t.system.cancel(t.id, "ann");
    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe("cancelled");
    expect(await attemptStates(t.db, t.id)).toEqual(["uncertain"]);
  });

  test("whose lost owner reports late that it was sent goes on by itself", async () => {
    await using t = await takeOver(action("send"), [effect("open", { ageSeconds: 60 })]);
    await t.system.work();
    expect((await t.system.wait(t.id)).status).toBe("uncertain");

    await t.db.query("UPDATE step_attempts SET state = 'settled' WHERE execution_id = $1", [t.id]);
    // A worker that starts sweeps, as every worker does twice a minute.
    await using other = await createTestSystem({ database: t.db });
    expect(other.db).toBe(t.db);

    await expect.poll(async () => (await t.system.report(t.id)).status).toBe("completed");
    expect(t.probe.calls).toHaveLength(0);
  });
});

describe("an execution whose claims ended one after the other without a row", () => {
  test.each([
    ["is not tried again when its steps were under way at each last touch", ["s"], { status: "failed", code: "STEP_KILLS_WORKER" }],
    ["is tried again when its workers died before a touch", null, { status: "completed", code: undefined }],
  ])("%s", async (_what, begunSteps, { status, code }) => {
    await using t = await takeOver(action("read"), []);
    await t.db.query("UPDATE workflow_executions SET fruitless_epochs = 4, begun_steps = $2 WHERE id = $1", [t.id, begunSteps]);

    await t.system.work();
    const report = await t.system.wait(t.id);

    expect(report.status).toBe(status);
    expect(report.error?.code).toBe(code);
    expect(report.error?.details?.["step"]).toBe(code === undefined ? undefined : "s");
  });
});
