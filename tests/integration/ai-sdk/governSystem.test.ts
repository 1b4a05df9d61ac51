import { APICallError, generateText, streamText, ToolLoopAgent, jsonSchema, tool } from "ai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError, govern, SystemLedger } from "../../../lib/ai-sdk/index.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { saveCalibration } from "../../../lib/tokens/CalibrationStore.ts";
import { savePriceOverride } from "../../../lib/tokens/PriceStore.ts";
import { sumUsage } from "../../../lib/tokens/TokenUsageStore.ts";
import { codeOf } from "../../unit/ai-sdk/codeOf.ts";
import { mockModel, partsOf, streamOf, usageOf } from "../../unit/ai-sdk/mockAnswers.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { createTestSystem, workflow, type TestSystem } from "../testSystem.ts";

const ONCE = { maxRetries: 0, prompt: "Greet.", maxOutputTokens: 100 } as const;

let opened: TestSystem;

beforeEach(async () => {
  opened = await createTestSystem({ works: false });
});

afterEach(async () => {
  await opened[Symbol.asyncDispose]();
});

async function attempts(db: Database): Promise<{ state: string; reserved: number; used: number | null }[]> {
  const { rows } = await db.query<{ state: string; reserved_tokens: string; used_tokens: string | null }>(
    "SELECT state, reserved_tokens, used_tokens FROM step_attempts ORDER BY dispatched_at, id",
  );
  return rows.map((row) => ({
    state: row.state,
    reserved: Number(row.reserved_tokens),
    used: row.used_tokens === null ? null : Number(row.used_tokens),
  }));
}

async function balances(db: Database): Promise<{ granted: number; spent: number; open: number }> {
  const { rows } = await db.query<{ granted: string; spent: string; open: string }>(
    `SELECT (SELECT COALESCE(SUM(granted_tokens), 0) FROM ledger_balances) AS granted, COALESCE(SUM(spent_tokens), 0) AS spent,
       COALESCE(SUM(open_tokens), 0) AS open FROM ledger_grants`,
  );
  return { granted: Number(rows[0]?.granted), spent: Number(rows[0]?.spent), open: Number(rows[0]?.open) };
}

function idOf(model: { receipt(): { readonly executionId: string | null } }): string {
  const { executionId } = model.receipt();
  if (executionId === null) throw new Error("no call was made");
  return executionId;
}

