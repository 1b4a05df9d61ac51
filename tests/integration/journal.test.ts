// The journal's promises, one by one: units fail alone, replays change nothing, fenced progress is refused and facts are kept, outages are waited for.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../lib/core/ids.ts";
import type { Database } from "../../lib/db/Database.ts";
import type { UnitPart } from "../../lib/db/UnitPart.ts";
import type { Journal } from "../../lib/journal/Journal.ts";
import { loadSteps } from "../../lib/journal/JournalStore.ts";
import type { StepRow, Unit } from "../../lib/journal/types.ts";
import { insertAccount } from "../../lib/ledger/BudgetStore.ts";
import type { Settlement } from "../../lib/ledger/types.ts";
import type { ClaimedExecution } from "../../lib/pilot/ExecutionStore.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { ManualClock } from "../../lib/testing/ManualClock.ts";
import { createFaultEngine, until, type FaultEngine } from "../faults/createFaultEngine.ts";
import { watchedDatabase, type OnStatement } from "../faults/watchedDatabase.ts";
import { openTestDatabase } from "../testEnvironment.ts";

let db: Database;
let fault: FaultEngine;
let journal: Journal;
let onStatement: OnStatement = () => undefined;
const clock = new ManualClock(Date.now());

beforeAll(async () => {
  db = await openTestDatabase(QUEUE_TEMPLATE);
  fault = await createFaultEngine(
    watchedDatabase(db, (text, isDone) => onStatement(text, isDone)),
    { clock, supervise: false },
  );
  journal = fault.engine.journal;
});
afterAll(async () => {
  await fault.close();
  await db.close();
});
beforeEach(() => {
  onStatement = () => undefined;
});

async function claimed(): Promise<ClaimedExecution> {
  await fault.start([{ id: "s", type: "delay", duration: 0 }]);
  const [claim] = await fault.claim(1);
  if (claim === undefined) throw new Error("nothing to claim");
  return claim;
}

const takeOver = async ({ id }: ClaimedExecution): Promise<void> => {
  await db.query("UPDATE workflow_executions SET epoch = epoch + 1 WHERE id = $1", [id]);
};

function stepPart({ id, epoch }: ClaimedExecution, more: Partial<StepRow> = {}): UnitPart<StepRow> {
  const row: StepRow = {
    executionId: id,
    epoch,
    stepPath: "s",
    attempt: 1,
    stepType: "delay",
    status: "completed",
    plugin: null,
    action: null,
    tokensUsed: null,
    executionTimeMs: 1,
    itemCount: null,
    replaces: false,
    inline: "1",
    output: null,
    detail: null,
    ...more,
  };
  return { kind: "steps", rows: [row] };
}

function unit(claim: ClaimedExecution, parts: readonly UnitPart[] = [stepPart(claim)], more: Partial<Unit> = {}): Unit {
  return { executionId: claim.id, epoch: claim.epoch, parts, ...more };
}

function ending(claim: ClaimedExecution): Unit {
  const end = {
    executionId: claim.id,
    status: "completed",
    outputHash: null,
    error: null,
    completedSteps: 1,
    failedSteps: 0,
    skippedSteps: 0,
  };
  return unit(claim, [{ kind: "ends", rows: [end] }], { finish: { jobId: claim.jobId, retryCount: claim.retryCount, hasGrants: false } });
}

/** One durable reservation of 100 tokens under a limit, and the part that settles it at 70. */
async function reserved(claim: ClaimedExecution): Promise<UnitPart<Settlement>> {
  await insertAccount(
    db,
    { workspaceId: DEFAULT_WORKSPACE_ID, kind: "execution", subject: claim.id, windowKind: "total" },
    { limitTokens: 1_000n, limitUsd: null, onLimit: "pause" },
  );
  const outcome = await fault.engine.ledger.reserve({
    scope: { workspaceId: DEFAULT_WORKSPACE_ID, executionId: claim.id, agentId: null, tags: [] },
    epoch: claim.epoch,
    stepPath: "s",
    attempt: 1,
    call: 1,
    kind: "model",
    provider: "openai",
    model: "gpt-4o-mini",
    tokens: 100,
    usd: 0n,
    outputCapTokens: 10,
    idempotencyKey: null,
    viewHash: null,
  });
  if (outcome.kind !== "reserved") throw new Error(outcome.kind);
  return { kind: "settlements", rows: [{ attemptId: outcome.reservation.attemptId, state: "settled", usedTokens: 70, usedUsd: 0n }] };
}

