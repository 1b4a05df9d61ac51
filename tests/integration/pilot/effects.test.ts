// Effects that may have happened: verified, repeated under the same key, or uncertain; never repeated silently.
import { describe, expect, test } from "vitest";
import { brokenConnection, createTestSystem, workflow } from "../testSystem.ts";

const step = (action: string, more: object = {}): object => ({
  id: action,
  type: "action",
  plugin: "probe",
  action,
  params: { to: "anna" },
  ...more,
});
const eager = { retryPolicy: { maxRetries: 3, backoffMs: 1, retryableErrors: ["UPSTREAM_UNAVAILABLE"] } };

function failOnce(t: { readonly probe: { behave: unknown } }): void {
  let failures = 0;
  t.probe.behave = async (_action: string, params: unknown) => {
    failures += 1;
    if (failures === 1) throw brokenConnection();
    return params;
  };
}

describe("an effect whose reply was lost", () => {
  test("makes the execution uncertain when nobody can tell, whatever the retry policy says", async () => {
    await using t = await createTestSystem();
    failOnce(t);

    const report = await t.run(workflow([step("send", eager)]));

    expect(report.status).toBe("uncertain");
    expect(report.waitingFor).toBe("uncertain");
    expect(t.probe.calls).toHaveLength(1);
  });

  test("goes on with the person's output when the person says it happened", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    const { executionId } = await t.run(workflow([step("send"), step("read", { params: { id: "{{send.id}}" } })]));

    await t.system.resume(executionId, { actor: "tester", resolve: "done", output: { id: 7 } });
    const done = await t.system.wait(executionId);

    expect(done.status).toBe("completed");
    expect(t.probe.calls.map(({ action }) => action)).toEqual(["send", "read"]);
    expect(t.probe.calls[1]?.params).toEqual({ id: 7 });
  });

  test("is sent again under the same key when the person says it did not happen", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    const { executionId } = await t.run(workflow([step("send")]));

    await t.system.resume(executionId, { actor: "tester", resolve: "retry" });
    const done = await t.system.wait(executionId);

    expect(done.status).toBe("completed");
    expect(t.probe.calls).toHaveLength(2);
    expect(t.probe.calls[0]?.key).toBe(t.probe.calls[1]?.key);
  });

  test("answers once: a second resolution is refused", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    const { executionId } = await t.run(workflow([step("send")]));
    await t.system.resume(executionId, { actor: "tester", resolve: "done" });
    await t.system.wait(executionId);

    await expect(t.system.resume(executionId, { actor: "tester", resolve: "retry" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("completes without a second call when verification finds it", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    t.probe.verify = () => ({ happened: true, output: { found: true } });

    const report = await t.run(workflow([step("verified")]));

    expect(report.status).toBe("completed");
    expect(report.output).toEqual({ found: true });
    expect(t.probe.calls).toHaveLength(1);
  });

  test("is repeated by the retry policy when verification says it did not happen", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    t.probe.verify = () => ({ happened: false });

    const report = await t.run(workflow([step("verified", eager)]));

    expect(report.status).toBe("completed");
    expect(t.probe.calls).toHaveLength(2);
  });

  test("is not repeated when the receiver, asked again, has done it after all", async () => {
    await using t = await createTestSystem();
    failOnce(t);
    const answers = [false, true];
    t.probe.verify = () => (answers.shift() === true ? { happened: true, output: { late: true } } : { happened: false });

    const report = await t.run(workflow([step("verified", eager)]));

    expect(report).toMatchObject({ status: "completed", output: { late: true } });
    expect(t.probe.calls).toHaveLength(1);
  });

  test("is repeated under the same key inside the window that the action declares", async () => {
    await using t = await createTestSystem();
    failOnce(t);

    const report = await t.run(workflow([step("keyed", eager)]));

    expect(report.status).toBe("completed");
    expect(new Set(t.probe.calls.map(({ key }) => key)).size).toBe(1);
    expect(t.probe.calls).toHaveLength(2);
  });
});

describe("previewed effects", () => {
  test("are shown and not performed in a dry execution", async () => {
    await using t = await createTestSystem();

    const report = await t.run({ ...workflow([step("read"), step("send")]), mode: "dry" });

    expect(report.status).toBe("completed");
    expect(report.output).toMatchObject({ previewed: true, plugin: "probe", action: "send", params: { to: "anna" } });
    expect(t.probe.calls.map(({ action }) => action)).toEqual(["read"]);
  });

  test("a fork takes over what went before, previews effects after it, and performs them when allowed", async () => {
    await using t = await createTestSystem();
    const source = await t.run(workflow([step("read"), step("send")]));

    const fork = await t.system.fork({ executionId: source.executionId, fromStep: "send" });
    const previewed = await t.system.wait(fork.executionId);
    const allowed = await t.system.fork({ executionId: source.executionId, fromStep: "send", allowEffects: true });
    const performed = await t.system.wait(allowed.executionId);

    expect(fork.previewed).toEqual(["send"]);
    expect(previewed.output).toMatchObject({ previewed: true });
    expect(performed.output).toEqual({ to: "anna" });
    expect(t.probe.calls.map(({ action }) => action)).toEqual(["read", "send", "send"]);
    expect(t.probe.calls[1]?.key).not.toBe(t.probe.calls[2]?.key);
  });
});
