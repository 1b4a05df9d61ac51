// The rows of memory: whose they are, what happens when several write at once.
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, randomId, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { forgetAgent, forgetUser } from "../../../lib/memory/MemoryForgetStore.ts";
import { listMemories, loadBlock, loadRecall, setMemoryMode } from "../../../lib/memory/MemoryStore.ts";
import { MemorySummarizer } from "../../../lib/memory/MemorySummarizer.ts";
import { claimTasks, endTask, loadEnded, nextNumber } from "../../../lib/memory/MemoryTaskStore.ts";
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

const summaryOf = (summary: string) => ({ summary, outcomes: [], patterns: [], suggestions: [] });

describe("memories", () => {
  test("are recalled in their workspace, by their agent, for their person only", async () => {
    const [ann, bob] = [randomId(), randomId()];
    const [mine, foreign, elsewhere] = [await rows.agent(), await rows.agent(), await rows.agent(other)];
    await rows.remember({ agentId: mine, number: 1 });
    await rows.remember({ agentId: mine, number: 2, userId: ann });
    await rows.remember({ agentId: mine, number: 3, userId: bob });
    await rows.remember({ agentId: foreign, number: 4 });
    await rows.remember({ agentId: elsewhere, number: 5, of: other });
    await rows.know(workspaceId, ann, "mine");
    await rows.know(workspaceId, bob, "his");
    await rows.know(other, ann, "elsewhere");
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
      { id: await rows.agent(), of: workspaceId },
      { id: await rows.agent(), of: workspaceId },
      { id: await rows.agent(other), of: other },
    ];
    const place = fc.record({ at: fc.nat(2), who: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 12 }), place, async (stored, reader) => {
        await db.query("DELETE FROM run_memories");
        for (const [index, { at, who }] of stored.entries()) {
          const { id, of } = agents[at]!;
          const userId = people[who] ?? null;
          await rows.remember({ agentId: id, number: index + 1, of, ...(userId === null ? {} : { userId }) });
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
    const mine = await rows.agent();
    await rows.remember({ agentId: mine, number: 1 });
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
    const gone = await db.transaction((tx) => forgetAgent(tx, { workspaceId: other, agentId: mine, memoryId: null }));

    expect(gone).toEqual({ memories: 0, facts: 0, blocks: 0 });
    expect(await listMemories(db, other, { agentId: mine })).toEqual([]);
    expect(await loadBlock(db, other, executionId)).toBeNull();
    expect(await db.transaction((tx) => setMemoryMode(tx, other, mine, "on"))).toBeUndefined();
    expect(await loadBlock(db, workspaceId, executionId)).toMatchObject({ tokens: 9 });
  });

  test("are told no more once the agent is switched off", async () => {
    const mine = await rows.agent();
    const executionId = await rows.execution(mine, false);
    await rows.told(executionId, mine);
    const before = await db.transaction((tx) => setMemoryMode(tx, workspaceId, mine, "off"));

    expect(before).toBe("user");
    expect(await loadBlock(db, workspaceId, executionId)).toBeNull();
  });

  test("that were forgotten between recall and start are not told, and count as no use", async () => {
    const ann = randomId();
    const mine = await rows.agent();
    const [kept, gone] = [
      await rows.remember({ agentId: mine, number: 1 }),
      await rows.remember({ agentId: mine, number: 2, userId: ann }),
    ];
    await rows.know(workspaceId, ann, "mine");
    const [before, after, without] = [
      await rows.execution(mine, false),
      await rows.execution(mine, false),
      await rows.execution(mine, false),
    ];
    const from = [{ memoryId: kept }, { memoryId: gone }, { factKey: "mine" }];

    expect(await rows.told(before, mine, { userId: ann, from })).toBe(true);
    expect((await db.query("SELECT 1 FROM user_memory WHERE usage_count = 1")).rowCount).toBe(1);
    await db.transaction((tx) => forgetUser(tx, workspaceId, ann));
    expect(await rows.told(after, mine, { userId: ann, from })).toBe(false);
    expect(await rows.told(without, mine, { userId: ann, from: [{ memoryId: kept }] })).toBe(true);
    expect(await Promise.all([before, after].map((id) => loadBlock(db, workspaceId, id)))).toEqual([null, null]);
  });

  test("are told by no start that is under way while they are forgotten", async () => {
    const mine = await rows.agent();
    for (let round = 0; round < 10; round += 1) {
      const id = await rows.remember({ agentId: mine, number: round + 1 });
      const executionId = await rows.execution(mine, false);
      const forgets = () => db.transaction((tx) => forgetAgent(tx, { workspaceId, agentId: mine, memoryId: id }));
      const tells = () => rows.told(executionId, mine, { from: [{ memoryId: id }] });
      await Promise.all(round % 2 === 0 ? [tells(), forgets()] : [forgets(), tells()]);

      expect(await loadBlock(db, workspaceId, executionId)).toBeNull();
    }
  });

  test("are listed in full, however many there are, newest first", async () => {
    const mine = await rows.agent();
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
    const mine = await rows.agent();
    const [first] = [await rows.remember({ agentId: mine, number: 1 }), await rows.remember({ agentId: mine, number: 2 })];
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
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
    const mine = await rows.agent();
    const [ended, running] = [await rows.execution(mine), await rows.execution(mine, false)];
    await rows.told(ended, mine);
    await rows.told(running, mine);
    const [first, second] = await Promise.all([claimTasks(db, 10), claimTasks(db, 10)]);
    await db.query("UPDATE execution_memory SET not_before = NOW() WHERE execution_id = $1", [ended]);
    const [again] = await claimTasks(db, 10);

    expect([...first, ...second].map(({ executionId, tries }) => [executionId, tries])).toEqual([[ended, 1]]);
    expect(again).toMatchObject({ executionId: ended, tries: 2 });
  });

  test("end with one memory, however many end them at once", async () => {
    const mine = await rows.agent();
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
    const [task] = await claimTasks(db, 1);
    const ended = await loadEnded(db, task!);
    const memory = { summary: summaryOf("once"), ended: ended!, facts: [], model: null };
    await Promise.all([1, 2, 3].map(() => endTask(db, task!, { booked: [], end: { state: "done", memory, why: null }, nowMs: 1 })));

    expect(await listMemories(db, workspaceId, { agentId: mine })).toMatchObject([{ summary: "once", number: 1, importance: 0.6 }]);
  });

  test("neither see nor store what stands under the name of a secret, nor what looks like one", async () => {
    const mine = await rows.agent();
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
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
    const mine = await rows.agent();
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine);
    await db.query("UPDATE execution_memory SET tries = 10");
    const [task] = await claimTasks(db, 1);
    const unused = {} as unknown as ConstructorParameters<typeof MemorySummarizer>[0];
    await new MemorySummarizer({ ...unused, db, clock: new ManualClock() }).summarize(task!);
    const audit = await db.query<{ details: Buffer }>(
      "SELECT details FROM audit_trail WHERE execution_id = $1 AND action = 'memory.summary_skipped'",
      [executionId],
    );

    expect(await claimTasks(db, 10)).toEqual([]);
    expect((await db.query("SELECT 1 FROM execution_memory WHERE summary_state = 'skipped'")).rowCount).toBe(1);
    expect(audit.rows.map(({ details }) => JSON.parse(details.toString()) as unknown)).toEqual([{ reason: "10 tries came to nothing" }]);
  });

  test("number the memories of an agent without a gap or a double, however many end at once", async () => {
    const mine = await rows.agent();
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => rows.execution(mine)));
    for (const id of ids) await rows.told(id, mine);
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
    const mine = await rows.agent();
    const executionId = await rows.execution(mine);
    await rows.told(executionId, mine, { userId: ann });
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
