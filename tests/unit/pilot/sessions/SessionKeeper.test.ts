import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureAgent } from "../../../../lib/agents/AgentStore.ts";
import { auditWriter } from "../../../../lib/audit/AuditStore.ts";
import { AppError } from "../../../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../../../lib/core/ids.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import type { Database } from "../../../../lib/db/Database.ts";
import type { PartWriter } from "../../../../lib/db/UnitPart.ts";
import { Journal } from "../../../../lib/journal/Journal.ts";
import { stepWriter } from "../../../../lib/journal/JournalStore.ts";
import { Ledger } from "../../../../lib/ledger/Ledger.ts";
import { insertAccount } from "../../../../lib/ledger/BudgetStore.ts";
import { settlementWriter } from "../../../../lib/ledger/LedgerStore.ts";
import { endWriter } from "../../../../lib/pilot/ExecutionStore.ts";
import type { CallSession, SessionBounds } from "../../../../lib/pilot/sessions/CallSession.ts";
import { SessionKeeper } from "../../../../lib/pilot/sessions/SessionKeeper.ts";
import type { SessionCall, SessionSettlement } from "../../../../lib/sessionApi.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { sumUsage, usageWriter } from "../../../../lib/tokens/TokenUsageStore.ts";
import { watchedDatabase } from "../../../faults/watchedDatabase.ts";
import { openTestDatabase } from "../../../testEnvironment.ts";

const CALL: SessionCall = { provider: "openai", model: "gpt-4o-mini", tokens: 150, usd: 90_000n, outputCapTokens: 100 };
const USED: SessionSettlement = { state: "settled", usage: { inputTokens: 20, outputTokens: 30 }, usd: 21_000n, errorCode: null };

let db: Database;
let clock: ManualClock;
let isAway: (statement: string) => boolean;

beforeEach(async () => {
  db = await openTestDatabase();
  clock = new ManualClock();
  isAway = () => false;
});

afterEach(async () => {
  await db.close();
});

function createKeeper(ownsDatabase = false, bounds?: SessionBounds): SessionKeeper {
  const watched = watchedDatabase(db, (text, isDone) => {
    if (!isDone && isAway(text)) throw new AppError("DATABASE_UNAVAILABLE", "away");
  });
  const writers = [stepWriter, settlementWriter, usageWriter, auditWriter, endWriter] as readonly PartWriter[];
  const journal = new Journal({ db: watched, clock, writers, onFinish: () => Promise.resolve(new Set()) });
  const ledger = new Ledger({ db: watched });
  return new SessionKeeper({ db: watched, clock, logger: silentLogger, journal, ledger, ownsDatabase, ...(bounds && { bounds }) });
}

async function openSession(keeper: SessionKeeper): Promise<CallSession> {
  const { id, orchestration } = await ensureAgent(db, { workspaceId: DEFAULT_WORKSPACE_ID, name: "greeter" });
  return keeper.open({
    id: uuidv7(),
    workspaceId: DEFAULT_WORKSPACE_ID,
    agent: { id, name: "greeter", orchestration },
    snapshot: { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, subWorkflows: {}, pricedAs: null },
    limits: { tokens: null, usd: null },
    counting: { prices: [], providers: [], factors: [] },
  });
}

async function reserved(session: CallSession): Promise<string> {
  const outcome = await session.reserve(CALL);
  if (outcome.kind !== "reserved") throw new Error(`expected a reservation, got ${outcome.kind}`);
  return outcome.attemptId;
}

async function attempt(): Promise<readonly [state: string, used: number | null]> {
  const { rows } = await db.query<{ state: string; used_tokens: string | null }>("SELECT state, used_tokens FROM step_attempts");
  const [row] = rows;
  return [row?.state ?? "none", row?.used_tokens === null || row === undefined ? null : Number(row.used_tokens)];
}

