import { describe, expect, test } from "vitest";
import type { AuditRow } from "../../../lib/audit/AuditRow.ts";
import { AuditTrailService, type AuditTrailOptions } from "../../../lib/audit/AuditTrailService.ts";
import { AUDIT_EVENTS } from "../../../lib/audit/events.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Logger } from "../../../lib/core/logger.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";

function refusal(): Error {
  return Object.assign(new Error("value out of range"), { code: "22003", severity: "ERROR" });
}

function setUp(options: Partial<AuditTrailOptions> = {}) {
  const batches: string[][] = [];
  const logged: [string, string][] = [];
  const note = (level: string) => (_fields: object, message: string) => void logged.push([level, message]);
  const logger: Logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error"), child: () => logger };
  const clock = new ManualClock();
  const state = { failure: null as Error | null, bad: new Set<string>() };
  const write = async (rows: readonly AuditRow[]): Promise<void> => {
    await Promise.resolve();
    if (state.failure !== null) throw state.failure;
    if (rows.some(({ entityId }) => state.bad.has(entityId ?? ""))) throw refusal();
    batches.push(rows.map(({ entityId }) => entityId ?? ""));
  };
  const trail = new AuditTrailService({ write, clock, logger, ...options });
  const log = (entityId: string): void =>
    trail.log({ workspaceId: DEFAULT_WORKSPACE_ID, action: AUDIT_EVENTS.FLAG_CHANGED, entityType: "flag", entityId });
  return { trail, log, clock, state, batches, logged, written: () => batches.flat() };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `e${index}`);

describe("AuditTrailService", () => {
  test("writes after a second what is fewer than a hundred, in one batch and in order", async () => {
    const { log, clock, batches } = setUp();

    for (const name of names(3)) log(name);
    await clock.advance(999);
    expect(batches).toEqual([]);
    await clock.advance(1);

    expect(batches).toEqual([["e0", "e1", "e2"]]);
    expect(clock.waiting).toBe(0);
  });

  test("writes at once when a hundred wait", async () => {
    const { log, clock, batches } = setUp();

    for (const name of names(100)) log(name);
    await clock.advance(0);

    expect(batches.map(({ length }) => length)).toEqual([100]);
  });

  test("keeps rows until the database takes them, waiting longer after each failure", async () => {
    const { trail, log, clock, state, written, logged } = setUp();
    state.failure = new AppError("DATABASE_UNAVAILABLE", "gone");

    log("a");
    await clock.advance(1_000);
    await clock.advance(1_999);
    expect(logged).toHaveLength(1);
    await clock.advance(1);
    expect(logged).toEqual([
      ["warn", "audit events wait for the database"],
      ["warn", "audit events wait for the database"],
    ]);
    state.failure = null;
    await clock.advance(4_000);

    expect(written()).toEqual(["a"]);
    expect(trail.counts()).toEqual({ queued: 0, written: 1, refused: 0, pressed: 0 });
  });

  test("writes all but the bad row of a batch and reports that one", async () => {
    const { trail, log, state, written, logged } = setUp();
    state.bad.add("e37");

    for (const name of names(100)) log(name);
    await trail.flush();

    expect(written().sort()).toEqual(
      names(100)
        .filter((name) => name !== "e37")
        .sort(),
    );
    expect(trail.counts()).toMatchObject({ queued: 0, written: 99, refused: 1 });
    expect(logged).toEqual([["error", "the database refuses an audit event"]]);
  });

  test("writes nothing twice when the database goes away in the middle of a split", async () => {
    const { trail, log, state, written, batches } = setUp({ flushRows: 4 });
    state.bad.add("e3");
    for (const name of names(3)) log(name);
    const push = batches.push.bind(batches);
    batches.push = (...rows) => {
      state.failure = new AppError("DATABASE_UNAVAILABLE", "gone");
      return push(...rows);
    };
    log("e3");
    await expect(trail.flush()).rejects.toThrow("gone");
    batches.push = push;
    state.failure = null;

    await trail.flush();

    expect(written()).toEqual(["e0", "e1", "e2"]);
    expect(trail.counts()).toMatchObject({ queued: 0, refused: 1 });
  });

  test("drops nothing when the queue is full, tries at every row and counts", async () => {
    const { trail, log, clock, state, written } = setUp({ maxQueuedRows: 5, flushRows: 3 });
    state.failure = new AppError("DATABASE_UNAVAILABLE", "gone");

    for (const name of names(8)) {
      log(name);
      await clock.advance(0);
    }
    expect(trail.counts()).toMatchObject({ queued: 8, pressed: 3 });
    state.failure = null;
    log("last");
    await clock.advance(0);

    expect(written()).toEqual([...names(8), "last"]);
  });

  test("writes what is queued on close, and then leaves no timer", async () => {
    const { trail, log, clock, written } = setUp();

    log("a");
    await trail.close();

    expect(written()).toEqual(["a"]);
    expect(clock.waiting).toBe(0);
  });

  test("tries three times on close and then says how many facts are lost", async () => {
    const { trail, log, clock, state, logged } = setUp();
    state.failure = new AppError("DATABASE_UNAVAILABLE", "gone");

    log("a");
    log("b");

    const closing = trail.close().catch((error: unknown) => error);
    await clock.advance(5_999);
    expect(logged).toEqual([]);
    await clock.advance(1);

    expect(await closing).toMatchObject({ code: "DATABASE_UNAVAILABLE", message: "2 audit events could not be written before the end" });
    expect(clock.waiting).toBe(0);
    expect(logged.at(-1)).toEqual(["error", "audit events could not be written"]);
  });

  test("puts an event that comes after close into the log as an error", async () => {
    const { trail, log, logged, written } = setUp();
    await trail.close();

    log("late");

    expect(logged).toEqual([["error", "an audit event came after the trail was closed"]]);
    expect(written()).toEqual([]);
  });

  test("flushes side by side without writing a row twice", async () => {
    const { trail, log, written } = setUp();
    for (const name of names(5)) log(name);

    await Promise.all([trail.flush(), trail.flush(), trail.flush()]);

    expect(written()).toEqual(names(5));
  });
});