describe("govern with a system", () => {
  test("has the worst case in the database before the model is called, and what was used after it", async () => {
    const { system, db } = opened;
    const seen: unknown[] = [];
    const mock = mockModel(() => ({ text: "Hello.", usage: [1_000, 100] }));
    const answer = mock.doGenerate;
    mock.doGenerate = async (call) => {
      seen.push(...(await attempts(db)).map(({ state, reserved }) => [state, reserved > 100]));
      return answer(call);
    };
    const model = govern(mock, { system, agent: "greeter", limits: { usd: "1" } });

    const { text } = await generateText({ model, ...ONCE });

    expect([text, seen]).toEqual(["Hello.", [["open", true]]]);
    expect((await attempts(db)).map(({ state, used }) => [state, used])).toEqual([["settled", 1_100]]);
    expect(await system.listBudgets()).toEqual([
      expect.objectContaining({
        scope: "agent:greeter",
        limitUsd: 1,
        spentUsd: 0.00021,
        spentTokens: 1_100,
        openUsd: 0,
        grantedUsd: 0.00021,
      }),
    ]);
  });

  test("gives the receipt of the database, equal to the usage rows and to the program's own", async () => {
    const { system, db } = opened;
    const model = govern(
      mockModel((_call, index) => ({ text: "Hello.", usage: [1_000 * (index + 1), 100] })),
      {
        system,
        agent: "greeter",
        tags: ["greetings"],
      },
    );
    for (let call = 0; call < 3; call += 1) await generateText({ model, ...ONCE });
    await model.close();

    const receipt = await system.receipt(idOf(model));
    const usage = await sumUsage(db, DEFAULT_WORKSPACE_ID, idOf(model));
    const { balance } = model.receipt();

    expect([receipt.status, receipt.paidUsd, receipt.calls.length, receipt.lines[0]?.tokens]).toEqual(["completed", 0.00108, 3, 6_300]);
    expect([usage.calls, usage.inputTokens + usage.outputTokens, usage.costUsd]).toEqual([3, 6_300, 1_080_000n]);
    expect([balance.spentTokens, balance.spentUsd, balance.openTokens]).toEqual([6_300, 1_080_000n, 0]);
    const report = await system.report(idOf(model));
    expect([report.workflow, report.status, report.steps.map(({ path, status }) => [path, status])]).toEqual([
      "greeter",
      "completed",
      [
        ["call[1]", "completed"],
        ["call[2]", "completed"],
        ["call[3]", "completed"],
      ],
    ]);
    const actions = (await system.listAudit({ executionId: idOf(model) })).map(({ action }) => action);
    expect(actions.toSorted()).toEqual([
      // The model used more than "Greet." can come to.
      ...Array.from({ length: 3 }, () => "budget.overrun"),
      "pilot.execution_completed",
      "pilot.execution_started",
    ]);
  });

  test("holds limits that were set elsewhere, on the agent, the workspace and a tag, with the error it has without a system", async () => {
    const { system } = opened;
    const mock = mockModel(() => ({ text: "Hello." }));
    for (const scope of ["agent:greeter", "workspace", "tag:greetings"]) {
      const model = govern(mock, { system, agent: "greeter", tags: ["greetings"] });
      await generateText({ model, ...ONCE });
      const calls = mock.doGenerateCalls.length;
      await system.setBudget(scope, { tokens: 150 }, "tester");
      const error: unknown = await generateText({ model, ...ONCE }).catch((thrown: unknown) => thrown);
      expect(AppError.is(error, "BUDGET_EXCEEDED")).toBe(true);
      expect((error as AppError).details).toMatchObject({ window: "total", limitTokens: 150, needTokens: expect.any(Number) as number });
      expect([mock.doGenerateCalls.length, model.receipt().callsRefused]).toEqual([calls, 1]);
      const actions = (await system.listAudit({ executionId: idOf(model) })).map(({ action }) => action);
      expect(actions).toContain("budget.exceeded");
      await system.setBudget(scope, { tokens: 1_000_000 }, "tester");
    }
  });

  test("counts a call that is under way when a limit is set", async () => {
    const { system } = opened;
    const mock = mockModel(() => ({ text: "Hello.", usage: [2, 90] }));
    const answer = mock.doGenerate;
    const seen: boolean[] = [];
    mock.doGenerate = async (call) => {
      const { openTokens } = await system.setBudget("tag:greetings", { tokens: 1_000, window: "day" }, "tester");
      seen.push(openTokens > 100);
      return answer(call);
    };
    await generateText({ model: govern(mock, { system, agent: "greeter", tags: ["greetings"] }), ...ONCE });

    const [budget] = await system.listBudgets();
    expect([seen, budget?.spentTokens, budget?.openTokens, budget?.grantedTokens]).toEqual([[true], 92, 0, 92]);
  });

  test("refuses an unknown price under a money limit before the model is called", async () => {
    const house = mockModel(() => ({ text: "Hello." }), { provider: "house", modelId: "house-7b" });
    const model = govern(house, { system: opened.system, agent: "greeter", limits: { usd: "5" } });

    expect(await codeOf(generateText({ model, ...ONCE }))).toBe("PRICE_UNKNOWN");
    expect(house.doGenerateCalls).toHaveLength(0);
  });

  test("prices a call as the system does: what an operator set comes before the tables, the program's own price before both", async () => {
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    const since = { effectiveAtMs: 0, cacheReadUsdPerMillion: null, cacheWriteUsdPerMillion: null, contextWindowTokens: null };
    const dear = { ...since, inputUsdPerMillion: 1_000, outputUsdPerMillion: 1_000 };
    await savePriceOverride(db, { ...dear, provider: "house", model: "house-7b" });
    await savePriceOverride(db, { ...dear, provider: "openai", model: "gpt-4o-mini" });
    await using own = await createTestSystem({ works: false, database: db });
    const { system } = own;
    const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 1 };
    const house = { provider: "house", modelId: "house-7b" };
    const listed = { provider: "openai.chat", modelId: "gpt-4o-mini" };

    const paid: (bigint | string)[] = [];
    for (const [names, options] of [
      [house, {}],
      [listed, {}],
      [listed, { price }],
      [{ provider: "house", modelId: "house-8b" }, {}],
    ] as const) {
      const mock = mockModel(() => ({ text: "Hello.", usage: [1_000, 1_000] }), names);
      const model = govern(mock, { system, agent: "greeter", limits: { usd: "100" }, ...options });
      const code = await codeOf(generateText({ model, ...ONCE }));
      paid.push(code === "none" ? model.receipt().balance.spentUsd : code);
      await model.close();
    }
    expect(paid).toEqual([2_000_000_000n, 2_000_000_000n, 2_000_000n, "PRICE_UNKNOWN"]);
    expect((await system.listBudgets())[0]?.spentUsd).toBe(4.002);
  });

  test("counts a call with the factors that the system has learned", async () => {
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    const learned = { provider: "house", contentType: "prose", factor: 10, spread: 0, samples: 1_000 } as const;
    await saveCalibration(db, [{ ...learned, model: "house-7b" }]);
    await using own = await createTestSystem({ works: false, database: db });
    for (const modelId of ["house-7b", "house-8b"]) {
      const mock = mockModel(() => ({ text: "Hello." }), { provider: "house", modelId });
      await generateText({
        model: govern(mock, { system: own.system, agent: "greeter" }),
        ...ONCE,
        prompt: "Please greet all. ".repeat(100),
      });
    }
    const [one = 0, other = 0] = (await attempts(db)).map(({ reserved }) => reserved);
    expect(one).toBeGreaterThan(3 * other);
  });

  test("lets no 64 parallel calls pass a limit together", async () => {
    const { system, db } = opened;
    const most: number[] = [];
    const mock = mockModel(() => ({ text: "Hello.", usage: [2, 90] }));
    const answer = mock.doGenerate;
    mock.doGenerate = async (call) => {
      const { granted, spent, open } = await balances(db);
      most.push(Math.max(granted, spent + open));
      return answer(call);
    };
    const model = govern(mock, { system, agent: "greeter", limits: { tokens: 1_000 } });

    const codes = await Promise.all(Array.from({ length: 64 }, () => codeOf(generateText({ model, ...ONCE }))));

    const made = codes.filter((code) => code === "none").length;
    expect(new Set(codes)).toEqual(new Set(["none", "BUDGET_EXCEEDED"]));
    expect([made > 0, Math.max(...most) <= 1_000, mock.doGenerateCalls.length]).toEqual([true, true, made]);
    expect(await balances(db)).toEqual({ granted: made * 92, spent: made * 92, open: 0 });
  });

  test("gives back at once what a call did not need", async () => {
    const { system } = opened;
    const cheap = mockModel(() => ({ text: "Hello.", usage: [5, 5] }));
    const one = govern(cheap, { system, agent: "greeter", limits: { tokens: 1_000 } });
    const other = govern(cheap, { system, agent: "greeter" });

    await generateText({ model: one, ...ONCE, maxOutputTokens: 900 });

    expect(await codeOf(generateText({ model: other, ...ONCE, maxOutputTokens: 900 }))).toBe("none");
  });

  test("books an error that refused as nothing, and any other as its worst case, each with a usage row", async () => {
    const { system, db } = opened;
    const mock = mockModel(() => ({ text: "Hello." }));
    const failures = [
      new APICallError({ message: "bad key", url: "https://x.test", requestBodyValues: {}, statusCode: 401, isRetryable: false }),
      new Error("the connection broke"),
    ];
    mock.doGenerate = () => Promise.reject(failures.shift() ?? new Error("none left"));
    const model = govern(mock, { system, agent: "greeter", limits: { tokens: 10_000 } });

    await codeOf(generateText({ model, ...ONCE }));
    await codeOf(generateText({ model, ...ONCE }));

    const [refused, broken] = await attempts(db);
    expect([refused?.state, refused?.used, broken?.state, broken?.used]).toEqual(["failed", 0, "assumed", broken?.reserved]);
    const usage = await sumUsage(db, DEFAULT_WORKSPACE_ID, idOf(model));
    expect([usage.calls, usage.assumedCalls, usage.failedCalls, usage.inputTokens + usage.outputTokens]).toEqual([
      2,
      1,
      2,
      broken?.reserved,
    ]);
    const receipt = await system.receipt(idOf(model));
    expect([receipt.unknown.callsAssumed, receipt.paidUsd]).toEqual([1, Number(usage.costUsd) / 1e9]);
  });

  test("settles a stream at its end, a broken and an aborted one at the worst case", async () => {
    const { system, db } = opened;
    const mock = mockModel(() => ({ text: "Hello.", usage: [50, 5] }));
    const model = govern(mock, { system, agent: "greeter", limits: { tokens: 10_000 } });
    expect(await streamText({ model, ...ONCE }).text).toBe("Hello.");

    mock.doStream = () =>
      Promise.resolve({
        stream: streamOf([...partsOf({ text: "Hel" }).slice(0, 3), { type: "error", error: new Error("broke") }]),
      });
    await streamText({ model, ...ONCE, onError: () => undefined }).consumeStream();

    const abort = new AbortController();
    mock.doStream = () =>
      Promise.resolve({
        stream: new ReadableStream({ start: (controller) => controller.enqueue({ type: "stream-start", warnings: [] }) }),
      });
    const { stream } = await model.doStream({ prompt: [], maxOutputTokens: 100, abortSignal: abort.signal });
    await stream.getReader().read();
    abort.abort();
    await model.close();

    expect((await attempts(db)).map(({ state, used, reserved }) => [state, used === reserved])).toEqual([
      ["settled", false],
      ["assumed", true],
      ["assumed", true],
    ]);
    const usage = await sumUsage(db, DEFAULT_WORKSPACE_ID, idOf(model));
    expect([usage.calls, usage.assumedCalls, usage.failedCalls]).toEqual([3, 2, 2]);
  });

  test("spends nothing when the caller aborts before the call is sent", async () => {
    const { system, db } = opened;
    const abort = new AbortController();
    const mock = mockModel(() => ({ text: "Hello." }));
    const model = govern(mock, { system, agent: "greeter", onDecision: ({ type }) => type === "reserved" && abort.abort() });

    await expect(generateText({ model, ...ONCE, abortSignal: abort.signal })).rejects.toThrow("abort");

    expect([mock.doGenerateCalls, (await attempts(db)).map(({ state, used }) => [state, used])]).toEqual([[], [["failed", 0]]]);
  });

  test("puts savings by shorter tool results on the receipt of the database", async () => {
    const { system } = opened;
    const rows = Array.from({ length: 40 }, (_, index) => ({ id: index, customer: "Press Office", status: "sent" }));
    const mock = mockModel((_call, index) =>
      index === 0 ? { toolCalls: [{ toolName: "listOrders", input: {} }], usage: [100, 10] } : { text: "All sent.", usage: [800, 10] },
    );
    const model = govern(mock, { system, agent: "orders" });
    const listOrders = tool({
      description: "Lists orders.",
      inputSchema: jsonSchema<object>({ type: "object", properties: {} }),
      execute: () => JSON.stringify(rows, null, 2),
    });

    await new ToolLoopAgent({ model, tools: { listOrders } }).generate({ prompt: "Which is late?" });

    const own = model.receipt().savings;
    const { savings } = await system.receipt(idOf(model));
    expect(savings?.lines.map(({ cause, tokens }) => [cause, tokens])).toEqual(own.lines.map(({ cause, tokens }) => [cause, tokens]));
    expect([savings?.paid.usd, (savings?.baseline.usd ?? 0) > (savings?.paid.usd ?? 1)]).toEqual([Number(own.paid.usd) / 1e9, true]);
  });

  test("keeps the agent from run to run, and a stored limit against the program's", async () => {
    const { system } = opened;
    const mock = mockModel(() => ({ text: "Hello.", usage: [10, 10] }));
    const first = govern(mock, { system, agent: "greeter", limits: { tokens: 5_000 } });
    await generateText({ model: first, ...ONCE });
    await first.close();
    await system.topUpBudget("agent:greeter", { tokens: 1_000 }, "tester");

    const second = govern(mock, { system, agent: "greeter", limits: { tokens: 5_000 } });
    await generateText({ model: second, ...ONCE });

    expect(await system.listBudgets()).toEqual([expect.objectContaining({ scope: "agent:greeter", limitTokens: 6_000, spentTokens: 40 })]);
    expect((await system.listAgents()).map(({ name, executions }) => [name, executions])).toEqual([["greeter", 2]]);
    expect(idOf(first)).not.toBe(idOf(second));
  });

  test("is the agent of the workflow of that name, whose definition stays", async () => {
    const { system } = opened;
    await system.start(workflow([{ id: "a", type: "ai_processing", prompt: "Say." }]));
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      { system, agent: "test" },
    );
    await generateText({ model, ...ONCE });

    const [agent] = await system.listAgents();
    expect([agent?.name, agent?.executions]).toEqual(["test", 2]);
    expect((await system.showAgent("test")).definition).toMatchObject({ name: "test" });
  });

  test("shows results as they are where a person has switched the agent's orchestration off", async () => {
    const { system, db } = opened;
    const mock = mockModel(() => ({ text: "Hello." }));
    await govern(mock, { system, agent: "orders" }).doGenerate({ prompt: [] });
    await db.query("UPDATE agents SET orchestration = 'off'");
    const value = JSON.stringify(
      Array.from({ length: 40 }, (_, index) => ({ id: index, status: "sent" })),
      null,
      2,
    );
    const result = { type: "tool-result" as const, toolCallId: "1", toolName: "list", output: { type: "text" as const, value } };

    await govern(mock, { system, agent: "orders" }).doGenerate({ prompt: [{ role: "tool", content: [result] }] });

    expect(JSON.stringify(mock.doGenerateCalls.at(-1)?.prompt)).toBe(JSON.stringify([{ role: "tool", content: [result] }]));
  });

  test("shares one session among models through a ledger, which ends with its owner", async () => {
    const { system } = opened;
    const ledger = new SystemLedger(system, { agent: "team", limits: { tokens: 10_000 } });
    const [one, other] = [1, 2].map(() =>
      govern(
        mockModel(() => ({ text: "Hello." })),
        { ledger },
      ),
    );
    await generateText({ model: one!, ...ONCE });
    await one!.close();
    await generateText({ model: other!, ...ONCE });
    await ledger.close();

    const [session, ...rest] = await system.listExecutions({});
    expect([session?.status, session?.tokensUsed, rest]).toEqual(["completed", 220, []]);
    expect(await codeOf(generateText({ model: other!, ...ONCE }))).toBe("CONFLICT");
  });

  test.each([
    ["without an agent", {}],
    ["with an amount that is none", { agent: "a", limits: { usd: "a lot" } }],
    ["with another ledger", { agent: "a", ledger: "own" }],
    ["while it only observes", { agent: "a", mode: "observe" }],
  ])("refuses a system %s", (_name, options) => {
    const { system } = opened;
    const given = "ledger" in options ? { ...options, ledger: new SystemLedger(system, { agent: "b" }) } : options;
    expect(() =>
      govern(
        mockModel(() => ({})),
        { system, ...given },
      ),
    ).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });

  test.each([
    [{ agent: " " }],
    [{ agent: "a", tags: ["\0"] }],
    [{ agent: "a", limits: { tokens: 1.5 } }],
    [{ agent: "a", limits: { usd: "-1" } }],
  ])("opens no session for %j", async (request) => {
    expect(await codeOf(opened.system.openSession(request))).toBe("USAGE");
    expect(await opened.system.listExecutions({})).toEqual([]);
  });

  test("reports absurd usage as none", async () => {
    const { system, db } = opened;
    const mock = mockModel(() => ({ text: "Hello." }));
    mock.doGenerate = () =>
      Promise.resolve({ content: [], finishReason: { unified: "stop", raw: undefined }, usage: usageOf([-5, 1e12]), warnings: [] });
    await govern(mock, { system, agent: "liar" }).doGenerate({ prompt: [], maxOutputTokens: 10 });

    const [attempt] = await attempts(db);
    expect([attempt?.state, attempt?.used]).toEqual(["assumed", attempt?.reserved]);
  });
});
