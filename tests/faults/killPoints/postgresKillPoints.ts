// Kill points on a server: two workers under at least a hundred executions, one of them killed and started again every second or so; then everything ends and is checked.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { loadConfig } from "../../../lib/config/loadConfig.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import { openDatabase } from "../../../lib/db/openDatabase.ts";
import { createSystem } from "../../../lib/system.ts";
import type { System } from "../../../lib/systemApi.ts";
import { checkDatabase } from "../checkDatabase.ts";
import { Child } from "../Child.ts";
import { createFaultModel } from "../child/faultModel.ts";
import type { ChildOrders } from "../child/main.ts";
import { createOutsidePlugin } from "../child/outsidePlugin.ts";
import { EffectServer, LONGEST_LATENCY_MS } from "../EffectServer.ts";
import { until } from "../createFaultEngine.ts";
import { seededRandom } from "../seededRandom.ts";
import { openServerDatabase } from "../serverDatabase.ts";
import { FAULT_WORKFLOWS } from "../workflows.ts";
import { describeKill, planKill } from "./planKill.ts";

const KILLS_IN_A_ROW = 7;
/** Started beyond what must be in flight, so that it still is when the next kill comes. */
const REFILL = 100;
const STARTED_AT_ONCE = 5;
/** Longer than this process ever takes to answer, with everything on two cores. */
const EFFECT_TIMEOUT_MS = 8_000;

export interface PostgresRound {
  readonly serverUrl: string;
  readonly seed: number;
  readonly kills: number;
  /** Kept in flight while there is killing. */
  readonly inFlight: number;
  readonly notify: boolean;
}

/** @returns faults in words; `log` gets every kill */
export async function postgresKillPoints(
  { serverUrl, seed, kills, inFlight, notify }: PostgresRound,
  log: (line: string) => void,
): Promise<string[]> {
  const random = seededRandom(seed);
  const effects = await EffectServer.start();
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-faults-"));
  const { db, url } = await openServerDatabase(serverUrl);
  const orders: ChildOrders = {
    folder,
    databaseUrl: url,
    effectUrl: effects.url,
    seed,
    notify,
    kill: { at: "time" },
    effectTimeoutMs: EFFECT_TIMEOUT_MS,
    maxConcurrentExecutions: 40,
  };
  const system = await openStarter(url, folder, effects.url);
  const people = new People(system, effects);
  const workers: Child[] = [new Child(orders), new Child(orders)];
  try {
    await system.setBudget("workspace", { usd: "500", tokens: 50_000_000 }, "tester");
    await Promise.all(workers.map((worker) => worker.heard("working")));
    let started = 0;
    for (let done = 0; done < kills; done += 1) {
      const alive = (await people.look()).alive;
      // A few at a time: this process is also the outside world, and must answer in time.
      for (let missing = alive < inFlight ? inFlight + REFILL - alive : 0; missing > 0; missing -= STARTED_AT_ONCE) {
        await Promise.all(Array.from({ length: STARTED_AT_ONCE }, () => startOne(system, (started += 1))));
      }
      const planned = planKill(random, 2_500);
      // The other one lives on, and takes over; after a while they change places.
      const victim = Math.floor(done / KILLS_IN_A_ROW) % workers.length;
      await workers[victim]?.kill();
      const survivor = 1 - victim;
      // What was the victim before may have met its end meanwhile.
      if (workers[survivor]?.isEnded === true) workers[survivor] = new Child(orders);
      const next = new Child({ ...orders, kill: planned.kill });
      workers[victim] = next;
      if ((await next.heard("working")) === "heard") await Promise.race([delay(Math.max(planned.afterMs, 500)), next.ended]);
      log(`kill ${done + 1} of worker ${victim + 1}: ${describeKill(planned)}, ${alive} in flight`);
    }
    const last = new Child(orders);
    workers.push(last);
    await last.heard("working");
    await until("every execution has ended", async () => (await people.look()).alive === 0, 180_000);
    return await checkDatabase(db, { effects });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await system.close();
    await db.close();
    await effects.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts and answers; it claims nothing, so that only killed workers work. */
async function openStarter(url: string, folder: string, effectUrl: string): Promise<System> {
  return createSystem({
    config: loadConfig({ NEURONFORGE_DATA: join(folder, "data"), DATABASE_URL: url }, {}, { cwd: folder }),
    database: await openDatabase({ kind: "postgres", url }),
    logger: silentLogger,
    plugins: [createOutsidePlugin({ url: effectUrl, pass: () => undefined })],
    providers: [{ provider: createFaultModel(() => undefined), models: ["gpt-4o-mini"] }],
  });
}

async function startOne(system: System, index: number): Promise<void> {
  const workflow = FAULT_WORKFLOWS[index % FAULT_WORKFLOWS.length];
  if (workflow === undefined) return;
  await system.start({ definition: workflow.definition, ...(index % 2 === 0 ? { limits: { usd: "1" } } : {}) });
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/** Approves what waits for approval, and says what became of uncertain effects. */
class People {
  readonly #system: System;
  readonly #effects: EffectServer;
  readonly #uncertainSince = new Map<string, number>();

  constructor(system: System, effects: EffectServer) {
    this.#system = system;
    this.#effects = effects;
  }

  async look(): Promise<{ readonly alive: number }> {
    for (const { id } of await this.#system.listApprovals({})) {
      await ignoringConflicts(this.#system.answerApproval({ id, approver: "ann", decision: "approve" }));
    }
    // One look at all of them: status by status, one that moves on meanwhile would be seen nowhere.
    const living = (await this.#system.listExecutions({ limit: 1_000 })).filter(({ status }) => !ENDED.has(status));
    for (const { executionId, status } of living) if (status === "uncertain") await this.#resolve(executionId);
    return { alive: living.length };
  }

  async #resolve(executionId: string): Promise<void> {
    const since = this.#uncertainSince.get(executionId) ?? performance.now();
    this.#uncertainSince.set(executionId, since);
    if (performance.now() - since < 2 * LONGEST_LATENCY_MS) return;
    this.#uncertainSince.delete(executionId);
    for (const { path, for: reason } of (await this.#system.report(executionId)).waiting) {
      if (reason !== "uncertain") continue;
      const isSent = this.#effects.countOf(executionId, path) > 0;
      const answer = isSent ? ({ resolve: "done", output: { id: "resolved" } } as const) : ({ resolve: "retry" } as const);
      await ignoringConflicts(this.#system.resume(executionId, { actor: "ann", path, ...answer }));
    }
  }
}

async function ignoringConflicts(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!AppError.is(error, "CONFLICT") && !AppError.is(error, "ALREADY_ANSWERED")) throw error;
  }
}
