// The time limit of a whole execution while it holds no worker: it is woken at the limit at the latest, and ends there.
import { describe, expect, test } from "vitest";
import type { ExecutionReport, RunRequest } from "../../../lib/systemApi.ts";
import { LeapClock } from "../../faults/LeapClock.ts";
import { createTestSystem, workflow, type TestSystem } from "../testSystem.ts";

const HOUR_MS = 3_600_000;
const POLL_MS = 500;
const limits = { timeoutMs: HOUR_MS };
const approval = { id: "ok", type: "human_approval", approvers: ["ann"], dependencies: [] };
const ask = (id: string): object => ({ id, type: "ai_processing", prompt: "Say yes." });
const keyed = { id: "done", type: "action", plugin: "probe", action: "keyed", params: {}, dependencies: [] };

/** Polls are the clock's: it moves on until the execution is as expected. */
async function until(t: TestSystem, clock: LeapClock, id: string, status: ExecutionReport["status"]): Promise<ExecutionReport> {
  await expect
    .poll(async () => {
      clock.leap(POLL_MS);
      return (await t.system.report(id)).status;
    }, POLLING)
    .toBe(status);
  return t.system.report(id);
}
const POLLING = { timeout: 50_000, interval: 20 };

async function suspended(t: TestSystem, clock: LeapClock, request: RunRequest): Promise<string> {
  const { executionId } = await t.system.start(request);
  await until(t, clock, executionId, "waiting");
  return executionId;
}

/** How long after its start it is to be woken. */
async function wokenAfterMs(t: TestSystem, id: string): Promise<number | null> {
  const { rows } = await t.db.query<{ ms: string | null }>(
    // The process knows the start without its microseconds, so the wake-up comes up to one millisecond early.
    "SELECT CEIL(EXTRACT(EPOCH FROM wake_at - started_at) * 1000)::text AS ms FROM workflow_executions WHERE id = $1",
    [id],
  );
  return rows[0]?.ms == null ? null : Number(rows[0].ms);
}

/** A process under load sees fewer polls than seconds; its clock must not be behind that of the database. */
const CATCH_UP_MS = 60_000;

/** Time passes for the process by its clock, and for the database by moving what it has noted into the past. */
async function pass(t: TestSystem, clock: LeapClock, ms: number): Promise<void> {
  clock.leap(ms + CATCH_UP_MS);
  const shift = `make_interval(secs => ${ms / 1_000})`;
  await t.db.query(`UPDATE workflow_executions SET wake_at = wake_at - ${shift}`);
  await t.db.query(`UPDATE pgboss.job SET start_after = start_after - ${shift} WHERE state = 'created'`);
}

async function close(t: TestSystem, clock: LeapClock): Promise<void> {
  let isClosed = false;
  const closing = (async () => {
    await t[Symbol.asyncDispose]();
    isClosed = true;
  })();
  await expect.poll(() => (clock.leap(POLL_MS), isClosed), POLLING).toBe(true);
  await closing;
}

describe("the time limit of a suspended execution", () => {
  test.each([
    ["an approval", workflow([approval], { limits }), HOUR_MS],
    ["a longer delay", workflow([{ id: "rest", type: "delay", duration: 5 * HOUR_MS }], { limits }), HOUR_MS],
    ["a budget", { ...workflow([ask("a"), { ...ask("b"), dependencies: ["a"] }], { limits }), limits: { tokens: 1_200 } }, HOUR_MS],
  ])("ends one that waits for %s when it is over", async (_what, request, expectedMs) => {
    const clock = new LeapClock(Date.now());
    const script = () => ({ text: "yes", usage: { inputTokens: 300, outputTokens: 100 } });
    const t = await createTestSystem({ clock, script });
    try {
      const id = await suspended(t, clock, request);
      expect(await wokenAfterMs(t, id)).toBe(expectedMs);

      await pass(t, clock, HOUR_MS);
      const report = await until(t, clock, id, "failed");

      expect(report.error).toMatchObject({ code: "EXECUTION_TIMEOUT" });
    } finally {
      await close(t, clock);
    }
  });

  test("does not postpone an earlier timer", async () => {
    const clock = new LeapClock(Date.now());
    const t = await createTestSystem({ clock });
    try {
      const id = await suspended(t, clock, workflow([{ id: "rest", type: "delay", duration: 60_000 }], { limits }));
      expect(await wokenAfterMs(t, id)).toBeLessThan(120_000);

      await pass(t, clock, 60_000);

      expect((await until(t, clock, id, "completed")).error).toBeNull();
    } finally {
      await close(t, clock);
    }
  });

  test("wakes nothing without a limit, and rolls back what was done at its end", async () => {
    const clock = new LeapClock(Date.now());
    const t = await createTestSystem({ clock });
    try {
      const unlimited = await suspended(t, clock, workflow([approval]));
      const undoable = { ...keyed, rollbackAction: { plugin: "probe", action: "undo", params: {} } };
      const limited = await suspended(t, clock, workflow([undoable, approval], { limits }));
      expect(await wokenAfterMs(t, unlimited)).toBeNull();

      await pass(t, clock, HOUR_MS);
      await until(t, clock, limited, "failed");

      expect(t.probe.calls.map(({ action }) => action)).toEqual(["keyed", "undo"]);
      expect((await t.system.report(unlimited)).status).toBe("waiting");
    } finally {
      await close(t, clock);
    }
  });
});
