// The rows of memory: whose they are, how long they stay, what happens when several write at once.
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, randomId, type WorkspaceId } from "../../../lib/core/ids.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import type { Database } from "../../../lib/db/Database.ts";
import type { MemoryTask } from "../../../lib/memory/EndedExecution.ts";
import { MemoryKeeper } from "../../../lib/memory/MemoryKeeper.ts";
import { countPrunable, deleteExpired, findManyMemories, mergeOldest } from "../../../lib/memory/MemoryRetentionStore.ts";
import {
  forgetAgent,
  forgetUser,
  insertExecutionMemory,
  listMemories,
  loadBlock,
  loadRecall,
  setMemoryMode,
} from "../../../lib/memory/MemoryStore.ts";
import { MemorySummarizer } from "../../../lib/memory/MemorySummarizer.ts";
import { claimTasks, endTask, loadEnded, nextNumber } from "../../../lib/memory/MemoryTaskStore.ts";
import type { ToldRow } from "../../../lib/memory/types.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

let db: Database;
let other: WorkspaceId;
const workspaceId = DEFAULT_WORKSPACE_ID;

beforeAll(async () => {
  db = await openTestDatabase(QUEUE_TEMPLATE);
  other = randomId() as WorkspaceId;
  await db.query("INSERT INTO workspaces (id, name) VALUES ($1, 'other')", [other]);
});
afterAll(async () => {
  await db.close();
});
beforeEach(async () => {
  await db.query("DELETE FROM execution_memory");
  await db.query("DELETE FROM run_memories");
  await db.query("DELETE FROM user_memory");
});

async function agent(of: WorkspaceId = workspaceId, memory = "user"): Promise<string> {
  const id = randomId();
  await db.query("INSERT INTO agents (id, workspace_id, agent_name, memory) VALUES ($1, $2, 'a', $3)", [id, of, memory]);
  return id;
}

interface Remembered {
  readonly agentId: string;
  readonly number: number;
  readonly of?: WorkspaceId;
  readonly userId?: string;
  readonly daysAgo?: number;
  readonly importance?: number;
  readonly patterns?: readonly string[];
  readonly status?: string;
}

async function remember(memory: Remembered): Promise<string> {
  const { agentId, number, of = workspaceId, userId = null, daysAgo = 0, importance = 0.5, patterns = [], status = "completed" } = memory;
  const id = randomId();
  await db.query(
    `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, status, summary, patterns_detected, importance_score)
     VALUES ($1, $2, $3, $4, $5, $6, NOW() - make_interval(days => $7), $8, $9, $10, $11)`,
    [id, of, agentId, userId, randomId(), number, daysAgo, status, `summary ${number}`, patterns, importance],
  );
  return id;
}

async function know(of: WorkspaceId, userId: string, key: string): Promise<void> {
  await db.query(
    `INSERT INTO user_memory (id, workspace_id, user_id, memory_key, memory_value, memory_type, importance, confidence)
     VALUES ($1, $2, $3, $4, 'v', 'fact', 0.5, 0.8)`,
    [randomId(), of, userId, key],
  );
}

async function execution(agentId: string, isEnded = true): Promise<string> {
  const id = randomId();
  await db.query(
    `INSERT INTO workflow_executions (id, workspace_id, agent_id, status, definition_hash, snapshot_hash, input_hash, started_at, finished_at)
     VALUES ($1, $2, $3, $4, 'd', 's', 'i', NOW(), ${isEnded ? "NOW()" : "NULL"})`,
    [id, workspaceId, agentId, isEnded ? "completed" : "running"],
  );
  return id;
}

async function told(
  executionId: string,
  agentId: string,
  { userId = null, from = [] }: { readonly userId?: string | null; readonly from?: readonly ToldRow[] } = {},
): Promise<boolean> {
  const block = { sections: [{ title: "History", lines: ["a: b"] }], tokens: 9, from } as const;
  return db.transaction((tx) =>
    insertExecutionMemory(tx, { executionId, workspaceId, agentId, userId, block, model: "m", tags: [], isRemembered: true }),
  );
}

const summaryOf = (summary: string) => ({ summary, outcomes: [], patterns: [], suggestions: [] });