async function sessions(): Promise<readonly { status: string; isSilent: boolean }[]> {
  const { rows } = await db.query<{ status: string; is_silent: boolean }>(
    "SELECT status, wake_at < NOW() AS is_silent FROM workflow_executions ORDER BY id",
  );
  return rows.map(({ status, is_silent: isSilent }) => ({ status, isSilent }));
}

/** Each look takes a turn of the database and of the event loop, so what was begun before it goes on meanwhile. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) {
    if (await holds()) return;
    await setImmediate();
  }
  throw new Error("it never came to hold");
}

describe("SessionKeeper", () => {
  test("keeps a session alive as long as its process renews it", async () => {
    const keeper = createKeeper();
    await openSession(keeper);
    await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second'");

    await clock.advance(30_000);
    await until(async () => (await sessions())[0]?.isSilent === false);

    expect(await createKeeper().sweep()).toBe(0);
    expect(await sessions()).toEqual([{ status: "running", isSilent: false }]);
  });

  test("ends what went silent, once, whoever sees it", async () => {
    const session = await openSession(createKeeper());
    await reserved(session);
    await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second'");

    const ended = await Promise.all([createKeeper().sweep(), createKeeper().sweep()]);

    expect(ended.reduce((sum, count) => sum + count)).toBe(1);
    expect([await attempt(), (await sessions())[0]?.status]).toEqual([["assumed", 150], "failed"]);
    expect(await session.reserve(CALL)).toEqual({ kind: "ended" });
  });

  test("ends every other process's sessions at once where no other process can be", async () => {
    await openSession(createKeeper(true));
    const owner = createKeeper(true);

    await openSession(owner);
    expect(await owner.sweep()).toBe(0);

    expect((await sessions()).map(({ status }) => status)).toEqual(["completed", "running"]);
  });

  test("opens a session although another cannot be ended", async () => {
    await openSession(createKeeper());
    await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second'");
    isAway = (text) => text.includes("epoch = epoch + 1");

    await openSession(createKeeper());

    expect((await sessions()).map(({ status }) => status)).toEqual(["running", "running"]);
  });
});

describe("CallSession", () => {
  test("gives an answer back after 10 s without a database, and stores what it came to once there is one", async () => {
    const session = await openSession(createKeeper());
    const attemptId = await reserved(session);
    isAway = (text) => text.includes("settlements_booked");

    let isSettled = false;
    const settling = session.settle(attemptId, USED).then(() => {
      isSettled = true;
    });
    await clock.advance(9_999);
    expect(isSettled).toBe(false);
    await clock.advance(1);
    await settling;
    expect(await attempt()).toEqual(["open", null]);

    isAway = () => false;
    await clock.advance(2_000);
    await until(async () => (await attempt())[0] === "settled");
    expect(await attempt()).toEqual(["settled", 50]);
  });

  test("refuses a call after 10 s without a database for its audit row, which is stored once there is one", async () => {
    const session = await openSession(createKeeper());
    const key = { workspaceId: DEFAULT_WORKSPACE_ID, kind: "agent", subject: session.agentId, windowKind: "total" } as const;
    await insertAccount(db, key, { limitTokens: 100n, limitUsd: null, onLimit: "fail" });
    let isTried = false;
    isAway = (text) => {
      isTried ||= text.includes("audit_trail");
      return text.includes("audit_trail");
    };
    const refusals = async (): Promise<number> =>
      (await db.query("SELECT 1 FROM audit_trail WHERE action = 'budget.exceeded'")).rows.length;

    let answered: string | null = null;
    const reserving = session.reserve(CALL).then(({ kind }) => {
      answered = kind;
    });
    await until(async () => (await refusals()) === 0 && isTried);
    await clock.advance(9_999);
    expect(answered).toBe(null);
    await clock.advance(1);
    await reserving;
    expect([answered, await refusals()]).toEqual(["refused", 0]);

    isAway = () => false;
    await until(async () => {
      await clock.advance(2_000);
      return (await refusals()) === 1;
    });
    await session.close();
  });

  test("ends with a call under way booked as assumed, and takes what it came to afterwards", async () => {
    const session = await openSession(createKeeper());
    const attemptId = await reserved(session);

    const closing = session.close();
    await clock.advance(10_000);
    await closing;
    expect([await attempt(), (await sessions())[0]?.status]).toEqual([["assumed", 150], "completed"]);
    await expect(session.reserve(CALL)).rejects.toThrow(expect.objectContaining({ code: "CONFLICT" }));

    await session.settle(attemptId, USED);
    const usage = await sumUsage(db, DEFAULT_WORKSPACE_ID, session.executionId);
    expect([await attempt(), usage.calls, usage.assumedCalls, usage.inputTokens, usage.costUsd]).toEqual([
      ["settled", 50],
      1,
      0,
      20,
      21_000n,
    ]);
  });

  test("that could not be ended is kept, and ended when it is closed again", async () => {
    const keeper = createKeeper();
    const session = await openSession(keeper);
    isAway = (text) => text.includes("epoch = epoch + 1");
    await expect(session.close()).rejects.toThrow(expect.objectContaining({ code: "DATABASE_UNAVAILABLE" }));

    await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second'");
    await clock.advance(30_000);
    await until(async () => (await sessions())[0]?.isSilent === false);

    isAway = () => false;
    await Promise.all([session.close(), keeper.close()]);
    expect((await sessions()).map(({ status }) => status)).toEqual(["completed"]);
  });

  test("is closed as soon as its last call has ended", async () => {
    const session = await openSession(createKeeper());
    const attemptId = await reserved(session);

    const closing = session.close();
    await session.settle(attemptId, USED);
    await closing;

    expect([await attempt(), (await sessions())[0]?.status, clock.monotonicMs()]).toEqual([["settled", 50], "completed", 0]);
  });

  test("books a call once, however often it is settled", async () => {
    const session = await openSession(createKeeper());
    const attemptId = await reserved(session);

    await Promise.all([session.settle(attemptId, USED), session.settle(attemptId, { ...USED, state: "assumed" })]);

    expect([await attempt(), (await sumUsage(db, DEFAULT_WORKSPACE_ID, session.executionId)).calls]).toEqual([["settled", 50], 1]);
  });

  test("ends by itself after its last call once it has taken as many as it may", async () => {
    const session = await openSession(createKeeper(false, { calls: 2, ms: 1e9 }));
    const calls = [await reserved(session), await reserved(session)];
    expect(await session.reserve(CALL)).toEqual({ kind: "ended" });
    await clock.advance(20_000);
    expect((await sessions())[0]?.status).toBe("running");

    for (const attemptId of calls) await session.settle(attemptId, USED);
    await until(async () => (await sessions())[0]?.status === "completed");
    expect([await attempt(), await session.reserve(CALL)]).toEqual([["settled", 50], { kind: "ended" }]);
    await session.close();
  });

  test("ends by itself when it is asked for a call a day after it was opened, and is left to the sweep where that fails", async () => {
    const keeper = createKeeper();
    const session = await openSession(keeper);
    await clock.advance(86_400_000 - 1);
    await session.settle(await reserved(session), USED);
    await clock.advance(1);

    let tries = 0;
    isAway = (text) => {
      if (!text.includes("epoch = epoch + 1")) return false;
      tries += 1;
      return true;
    };
    expect(await session.reserve(CALL)).toEqual({ kind: "ended" });
    await until(async () => (await sessions()).length === tries);
    isAway = () => false;
    // A renewal may still be under way.
    await until(async () => {
      await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second' WHERE status = 'running'");
      await clock.advance(30_000);
      return (await sessions())[0]?.status === "completed";
    });
  });

  test("makes no call whose reservation the database did not take", async () => {
    const session = await openSession(createKeeper());
    isAway = (text) => text === "COMMIT";

    await expect(session.reserve(CALL)).rejects.toThrow(expect.objectContaining({ code: "DATABASE_UNAVAILABLE" }));
    expect(await attempt()).toEqual(["none", null]);
  });
});