async function spent({ id }: ClaimedExecution): Promise<unknown> {
  const { rows } = await db.query("SELECT spent_tokens, open_tokens FROM ledger_grants WHERE execution_id = $1", [id]);
  return rows[0];
}

const pathsOf = async ({ id }: ClaimedExecution): Promise<string[]> => (await loadSteps(db, id)).map(({ stepPath }) => stepPath);

/** Fails the first statements of the journal that are meant, as the database would. */
function failing(errors: Error[], when: "before" | "after" = "before"): OnStatement {
  return (text, isDone) => {
    if (!text.includes("fence AS") || isDone !== (when === "after")) return;
    const error = errors.shift();
    if (error !== undefined) throw error;
  };
}

const databaseError = (code: string): Error => Object.assign(new Error(`error ${code}`), { code, severity: "ERROR" });
const away = (): AppError => new AppError("DATABASE_UNAVAILABLE", "the database cannot be reached");

describe("a batch", () => {
  test("fails by unit: a value that the database refuses takes nobody else with it", async () => {
    const claims = [await claimed(), await claimed(), await claimed()] as const;
    const poisoned = unit(claims[1], [stepPart(claims[1]), stepPart(claims[1], { stepPath: "t", stepType: "nul\u0000" })]);

    const outcomes = await Promise.allSettled([journal.append(unit(claims[0])), journal.append(poisoned), journal.append(unit(claims[2]))]);

    expect(outcomes).toMatchObject([{ value: "committed" }, { reason: { code: "VALUE_REFUSED" } }, { value: "committed" }]);
    expect(await pathsOf(claims[1])).toEqual([]);
    expect([...(await pathsOf(claims[0])), ...(await pathsOf(claims[2]))]).toEqual(["s", "s"]);
  });

  test("whose answer was lost is written again and changes nothing twice", async () => {
    const claim = await claimed();
    const settlement = await reserved(claim);
    onStatement = failing([away()], "after");
    const appended = journal.append(unit(claim, [settlement, stepPart(claim)]));
    await until("the journal waits", () => clock.waiting > 0);
    await clock.advance(1_000);

    expect(await appended).toBe("committed");
    expect(await spent(claim)).toEqual({ spent_tokens: "70", open_tokens: "0" });
    expect(await pathsOf(claim)).toEqual(["s"]);
  });

  test("that lost a deadlock is tried again at once", async () => {
    const claim = await claimed();
    onStatement = failing([databaseError("40P01"), databaseError("40001")]);

    expect(await journal.append(unit(claim))).toBe("committed");
    expect(await pathsOf(claim)).toEqual(["s"]);
  });

  test.each([
    ["an outage", away],
    ["a full disk", (): AppError => new AppError("DISK_FULL", "the database's disk is full", { details: { sqlState: "53100" } })],
  ])("waits through %s, and is given up only by an owner that lost its lease", async (_what, error) => {
    const [first, second] = [await claimed(), await claimed()];
    const lease = new AbortController();
    onStatement = failing(Array.from({ length: 1_000 }, error));
    const kept = journal.append(unit(first));
    const givenUp = journal.append(unit(second, [stepPart(second)], { signal: lease.signal }));
    const refusal = givenUp.catch((thrown: unknown) => thrown);
    await until("the journal waits", () => clock.waiting > 0);
    await clock.advance(10_000);
    lease.abort(new AppError("FENCED", "the lease is lost"));
    await clock.advance(5_000);
    expect(await refusal).toMatchObject({ code: error().code });

    onStatement = () => undefined;
    await clock.advance(5_000);

    expect(await kept).toBe("committed");
    expect(await pathsOf(second)).toEqual([]);
  });
});

