// The rows of memory: who makes them, how long they stay.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, randomId, type WorkspaceId } from "../../../lib/core/ids.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import type { Database } from "../../../lib/db/Database.ts";
import type { MemoryTask } from "../../../lib/memory/EndedExecution.ts";
import { MemoryKeeper } from "../../../lib/memory/MemoryKeeper.ts";
import { countPrunable, deleteExpired, findManyMemories, mergeOldest } from "../../../lib/memory/MemoryRetentionStore.ts";
import { listMemories } from "../../../lib/memory/MemoryStore.ts";
import { endTask } from "../../../lib/memory/MemoryTaskStore.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { MemoryRows } from "./memoryRows.ts";

let db: Database;
let rows: MemoryRows;
let other: WorkspaceId;
const workspaceId = DEFAULT_WORKSPACE_ID;

beforeAll(async () => {
  db = await openTestDatabase(QUEUE_TEMPLATE);
  rows = new MemoryRows(db);
  other = randomId() as WorkspaceId;
  await db.query("INSERT INTO workspaces (id, name) VALUES ($1, 'other')", [other]);
});
afterAll(async () => {
  await db.close();
});
beforeEach(() => rows.clear());

/** A keeper whose summaries are as a test says; made ends their task. */
function keeperOf(make: (task: MemoryTask) => Promise<void>, clock = new ManualClock()): MemoryKeeper {
  const summarizer = {
    summarize: async (task: MemoryTask): Promise<void> => {
      await make(task);
      await endTask(db, task, { booked: [], end: { state: "skipped", why: "test" }, nowMs: 0 });
    },
  };
  return new MemoryKeeper({ db, clock, logger: silentLogger, summarizer });
}

describe("MemoryKeeper", () => {
  test("has tasks made in the background, passes over one that fails, and leaves it for the next round", async () => {
    const mine = await rows.agent();
    const [good, bad] = [await rows.execution(mine), await rows.execution(mine)];
    await rows.told(good, mine);
    await rows.told(bad, mine);
    const made: string[] = [];
    const keeper = keeperOf(async (task) => {
      made.push(`${task.executionId} ${task.tries}`);
      if (task.executionId === bad && task.tries === 1) throw new Error("the database went away");
    });
    keeper.start();
    await expect.poll(() => made).toHaveLength(2);
    await keeper.stop();
    await db.query("UPDATE execution_memory SET not_before = NOW()");
    keeper.start();
    await expect.poll(() => made).toHaveLength(3);
    await keeper.stop();

    expect(made.sort()).toEqual([`${bad} 1`, `${bad} 2`, `${good} 1`].sort());
  });

  test("begins nothing more once it stops, but for what ended in this process", async () => {
    const mine = await rows.agent();
    for (let count = 0; count < 20; count += 1) await rows.told(await rows.execution(mine), mine);
    const own = await rows.execution(mine);
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const made: string[] = [];
    const keeper = keeperOf(async ({ executionId }) => {
      made.push(executionId);
      await released;
    });
    keeper.start();
    await expect.poll(() => made).toHaveLength(4);
    await rows.told(own, mine);
    await keeper.load(workspaceId, own);
    const stopped = keeper.stop();
    keeper.notice({ type: "finished", executionId: own });
    const again = keeper.stop();
    await expect.poll(() => made).toHaveLength(5);
    release(undefined);
    await Promise.all([stopped, again]);

    expect(made).toHaveLength(5);
    expect(made.at(-1)).toBe(own);
  });

  test("begins no call that the process would not live to see answered", async () => {
    const mine = await rows.agent();
    const clock = new ManualClock();
    const made: string[] = [];
    const keeper = keeperOf(async ({ executionId }) => {
      made.push(executionId);
      await clock.advance(2_001);
    }, clock);
    for (let count = 0; count < 6; count += 1) {
      const executionId = await rows.execution(mine);
      await rows.told(executionId, mine);
      await keeper.load(workspaceId, executionId);
      keeper.notice({ type: "finished", executionId });
    }
    await keeper.stop();

    expect(made).toHaveLength(4);
  });

  test("watches a bounded number of executions", async () => {
    const statements: (string | undefined)[] = [];
    const query = async (_sql: string, _values: readonly unknown[], name?: string) => {
      statements.push(name);
      return { rows: [], rowCount: 0 };
    };
    const fake = { query } as unknown as Database;
    const summarizer = { summarize: async () => undefined };
    const keeper = new MemoryKeeper({ db: fake, clock: new ManualClock(), logger: silentLogger, summarizer });
    const ids = Array.from({ length: 10_001 }, () => randomId());
    for (const id of ids) await keeper.load(workspaceId, id);
    statements.length = 0;
    keeper.notice({ type: "finished", executionId: ids[0]! });
    await keeper.stop();
    expect(statements).toEqual([]);

    keeper.notice({ type: "finished", executionId: ids.at(-1)! });
    await keeper.stop();
    expect(statements).toEqual(["memory_tasks_claimed"]);
  });

  test("reads nothing when executions without memory end", async () => {
    const mine = await rows.agent();
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
    const made: string[] = [];
    const summarizer = {
      summarize: async (task: MemoryTask): Promise<void> => {
        made.push(task.executionId);
      },
    };
    const keeper = new MemoryKeeper({ db, clock: new ManualClock(), logger: silentLogger, summarizer });
    keeper.notice({ type: "finished", executionId });
    await keeper.stop();
    expect(made).toEqual([]);

    expect(await keeper.load(workspaceId, executionId)).toMatchObject({ tokens: 9 });
    keeper.notice({ type: "finished", executionId });
    await keeper.stop();
    expect(made).toEqual([executionId]);
  });
});