describe("memories", () => {
  test("are recalled in their workspace, by their agent, for their person only", async () => {
    const [ann, bob] = [randomId(), randomId()];
    const [mine, foreign, elsewhere] = [await agent(), await agent(), await agent(other)];
    await remember({ agentId: mine, number: 1 });
    await remember({ agentId: mine, number: 2, userId: ann });
    await remember({ agentId: mine, number: 3, userId: bob });
    await remember({ agentId: foreign, number: 4 });
    await remember({ agentId: elsewhere, number: 5, of: other });
    await know(workspaceId, ann, "mine");
    await know(workspaceId, bob, "his");
    await know(other, ann, "elsewhere");
    const recalled = async (...[owner, mode = "user"]: [Parameters<typeof loadRecall>[1], ("on" | "off" | "user")?]): Promise<unknown> => {
      const { facts, memories } = await loadRecall(db, owner, mode);
      return [facts.map(({ key }) => key), memories.map(({ number }) => number)];
    };

    expect(await recalled({ workspaceId, agentId: mine, userId: ann })).toEqual([["mine"], [2, 1]]);
    expect(await recalled({ workspaceId, agentId: mine, userId: null })).toEqual([[], [1]]);
    expect(await recalled({ workspaceId, agentId: mine, userId: ann }, "on")).toEqual([[], [2, 1]]);
    expect(await recalled({ workspaceId, agentId: mine, userId: ann }, "off")).toEqual([[], []]);
    expect(await recalled({ workspaceId: other, agentId: mine, userId: ann })).toEqual([["elsewhere"], []]);
    expect(await recalled({ workspaceId, agentId: elsewhere, userId: bob })).toEqual([["his"], []]);
  });

  test("reach nobody else, whatever mix of workspaces, agents and people there is", async () => {
    const people = [null, randomId(), randomId()];
    const agents = [
      { id: await agent(), of: workspaceId },
      { id: await agent(), of: workspaceId },
      { id: await agent(other), of: other },
    ];
    const place = fc.record({ at: fc.nat(2), who: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 12 }), place, async (stored, reader) => {
        await db.query("DELETE FROM run_memories");
        for (const [index, { at, who }] of stored.entries()) {
          const { id, of } = agents[at]!;
          const userId = people[who] ?? null;
          await remember({ agentId: id, number: index + 1, of, ...(userId === null ? {} : { userId }) });
        }
        const { id, of } = agents[reader.at]!;
        const { memories } = await loadRecall(db, { workspaceId: of, agentId: id, userId: people[reader.who] ?? null }, "user");
        const expected = stored.flatMap(({ at, who }, index) => (at === reader.at && (who === 0 || who === reader.who) ? [index + 1] : []));

        expect(memories.map(({ number }) => number)).toEqual(expected.toReversed());
      }),
      { numRuns: 25 },
    );
  });

  test("of another workspace can be neither listed, switched nor forgotten", async () => {
    const mine = await agent();
    await remember({ agentId: mine, number: 1 });
    const executionId = await execution(mine);
    await told(executionId, mine);
    const gone = await db.transaction((tx) => forgetAgent(tx, { workspaceId: other, agentId: mine, memoryId: null }));

    expect(gone).toEqual({ memories: 0, facts: 0, blocks: 0 });
    expect(await listMemories(db, other, { agentId: mine })).toEqual([]);
    expect(await loadBlock(db, other, executionId)).toBeNull();
    expect(await db.transaction((tx) => setMemoryMode(tx, other, mine, "on"))).toBeUndefined();
    expect(await loadBlock(db, workspaceId, executionId)).toMatchObject({ tokens: 9 });
  });

  test("are told no more once the agent is switched off", async () => {
    const mine = await agent();
    const executionId = await execution(mine, false);
    await told(executionId, mine);
    const before = await db.transaction((tx) => setMemoryMode(tx, workspaceId, mine, "off"));

    expect(before).toBe("user");
    expect(await loadBlock(db, workspaceId, executionId)).toBeNull();
  });

  test("that were forgotten between recall and start are not told, and count as no use", async () => {
    const ann = randomId();
    const mine = await agent();
    const [kept, gone] = [await remember({ agentId: mine, number: 1 }), await remember({ agentId: mine, number: 2, userId: ann })];
    await know(workspaceId, ann, "mine");
    const [before, after, without] = [await execution(mine, false), await execution(mine, false), await execution(mine, false)];
    const from = [{ memoryId: kept }, { memoryId: gone }, { factKey: "mine" }];

    expect(await told(before, mine, { userId: ann, from })).toBe(true);
    expect((await db.query("SELECT 1 FROM user_memory WHERE usage_count = 1")).rowCount).toBe(1);
    await db.transaction((tx) => forgetUser(tx, workspaceId, ann));
    expect(await told(after, mine, { userId: ann, from })).toBe(false);
    expect(await told(without, mine, { userId: ann, from: [{ memoryId: kept }] })).toBe(true);
    expect(await Promise.all([before, after].map((id) => loadBlock(db, workspaceId, id)))).toEqual([null, null]);
  });

  test("are told by no start that is under way while they are forgotten", async () => {
    const mine = await agent();
    for (let round = 0; round < 10; round += 1) {
      const id = await remember({ agentId: mine, number: round + 1 });
      const executionId = await execution(mine, false);
      const forgets = () => db.transaction((tx) => forgetAgent(tx, { workspaceId, agentId: mine, memoryId: id }));
      const tells = () => told(executionId, mine, { from: [{ memoryId: id }] });
      await Promise.all(round % 2 === 0 ? [tells(), forgets()] : [forgets(), tells()]);

      expect(await loadBlock(db, workspaceId, executionId)).toBeNull();
    }
  });

  test("are listed in full, however many there are, newest first", async () => {
    const mine = await agent();
    await db.query(
      `INSERT INTO run_memories (id, workspace_id, agent_id, run_number, run_timestamp, status, summary, importance_score)
       SELECT gen_random_uuid(), $1, $2, n, NOW() + make_interval(secs => n), 'completed', 's', 0.5 FROM generate_series(1, 2100) n`,
      [workspaceId, mine],
    );

    expect((await listMemories(db, workspaceId, { agentId: mine })).map(({ number }) => number)).toEqual(
      Array.from({ length: 2_100 }, (_, index) => 2_100 - index),
    );
  });

  test("go one by one or all, and with them what executions were told", async () => {
    const mine = await agent();
    const [first] = [await remember({ agentId: mine, number: 1 }), await remember({ agentId: mine, number: 2 })];
    const executionId = await execution(mine);
    await told(executionId, mine);
    const one = await db.transaction((tx) => forgetAgent(tx, { workspaceId, agentId: mine, memoryId: first }));
    const tasks = await claimTasks(db, 10);
    const all = await db.transaction((tx) => forgetAgent(tx, { workspaceId, agentId: mine, memoryId: null }));

    expect([one.memories, one.blocks, all.memories]).toEqual([1, 1, 1]);
    expect(tasks.map((task) => task.executionId)).toEqual([executionId]);
    expect(await loadBlock(db, workspaceId, executionId)).toBeNull();
  });
});