describe("the fence", () => {
  test("refuses an old owner's progress and keeps its facts", async () => {
    const claim = await claimed();
    const settlement = await reserved(claim);
    await takeOver(claim);

    expect(await journal.append(unit(claim, [settlement, stepPart(claim)]))).toBe("fenced");

    expect(await pathsOf(claim)).toEqual([]);
    expect(await spent(claim)).toEqual({ spent_tokens: "70", open_tokens: "0" });
  });

  test("tells two claims of one execution apart when both append in the same turn", async () => {
    const old = await claimed();
    await takeOver(old);
    const present = { ...old, epoch: old.epoch + 1 };

    const outcomes = await Promise.all([
      journal.append(unit(old)),
      journal.append(unit(present, [stepPart(present, { stepPath: "t" })])),
      journal.append(unit(old)),
    ]);

    expect(outcomes).toEqual(["fenced", "committed", "fenced"]);
    expect(await pathsOf(old)).toEqual(["t"]);
  });

  test("accepts a correction of what a successor had to assume, once", async () => {
    const claim = await claimed();
    const settlement = await reserved(claim);
    const assumed = { ...settlement, rows: settlement.rows.map((row) => ({ ...row, state: "assumed" as const, usedTokens: 100 })) };
    await takeOver(claim);
    const successor = { ...claim, epoch: claim.epoch + 1 };

    await journal.append(unit(successor, [assumed]));
    expect(await spent(claim)).toEqual({ spent_tokens: "100", open_tokens: "0" });
    expect(await journal.append(unit(claim, [settlement]))).toBe("fenced");
    await journal.append(unit(claim, [settlement]));
    await journal.append(unit(successor, [assumed]));

    expect(await spent(claim)).toEqual({ spent_tokens: "70", open_tokens: "0" });
  });

  test("never changes a step's final row", async () => {
    const claim = await claimed();
    await journal.append(unit(claim));

    await journal.append(unit(claim, [stepPart(claim, { status: "failed", replaces: true, inline: "2" })]));

    const [row] = await loadSteps(db, claim.id);
    expect(row).toMatchObject({ status: "completed", outputInline: Buffer.from("1") });
  });
});

describe("units that end executions", () => {
  test("are refused one by one when their job is not theirs any more", async () => {
    const [mine, lost] = [await claimed(), await claimed()];
    await db.query("UPDATE pgboss.job SET state = 'retry', retry_count = retry_count + 1 WHERE id = $1", [lost.jobId]);

    const outcomes = await Promise.all([journal.append(ending(mine)), journal.append(ending(lost))]);

    expect(outcomes).toEqual(["committed", "fenced"]);
    expect([await fault.statusOf(mine.id), await fault.statusOf(lost.id)]).toEqual(["completed", "running"]);
  });

  test("whose commit was acknowledged to nobody end once", async () => {
    const claim = await claimed();
    let isLost = false;
    onStatement = (text, isDone) => {
      if (text !== "COMMIT" || !isDone || isLost) return;
      isLost = true;
      throw away();
    };
    const appended = journal.append(ending(claim));
    await until("the journal waits", () => clock.waiting > 0);
    await clock.advance(1_000);
    await appended;

    expect(await fault.statusOf(claim.id)).toBe("completed");
    const { rows } = await db.query<{ state: string }>("SELECT state FROM pgboss.job WHERE id = $1", [claim.jobId]);
    expect(rows[0]?.state).toBe("completed");
  });

  test("commit although an unknown attempt is settled with them", async () => {
    const claim = await claimed();
    const stranger: Settlement = { attemptId: uuidv7(), state: "settled", usedTokens: 1, usedUsd: 0n };

    expect(await journal.append(unit(claim, [{ kind: "settlements", rows: [stranger] }, stepPart(claim)]))).toBe("committed");
  });
});