describe("retention", () => {
  const rule = { workspaceId, days: 90 };
  const expire = (): Promise<number> => db.transaction((tx) => deleteExpired(tx, rule));

  test("keeps memories 90 days, and those of low importance 30", async () => {
    const mine = await rows.agent();
    await rows.remember({ agentId: mine, number: 1, daysAgo: 91, importance: 1 });
    await rows.remember({ agentId: mine, number: 2, daysAgo: 89, importance: 0.6 });
    await rows.remember({ agentId: mine, number: 3, daysAgo: 31, importance: 0.5 });
    await rows.remember({ agentId: mine, number: 4, daysAgo: 29, importance: 0.5 });

    expect(await countPrunable(db, { workspaceId: other, days: 90 })).toBe(0);
    expect(await countPrunable(db, rule)).toBe(2);
    expect([await expire(), await expire()]).toEqual([2, 0]);
    expect((await listMemories(db, workspaceId, { agentId: mine })).map(({ number }) => number)).toEqual([4, 2]);
  });

  /** Many at once: `remember` in one statement. */
  async function rememberMany(
    agentId: string,
    [first, last]: readonly [number, number],
    userId: string | null,
    daysAgo = 0,
  ): Promise<void> {
    await db.query(
      `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, status, summary, patterns_detected, importance_score)
       SELECT gen_random_uuid(), $1, $2, $3, gen_random_uuid(), n, NOW() - make_interval(days => $6), CASE WHEN n % 5 = 0 THEN 'failed' ELSE 'completed' END,
         'summary ' || n, ARRAY['suppliers answer on Mondays'], CASE WHEN n = 7 THEN 0.9 ELSE 0.5 END FROM generate_series($4::int, $5::int) n`,
      [workspaceId, agentId, userId, first, last, daysAgo],
    );
  }

  test("merges the oldest of more than 50 into one, for each person apart", async () => {
    const [ann, bob] = [randomId(), randomId()];
    const [mine, few] = [await rows.agent(), await rows.agent()];
    await rememberMany(mine, [1, 51], null);
    await rememberMany(mine, [101, 151], ann);
    await rememberMany(mine, [201, 250], bob);
    await rows.remember({ agentId: few, number: 1 });
    const piles = await findManyMemories(db, rule);
    const expected = await countPrunable(db, rule);
    let merged = 0;
    for (const pile of piles) merged += await db.transaction((tx) => mergeOldest(tx, workspaceId, pile));
    const left = await listMemories(db, workspaceId, { agentId: mine });
    const mergedOf = (userId: string | null) => left.filter((memory) => memory.status === "merged" && memory.userId === userId);

    expect(piles.map(({ agentId, userId, count }) => [agentId, userId, count])).toEqual(
      expect.arrayContaining([
        [mine, null, 51],
        [mine, ann, 51],
      ]),
    );
    expect([piles.length, expected, merged, left.length]).toEqual([2, 50, 50, 102]);
    expect(mergedOf(null)).toMatchObject([{ number: 26, importance: 0.9, patterns: ["suppliers answer on Mondays"], executionId: null }]);
    expect(mergedOf(null)[0]?.summary).toBe("26 earlier executions (21 completed, 5 failed). Among them: summary 7 · summary 26");
    expect(mergedOf(ann)).toMatchObject([{ number: 126, counts: { ended: { completed: 21, failed: 5 }, patterns: [26] } }]);
    expect(mergedOf(bob)).toEqual([]);
    expect(await findManyMemories(db, rule)).toEqual([]);
  });

  test("merges and deletes a bounded part at a time, loses no count, and says before how many will go", async () => {
    const mine = await rows.agent();
    await rememberMany(mine, [1, 450], null, 60);
    await rememberMany(mine, [451, 1_050], null);
    const expected = await countPrunable(db, rule);
    const parts: number[] = [];
    const inParts = async (work: () => Promise<number>): Promise<void> => {
      for (let last = await work(); last > 0; last = await work()) parts.push(last);
    };
    await inParts(expire);
    await inParts(() => db.transaction((tx) => mergeOldest(tx, workspaceId, { agentId: mine, userId: null })));
    const left = await listMemories(db, workspaceId, { agentId: mine });
    const merged = left.find(({ status }) => status === "merged");

    // Of the first 450 one mattered: it stays for its 90 days.
    expect(parts).toEqual([200, 200, 49, 199, 199, 177]);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(expected);
    expect(left).toHaveLength(26);
    expect(merged?.counts).toMatchObject({ ended: { completed: 461, failed: 115 }, patterns: [576] });
    expect(merged?.summary).toMatch(/^576 earlier executions \(461 completed, 115 failed\)\. Among them: summary 7/);
  });
});
