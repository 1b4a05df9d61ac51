import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateText } from "ai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { govern } from "../../../lib/ai-sdk/index.ts";
import { loadConfig } from "../../../lib/config/loadConfig.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { openDatabase } from "../../../lib/db/openDatabase.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { countStranded } from "../../../lib/pilot/DoctorStore.ts";
import { QUEUE_NAME, QUEUE_SCHEMA } from "../../../lib/pilot/queueNames.ts";
import { createSystem } from "../../../lib/system.ts";
import type { BudgetReport, System } from "../../../lib/systemApi.ts";
import { sumUsage } from "../../../lib/tokens/TokenUsageStore.ts";
import { isOnServer, openTestDatabase, serverUrl } from "../../testEnvironment.ts";
import { codeOf } from "../../unit/ai-sdk/codeOf.ts";
import { answerOf, mockModel } from "../../unit/ai-sdk/mockAnswers.ts";
import type { ChildCall } from "./callingChild.ts";

const CHILD = fileURLToPath(new URL("./callingChild.ts", import.meta.url));
const ONCE = { maxRetries: 0, prompt: "Greet.", maxOutputTokens: 100 } as const;

interface Opened extends AsyncDisposable {
  readonly system: System;
  readonly db: Database;
}

/** A place that outlives the systems and processes on it: a database of its own on the server, else a PGlite folder. */
interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly databaseUrl?: string;
  readonly open: () => Promise<Opened>;
}

