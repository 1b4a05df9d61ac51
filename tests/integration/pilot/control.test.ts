// Cancel, rollback, retries, time-outs, branches that fail: what happens to the rest.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonValue } from "../../../lib/core/json.ts";
import { createTestSystem, workflow, type TestSystem } from "../testSystem.ts";

const step = (id: string, action: string, more: object = {}): object => ({
  id,
  type: "action",
  plugin: "probe",
  action,
  params: { id },
  ...more,
});

/** The probe's `slow` action holds until it is let go or aborted. */
function holdSlow(t: TestSystem): { readonly begun: Promise<void>; readonly release: () => void } {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<JsonValue>();
  t.probe.behave = async (action, params, signal) => {
    if (action !== "slow") return params;
    begun.resolve();
    signal.addEventListener("abort", () => held.reject(signal.reason));
    return held.promise;
  };
  return { begun: begun.promise, release: () => held.resolve({ ok: true }) };
}

describe("cancel", () => {
  test("aborts what runs, rolls back what was done in reverse order, and ends as cancelled", async () => {
    await using t = await createTestSystem();
    const { begun } = holdSlow(t);
    const undo = (id: string) => ({ rollbackAction: { plugin: "probe", action: "undo", params: { undoes: `{{${id}.id}}` } } });
    const { executionId } = await t.system.start(
      workflow([step("a", "keyed", undo("a")), step("b", "keyed", undo("b")), step("c", "slow"), step("d", "read")]),
    );
    await begun;

    await t.system.cancel(executionId, "tester");
    const report = await t.system.wait(executionId);

    expect(report.status).toBe("cancelled");
    expect(t.probe.calls.map(({ action, params }) => [action, params])).toEqual([
      ["keyed", { id: "a" }],
      ["keyed", { id: "b" }],
      ["slow", { id: "c" }],
      ["undo", { undoes: "b" }],
      ["undo", { undoes: "a" }],
    ]);
    expect(report.steps.find(({ id }) => id === "a")?.status).toBe("completed");
  });

  test("of an execution that waits for a person ends it too, and a second cancel is refused", async () => {
    await using t = await createTestSystem();
    const waiting = await t.run(workflow([{ id: "ok", type: "human_approval", approvers: ["anna"] }]));

    await t.system.cancel(waiting.executionId, "tester");
    const report = await t.system.wait(waiting.executionId);

    expect(report.status).toBe("cancelled");
    await expect(t.system.cancel(waiting.executionId, "tester")).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("a failing step", () => {
  const fail = (t: TestSystem, times: number, error: () => Error): void => {
    let failures = 0;
    t.probe.behave = async (action, params) => {
      if (action !== "read" || failures >= times) return params;
      failures += 1;
      throw error();
    };
  };

  test("is tried again while its error is promising, one row per attempt", async () => {
    await using t = await createTestSystem();
    fail(t, 2, () => new AppError("UPSTREAM_UNAVAILABLE", "down"));

    const report = await t.run(workflow([step("a", "read", { retryPolicy: { maxRetries: 3, backoffMs: 1 } })]));
    const { rows } = await t.db.query<{ attempt: number; status: string }>(
      "SELECT attempt, status FROM workflow_step_executions ORDER BY attempt",
    );

    expect(report.status).toBe("completed");
    expect(rows.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "completed"],
    ]);
  });

  test("fails the execution when its error is final; steps after it never run", async () => {
    await using t = await createTestSystem();
    fail(t, 1, () => new AppError("UPSTREAM_REJECTED", "no"));

    const report = await t.run(workflow([step("a", "read"), step("b", "keyed")]));

    expect(report.status).toBe("failed");
    expect(report.error?.code).toBe("UPSTREAM_REJECTED");
    expect(t.probe.calls).toHaveLength(1);
  });

  test("lets the execution go on when it is tolerated", async () => {
    await using t = await createTestSystem();
    fail(t, 1, () => new AppError("UPSTREAM_REJECTED", "no"));

    const report = await t.run(workflow([step("a", "read", { continueOnError: true }), step("b", "keyed")]));

    expect(report.status).toBe("completed");
    expect(report.steps.map(({ id, status }) => [id, status])).toEqual([
      ["a", "failed"],
      ["b", "completed"],
    ]);
  });

  test("passes its time-out: the step fails and says so", async () => {
    await using t = await createTestSystem();
    holdSlow(t);

    const report = await t.run(workflow([step("a", "slow", { timeoutMs: 50, retryPolicy: { maxRetries: 0 } })]));

    expect(report.status).toBe("failed");
    expect(report.error?.code).toBe("STEP_TIMEOUT");
  });

  test("ends an execution at its own time limit", async () => {
    await using t = await createTestSystem();
    holdSlow(t);

    const report = await t.run(workflow([step("a", "slow")], { limits: { timeoutMs: 100 } }));

    expect(report.status).toBe("failed");
    expect(report.error?.code).toBe("EXECUTION_TIMEOUT");
  });
});

describe("outputs that no database likes", () => {
  test("NUL and lone surrogates come back exactly as they were", async () => {
    await using t = await createTestSystem();
    const nasty = { text: "a\u0000b", half: "\ud800", "k\u0000ey": 1 };
    t.probe.behave = async () => nasty;

    const report = await t.run(workflow([step("a", "read")]));

    expect(report.status).toBe("completed");
    expect(report.output).toEqual(nasty);
  });

  test("too large an output fails its step by name, and nothing of it is stored", async () => {
    await using t = await createTestSystem();
    t.probe.behave = async () => "x".repeat(50_000_000);

    const report = await t.run(workflow([step("a", "read")]));
    const { rows } = await t.db.query<{ count: string }>(
      "SELECT COUNT(*) AS count FROM execution_values WHERE octet_length(content) > 1000000",
    );

    expect(report.error?.code).toBe("OUTPUT_TOO_LARGE");
    expect(rows[0]?.count).toBe("0");
  });

  test("a NUL in an error message is kept without harm", async () => {
    await using t = await createTestSystem();
    t.probe.behave = async () => {
      throw new AppError("UPSTREAM_REJECTED", "bad\u0000reply");
    };

    const report = await t.run(workflow([step("a", "read")]));

    expect(report.error?.message).toContain("bad\u0000reply");
  });
});

describe("conditions and caches", () => {
  test("a step whose condition is false is skipped, and what follows runs", async () => {
    await using t = await createTestSystem();

    const report = await t.run({
      ...workflow([step("a", "read", { executeIf: "input.go == true" }), step("b", "read")]),
      inputs: { go: false },
    });

    expect(report.steps.map(({ id, status }) => [id, status])).toEqual([
      ["a", "skipped"],
      ["b", "completed"],
    ]);
  });

  test("a cached read is made once per different input; an effect is never cached", async () => {
    await using t = await createTestSystem();
    const cached = { cache: { enabled: true, ttl: 60 }, params: { who: "{{input.who}}" } };
    const request = (who: string) => ({ ...workflow([step("a", "read", cached)]), inputs: { who } });

    await t.run(request("anna"));
    await t.run(request("anna"));
    await t.run(request("bert"));

    expect(t.probe.calls.map(({ params }) => params)).toEqual([{ who: "anna" }, { who: "bert" }]);
  });
});

describe("starting twice", () => {
  test("under one key is starting once", async () => {
    await using t = await createTestSystem();
    const request = { ...workflow([step("a", "keyed")]), idempotencyKey: "monday" };

    const first = await t.system.start(request);
    const second = await t.system.start(request);
    await t.system.wait(first.executionId);

    expect(second).toEqual({ executionId: first.executionId, isNew: false });
    expect(t.probe.calls).toHaveLength(1);
  });
});