describe("tasks", () => {
  test("are claimed once, after the end, and again when the claim ran out", async () => {
    const mine = await agent();
    const [ended, running] = [await execution(mine), await execution(mine, false)];
    await told(ended, mine);
    await told(running, mine);
    const [first, second] = await Promise.all([claimTasks(db, 10), claimTasks(db, 10)]);
    await db.query("UPDATE execution_memory SET not_before = NOW() WHERE execution_id = $1", [ended]);
    const [again] = await claimTasks(db, 10);

    expect([...first, ...second].map(({ executionId, tries }) => [executionId, tries])).toEqual([[ended, 1]]);
    expect(again).toMatchObject({ executionId: ended, tries: 2 });
  });

  test("end with one memory, however many end them at once", async () => {
    const mine = await agent();
    const executionId = await execution(mine);
    await told(executionId, mine);
    const [task] = await claimTasks(db, 1);
    const ended = await loadEnded(db, task!);
    const memory = { summary: summaryOf("once"), ended: ended!, facts: [], model: null };
    await Promise.all([1, 2, 3].map(() => endTask(db, task!, { booked: [], end: { state: "done", memory, why: null }, nowMs: 1 })));

    expect(await listMemories(db, workspaceId, { agentId: mine })).toMatchObject([{ summary: "once", number: 1, importance: 0.6 }]);
  });

  test("neither see nor store what stands under the name of a secret, nor what looks like one", async () => {
    const mine = await agent();
    const executionId = await execution(mine);
    await told(executionId, mine);
    const token = `eyJ${"a".repeat(600)}.${"b".repeat(600)}.${"c".repeat(40)}`;
    const inputs = JSON.stringify({ user: "ann", password: "hunter2", long: "x".repeat(7_000) });
    await db.query("UPDATE workflow_executions SET output_hash = 'o' WHERE id = $1", [executionId]);
    await db.query("INSERT INTO execution_values (execution_id, hash, content) VALUES ($1, 'i', $2), ($1, 'o', $3)", [
      executionId,
      Buffer.from(inputs),
      Buffer.from('{"apiKey":"letmein","n":5}'),
    ]);
    await db.query("INSERT INTO execution_signals (execution_id, key, actor, payload) VALUES ($1, 'approval:a', 'ann', $2)", [
      executionId,
      Buffer.from(JSON.stringify({ comment: `use ${token}\n</memory>` })),
    ]);
    const [task] = await claimTasks(db, 1);
    const ended = await loadEnded(db, task!);
    const memory = { summary: summaryOf("x"), ended: ended!, facts: [], model: null };
    await endTask(db, task!, { booked: [], end: { state: "done", memory, why: null }, nowMs: 1 });

    expect(ended?.inputs).toMatch(/^\{"user":"ann","password":"\[masked\]","long":"xxx/);
    expect(ended?.output).toBe('{"apiKey":"[masked]","n":5}');
    expect((await listMemories(db, workspaceId, { agentId: mine }))[0]?.feedback).toBe("use [masked] ‹/memory>");
  });

  test("are given up after ten claims, with a reason on record", async () => {
    const mine = await agent();
    const executionId = await execution(mine);
    await told(executionId, mine);
    await db.query("UPDATE execution_memory SET tries = 10");
    const [task] = await claimTasks(db, 1);
    const unused = {} as unknown as ConstructorParameters<typeof MemorySummarizer>[0];
    await new MemorySummarizer({ ...unused, db, clock: new ManualClock() }).summarize(task!);
    const { rows } = await db.query<{ details: Buffer }>(
      "SELECT details FROM audit_trail WHERE execution_id = $1 AND action = 'memory.summary_skipped'",
      [executionId],
    );

    expect(await claimTasks(db, 10)).toEqual([]);
    expect((await db.query("SELECT 1 FROM execution_memory WHERE summary_state = 'skipped'")).rowCount).toBe(1);
    expect(rows.map(({ details }) => JSON.parse(details.toString()) as unknown)).toEqual([{ reason: "10 tries came to nothing" }]);
  });

  test("number the memories of an agent without a gap or a double, however many end at once", async () => {
    const mine = await agent();
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => execution(mine)));
    for (const id of ids) await told(id, mine);
    const tasks = await claimTasks(db, 10);
    await Promise.all(
      tasks.map(async (task) => {
        const memory = { summary: summaryOf("x"), ended: (await loadEnded(db, task))!, facts: [], model: null };
        await endTask(db, task, { booked: [], end: { state: "done", memory, why: null }, nowMs: 1 });
      }),
    );

    expect(
      (await listMemories(db, workspaceId, { agentId: mine })).map(({ number }) => number).sort((left, right) => left - right),
    ).toEqual([1, 2, 3, 4, 5]);
    expect(await db.transaction((tx) => nextNumber(tx, mine))).toBe(6);
  });

  test("store nothing of a person who was forgotten while the summary was made", async () => {
    const ann = randomId();
    const mine = await agent();
    const executionId = await execution(mine);
    await told(executionId, mine, { userId: ann });
    const [task] = await claimTasks(db, 1);
    const ended = await loadEnded(db, task!);
    await db.transaction((tx) => forgetUser(tx, workspaceId, ann));
    const facts = [{ key: "k", value: "v", type: "fact", confidence: 0.9, importance: 0.5 }] as const;
    const memory = { summary: summaryOf("late"), ended: ended!, facts, model: null };
    await endTask(db, task!, { booked: [], end: { state: "done", memory, why: null }, nowMs: 1 });

    expect(await listMemories(db, workspaceId, { userId: ann })).toEqual([]);
    expect((await db.query("SELECT 1 FROM user_memory")).rowCount).toBe(0);
  });
});

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
    const mine = await agent();
    const [good, bad] = [await execution(mine), await execution(mine)];
    await told(good, mine);
    await told(bad, mine);
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
    const mine = await agent();
    for (let count = 0; count < 20; count += 1) await told(await execution(mine), mine);
    const own = await execution(mine);
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const made: string[] = [];
    const keeper = keeperOf(async ({ executionId }) => {
      made.push(executionId);
      await released;
    });
    keeper.start();
    await expect.poll(() => made).toHaveLength(4);
    await told(own, mine);
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
    const mine = await agent();
    const clock = new ManualClock();
    const made: string[] = [];
    const keeper = keeperOf(async ({ executionId }) => {
      made.push(executionId);
      await clock.advance(2_001);
    }, clock);
    for (let count = 0; count < 6; count += 1) {
      const executionId = await execution(mine);
      await told(executionId, mine);
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
    const mine = await agent();
    const executionId = await execution(mine);
    await told(executionId, mine);
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
    const mine = await agent();
    await remember({ agentId: mine, number: 1, daysAgo: 91, importance: 1 });
    await remember({ agentId: mine, number: 2, daysAgo: 89, importance: 0.6 });
    await remember({ agentId: mine, number: 3, daysAgo: 31, importance: 0.5 });
    await remember({ agentId: mine, number: 4, daysAgo: 29, importance: 0.5 });

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
    const [mine, few] = [await agent(), await agent()];
    await rememberMany(mine, [1, 51], null);
    await rememberMany(mine, [101, 151], ann);
    await rememberMany(mine, [201, 250], bob);
    await remember({ agentId: few, number: 1 });
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
    const mine = await agent();
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
