// Workers that stand still: one is stopped (SIGSTOP) right before it sends, another takes over, and after 15 s the first goes on.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { checkDatabase } from "../checkDatabase.ts";
import { Child } from "../Child.ts";
import type { ChildOrders } from "../child/main.ts";
import { createOutsidePlugin } from "../child/outsidePlugin.ts";
import { createFaultEngine, until } from "../createFaultEngine.ts";
import { EffectServer } from "../EffectServer.ts";
import { openServerDatabase } from "../serverDatabase.ts";

const FROZEN_MS = 15_000;
/** Longer than the process stands still: within it, nobody judges the effect. */
const EFFECT_TIMEOUT_MS = 20_000;

export interface StandingStill {
  readonly serverUrl: string;
  readonly notify: boolean;
  readonly kind: "blind" | "verified" | "keyed";
}

export async function standingStill({ serverUrl, notify, kind }: StandingStill): Promise<string[]> {
  return withWorkers(serverUrl, { notify, effectTimeoutMs: EFFECT_TIMEOUT_MS }, async ({ db, effects, start, worker }) => {
    const frozen = worker({ freezesBefore: kind });
    await frozen.heard("working");
    const id = await start([
      { id: "effect", type: "action", plugin: "outside", action: kind },
      { id: "last", type: "action", plugin: "outside", action: "pure", params: { value: 1 }, dependencies: ["effect"] },
    ]);
    await frozen.heard("freezing");
    const frozenAtMs = performance.now();
    const other = worker({});
    await other.heard("working");
    await delay(FROZEN_MS - (performance.now() - frozenAtMs));
    const owner = await db.query<{ epoch: number }>("SELECT epoch FROM workflow_executions WHERE id = $1", [id]);
    const faults: string[] = [];
    if ((owner.rows[0]?.epoch ?? 0) < 2) faults.push("nobody took over within 15 s");
    frozen.thaw();
    const statuses = async (): Promise<string> =>
      (await db.query<{ status: string }>("SELECT status FROM workflow_executions WHERE id = $1", [id])).rows[0]?.status ?? "";
    await until("it ends", async () => ["completed", "failed", "uncertain"].includes(await statuses()), 60_000);
    // What the thawed one still has to say must have been said.
    await delay(1_000);
    // The thawed worker may have been stopped before it knew the answer: then only a person can tell.
    const isTold = kind === "blind" && (await statuses()) === "uncertain";
    if ((await statuses()) !== "completed" && !isTold) faults.push(`it ended as ${await statuses()}`);
    const sent = effects.sent.filter(({ path }) => path === "effect");
    if (kind !== "keyed" && (sent.length > 1 || (sent.length === 0 && !isTold))) faults.push(`${kind} was sent ${sent.length} times`);
    if (new Set(sent.map(({ key }) => key)).size > 1) faults.push(`${kind} was sent under several keys`);
    const rows = await db.query<{ path: string; epoch: number }>(
      "SELECT step_path AS path, epoch FROM workflow_step_executions WHERE workflow_execution_id = $1 AND status = 'completed'",
      [id],
    );
    for (const { path, epoch } of rows.rows) if (epoch < 2) faults.push(`${path}: progress of the thawed worker was accepted`);
    return [...faults, ...(await checkDatabase(db, { effects, knowsWorkflows: false }))];
  });
}

/** A step longer than heartbeat, retry and poll: it is neither claimed nor performed a second time while its worker lives. */
export async function longStep({
  serverUrl,
  notify,
  seconds,
}: {
  readonly serverUrl: string;
  readonly notify: boolean;
  readonly seconds: number;
}): Promise<string[]> {
  return withWorkers(serverUrl, { notify, slowMs: seconds * 1_000 }, async ({ db, start, worker }) => {
    const workers = [worker({}), worker({})];
    await Promise.all(workers.map((one) => one.heard("working")));
    const id = await start([{ id: "slow", type: "action", plugin: "outside", action: "slow", params: { value: 1 } }]);
    const row = async (): Promise<{ status: string; epoch: number } | undefined> =>
      (await db.query<{ status: string; epoch: number }>("SELECT status, epoch FROM workflow_executions WHERE id = $1", [id])).rows[0];
    await until("it ends", async () => ["completed", "failed"].includes((await row())?.status ?? ""), (seconds + 30) * 1_000);
    const found = await row();
    const faults: string[] = [];
    if (found?.status !== "completed") faults.push(`it ended as ${found?.status}`);
    if (found?.epoch !== 1) faults.push(`a living worker's execution was claimed ${found?.epoch} times`);
    return [...faults, ...(await checkDatabase(db, { effects: null, knowsWorkflows: false }))];
  });
}

interface Scene {
  readonly db: Awaited<ReturnType<typeof openServerDatabase>>["db"];
  readonly effects: EffectServer;
  readonly start: (steps: readonly object[]) => Promise<string>;
  readonly worker: (orders: Partial<ChildOrders>) => Child;
}

async function withWorkers(serverUrl: string, orders: Partial<ChildOrders>, play: (scene: Scene) => Promise<string[]>): Promise<string[]> {
  const effects = await EffectServer.start();
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-faults-"));
  const { db, url } = await openServerDatabase(serverUrl);
  const children: Child[] = [];
  const starter = await createFaultEngine(db, { plugins: [createOutsidePlugin({ url: effects.url, pass: () => undefined })] });
  const worker = (more: Partial<ChildOrders>): Child => {
    const child = new Child({ folder, databaseUrl: url, effectUrl: effects.url, kill: { at: "time" }, seed: 1, ...orders, ...more });
    children.push(child);
    return child;
  };
  try {
    return await play({ db, effects, start: (steps) => starter.start(steps), worker });
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await starter.close();
    await db.close();
    await effects.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