async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-sessions-"));
  const held = isOnServer ? await openTestDatabase(QUEUE_TEMPLATE) : null;
  const { rows } = (await held?.query<{ name: string }>("SELECT current_database() AS name")) ?? { rows: [] };
  const url = isOnServer ? new URL(serverUrl()) : null;
  if (url !== null) url.pathname = `/${rows[0]?.name ?? ""}`;
  const databaseUrl = url?.href;
  const env = databaseUrl === undefined ? {} : { NEURONFORGE_DATABASE: "postgres", DATABASE_URL: databaseUrl };
  return {
    folder,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    open: async () => {
      const config = loadConfig({ NEURONFORGE_DATA: folder, ...env }, {}, { cwd: folder });
      const database = await openDatabase(databaseUrl === undefined ? { kind: "pglite", folder } : { kind: "postgres", url: databaseUrl });
      const system = await createSystem({ config, database, logger: silentLogger });
      return { system, db: database, [Symbol.asyncDispose]: () => system.close() };
    },
    [Symbol.asyncDispose]: async () => {
      await held?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the child, waits until its model is being called, and kills it with SIGKILL. */
async function killDuringCall(call: ChildCall): Promise<void> {
  const child = fork(CHILD, [JSON.stringify(call)], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<string | null>((resolve) => {
    child.on("exit", (_code, signal) => resolve(signal));
  });
  const first = await Promise.race([new Promise<unknown>((resolve) => child.once("message", resolve)), ended]);
  if (first !== "calling") throw new Error(`the child ended before its call: ${String(first)}`);
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
}

/** As if its process had not been heard of for as long as counts as silence. */
async function fallSilent(db: Database): Promise<void> {
  await db.query("UPDATE workflow_executions SET wake_at = NOW() - INTERVAL '1 second' WHERE run_mode = 'session'");
}

async function attempts(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ state: string; atCap: boolean }>(
    `SELECT state, used_tokens = reserved_tokens AS "atCap" FROM step_attempts ORDER BY dispatched_at, id`,
  );
  return rows.map(({ state, atCap }) => (atCap ? `${state} at the cap` : state));
}

async function idleGrants(db: Database): Promise<number> {
  const { rows } = await db.query<{ idle: string }>(
    "SELECT COALESCE(SUM(granted_tokens - spent_tokens - open_tokens), 0) AS idle FROM ledger_grants",
  );
  return Number(rows[0]?.idle);
}

async function accountOf(system: System): Promise<BudgetReport> {
  const [account] = await system.listBudgets();
  if (account === undefined) throw new Error("no limit is set");
  return account;
}

let place: Place;

beforeEach(async () => {
  place = await openPlace();
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

describe("sessions", () => {
  test("count a call whose process was killed in the middle of it, at its worst case", { timeout: 60_000 }, async () => {
    {
      await using first = await place.open();
      await govern(
        mockModel(() => ({ text: "Hello." })),
        { system: first.system, agent: "greeter", limits: { tokens: 1_000 } },
      ).doGenerate({
        prompt: [],
        maxOutputTokens: 1,
      });
    }
    const { folder, databaseUrl } = place;
    await killDuringCall({ folder, agent: "greeter", ...(databaseUrl === undefined ? {} : { databaseUrl }) });

    await using after = await place.open();
    const before = await accountOf(after.system);
    expect([before.spentTokens, before.openTokens > 500]).toEqual([110, true]);
    expect(await attempts(after.db)).toEqual(["settled", "open"]);

    // On a server the dead process is silent for a while first; the owner of a folder knows at once.
    if (isOnServer) await fallSilent(after.db);
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      { system: after.system, agent: "greeter" },
    );
    expect(await codeOf(generateText({ model, ...ONCE, maxOutputTokens: 500 }))).toBe("BUDGET_EXCEEDED");

    expect(await attempts(after.db)).toEqual(["settled", "assumed at the cap"]);
    const spent = 110 + before.openTokens;
    expect(await accountOf(after.system)).toMatchObject({ openTokens: 0, spentTokens: spent, grantedTokens: spent });
    const [, lost = ""] = (await after.system.listExecutions({})).map(({ executionId }) => executionId);
    const report = await after.system.report(lost);
    expect([report.status, report.error?.code]).toEqual(["failed", "SESSION_LOST"]);
    const usage = await sumUsage(after.db, DEFAULT_WORKSPACE_ID, lost);
    expect([usage.calls, usage.assumedCalls, usage.inputTokens + usage.outputTokens]).toEqual([1, 1, before.openTokens]);
    expect((await after.system.receipt(lost)).unknown.callsAssumed).toBe(1);
  });

  test("have limits that last: a restart begins where the last process ended", async () => {
    const mock = mockModel(() => ({ text: "Hello.", usage: [2, 90] }));
    const codes: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      await using opened = await place.open();
      codes.push(
        await codeOf(generateText({ model: govern(mock, { system: opened.system, agent: "greeter", limits: { tokens: 250 } }), ...ONCE })),
      );
    }
    expect(codes).toEqual(["none", "none", "BUDGET_EXCEEDED"]);
  });

  test("are neither claimed nor woken nor counted as stuck, and end completed when nothing was under way", async () => {
    await using opened = await place.open();
    const { system, db } = opened;
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      { system, agent: "greeter" },
    );
    await generateText({ model, ...ONCE });
    const { executionId } = model.receipt();
    await system.work();

    const { rows } = await db.query("SELECT status, epoch, owner LIKE 'session-%' AS ours FROM workflow_executions");
    const jobs = await db.query(`SELECT id FROM ${QUEUE_SCHEMA}.job WHERE name = '${QUEUE_NAME}'`);
    expect(jobs.rows).toEqual([]);
    expect([rows, await countStranded(db)]).toEqual([[{ status: "running", epoch: 1, ours: true }], 0]);
    expect((await system.doctor()).filter(({ ok, name }) => !ok && !name.includes("key"))).toEqual([]);
    expect(await codeOf(system.fork({ executionId: executionId ?? "" }))).toBe("CONFLICT");
    expect(await codeOf(system.resume(executionId ?? "", { actor: "tester" }))).toBe("CONFLICT");

    await fallSilent(db);
    const next = await system.openSession({ agent: "other" });
    expect((await system.report(executionId ?? "")).status).toBe("completed");
    await next.close();
  });

  test("that were ended in silence take what a call came to all the same, and are followed by a new one", async () => {
    await using opened = await place.open();
    const { system, db } = opened;
    const { promise, resolve } = Promise.withResolvers<void>();
    const mock = mockModel(() => ({ text: "Hello." }));
    const model = govern(mock, { system, agent: "greeter", limits: { tokens: 10_000 } });
    const answer = mock.doGenerate;
    mock.doGenerate = async () => {
      await fallSilent(db);
      await (await system.openSession({ agent: "sweeper" })).close();
      expect(await attempts(db)).toEqual(["assumed at the cap"]);
      resolve();
      return answerOf({ text: "late", usage: [7, 5] });
    };
    const call = generateText({ model, ...ONCE });
    await promise;
    await call;
    const lost = model.receipt().executionId ?? "";
    mock.doGenerate = answer;

    const usage = await sumUsage(db, DEFAULT_WORKSPACE_ID, lost);
    expect([await attempts(db), usage.calls, usage.assumedCalls, usage.inputTokens, usage.outputTokens]).toEqual([["settled"], 1, 0, 7, 5]);
    expect(await idleGrants(db)).toBe(0);

    await generateText({ model, ...ONCE });
    expect(model.receipt().executionId).not.toBe(lost);
    expect((await system.listBudgets())[0]?.spentTokens).toBe(122);
  });

  test("that were ended in silence are followed by one for all parallel calls", async () => {
    await using opened = await place.open();
    const { system, db } = opened;
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      { system, agent: "greeter" },
    );
    await generateText({ model, ...ONCE });
    await fallSilent(db);
    await (await system.openSession({ agent: "sweeper" })).close();

    await Promise.all(Array.from({ length: 8 }, () => generateText({ model, ...ONCE })));
    await model.close();

    const sessions = await system.listExecutions({ agent: "greeter" });
    expect(sessions.map(({ status, tokensUsed }) => [status, tokensUsed])).toEqual([
      ["completed", 8 * 110],
      ["completed", 110],
    ]);
  });

  test("opened at once put one limit in place, and none over a person's", async () => {
    await using opened = await place.open();
    const { system } = opened;
    const wanted = [1_000, 2_000, 3_000, 4_000];
    const sessions = await Promise.all(wanted.map((tokens) => system.openSession({ agent: "fresh", limits: { tokens } })));

    const [set, ...others] = await system.listBudgets();
    expect([wanted.includes(set?.limitTokens ?? 0), others]).toEqual([true, []]);
    expect(sessions.map(({ limits }) => limits.tokens)).toEqual(wanted.map(() => set?.limitTokens));
    const audits = await system.listAudit({});
    expect(audits.filter(({ action }) => action === "budget.set").map(({ details }) => details)).toEqual([
      expect.objectContaining({ tokens: set?.limitTokens }),
    ]);

    await (await system.openSession({ agent: "other" })).close();
    const setting = system.setBudget("agent:other", { tokens: 50 }, "tester");
    const raced = await Promise.all(wanted.map((tokens) => system.openSession({ agent: "other", limits: { tokens } })));
    await setting;
    const limits = (await system.listBudgets()).map(({ scope, limitTokens }) => [scope, limitTokens]);
    expect(limits).toContainEqual(["agent:other", 50]);
    await Promise.all([...sessions, ...raced].map((session) => session.close()));
  });

  test("take no call after a person has cancelled them", async () => {
    await using opened = await place.open();
    const { system } = opened;
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      { system, agent: "greeter" },
    );
    await generateText({ model, ...ONCE });
    const executionId = model.receipt().executionId ?? "";

    expect((await system.cancel(executionId, "tester")).status).toBe("cancelled");

    expect(await codeOf(generateText({ model, ...ONCE }))).toBe("EXECUTION_CANCELLED");
    expect(await codeOf(system.cancel(executionId, "tester"))).toBe("CONFLICT");
  });

  test("of a closed system end with it", async () => {
    {
      await using opened = await place.open();
      const model = govern(
        mockModel(() => ({ text: "Hello." })),
        { system: opened.system, agent: "greeter" },
      );
      await generateText({ model, ...ONCE });
    }
    await using after = await place.open();
    expect((await after.system.listExecutions({})).map(({ status }) => status)).toEqual(["completed"]);
  });

  test.runIf(isOnServer)("of two systems on one server share a limit that 64 parallel calls do not pass", async () => {
    await using one = await place.open();
    await using other = await place.open();
    const mock = mockModel(() => ({ text: "Hello.", usage: [2, 90] }));
    const models = [one, other].map(({ system }) => govern(mock, { system, agent: "greeter" }));
    for (const model of models) await generateText({ model, ...ONCE });
    await one.system.setBudget("agent:greeter", { tokens: 1_000 }, "tester");

    const codes = await Promise.all(Array.from({ length: 64 }, (_, index) => codeOf(generateText({ model: models[index % 2]!, ...ONCE }))));

    const made = codes.filter((code) => code === "none").length;
    const [account] = await other.system.listBudgets();
    expect([new Set(codes), made > 0]).toEqual([new Set(["none", "BUDGET_EXCEEDED"]), true]);
    expect(account).toMatchObject({ spentTokens: (made + 2) * 92, openTokens: 0, grantedTokens: (made + 2) * 92 });
    expect(account?.grantedTokens).toBeLessThanOrEqual(1_000);
  });

  test.runIf(isOnServer)(
    "keep the books while limits change, sessions end and are swept under their calls",
    { timeout: 60_000 },
    async () => {
      await using one = await place.open();
      await using other = await place.open();
      const mock = mockModel((_call, index) => ({ text: "Hello.", usage: [2, index % 90] }));
      const calling = Array.from({ length: 6 }, async (_, agent) => {
        const { system } = agent % 2 === 0 ? one : other;
        for (let round = 0; round < 4; round += 1) {
          const model = govern(mock, { system, agent: `agent-${agent % 3}`, tags: ["all"] });
          await Promise.all(Array.from({ length: 5 }, () => codeOf(generateText({ model, ...ONCE }))));
          if (round % 2 === 0) await model.close();
        }
      });
      const changing = (async () => {
        for (let round = 0; round < 6; round += 1) {
          await one.system.setBudget("workspace", { tokens: 3_000 + 500 * round }, "tester");
          await other.system.setBudget("tag:all", { tokens: 3_500, window: round % 2 === 0 ? "day" : "month" }, "tester");
          await fallSilent(one.db);
          await (await other.system.openSession({ agent: "sweeper" })).close();
        }
      })();
      await Promise.all([...calling, changing]);
      await fallSilent(one.db);
      await (await one.system.openSession({ agent: "sweeper" })).close();

      const { rows } = await one.db.query<{ used: string; state: string }>(
        "SELECT SUM(used_tokens) AS used, string_agg(DISTINCT state, ' ') AS state FROM step_attempts",
      );
      const used = Number(rows[0]?.used);
      expect([rows[0]?.state, await idleGrants(one.db)]).toEqual(["settled", 0]);
      const budgets = await one.system.listBudgets();
      expect(budgets.map(({ spentTokens, openTokens, grantedTokens }) => [spentTokens, openTokens, grantedTokens])).toEqual(
        budgets.map(() => [used, 0, used]),
      );
      expect(budgets).toHaveLength(3);
    },
  );
});
