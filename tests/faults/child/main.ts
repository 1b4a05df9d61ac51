// A worker process that may be killed at any moment. Takes its orders as JSON in its first argument and from its parent's messages.
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { loadConfig } from "../../../lib/config/loadConfig.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { createLogger } from "../../../lib/core/logger.ts";
import { openDatabase } from "../../../lib/db/openDatabase.ts";
import { ensureTemplate } from "../../../lib/db/template.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { createSystem } from "../../../lib/system.ts";
import type { System } from "../../../lib/systemApi.ts";
import { LONGEST_LATENCY_MS } from "../EffectServer.ts";
import { FAULT_WORKFLOWS } from "../workflows.ts";
import { createFaultModel } from "./faultModel.ts";
import { KillPoint, type Kill } from "./KillPoint.ts";
import { createOutsidePlugin } from "./outsidePlugin.ts";

export interface ChildOrders {
  readonly folder: string;
  /** Absent: PGlite in `folder`. */
  readonly databaseUrl?: string;
  readonly effectUrl: string;
  readonly kill: Kill;
  readonly notify?: boolean;
  /** Executions to start, each under a key: starting again after a restart starts nothing twice. */
  readonly start?: number;
  readonly seed: number;
  /** Answers approvals and resolves uncertain effects, until every execution has ended; then says `idle` and leaves. */
  readonly plays?: boolean;
  /** Stops itself (SIGSTOP) right before it sends an effect of this kind. */
  readonly freezesBefore?: string;
  readonly slowMs?: number;
  readonly effectTimeoutMs?: number;
  readonly maxConcurrentExecutions?: number;
  readonly logLevel?: string;
}

export type ChildMessage = { readonly type: "working" } | { readonly type: "idle" } | { readonly type: "freezing" };

// A worker whose parent is gone would work on for ever.
process.on("disconnect", () => process.exit());

const orders = JSON.parse(process.argv[2] ?? "{}") as ChildOrders;
const point = new KillPoint(orders.kill);
await main();

async function main(): Promise<void> {
  const system = await open();
  if (orders.start !== undefined) await startAll(system, orders.start);
  point.isArmed = true;
  await system.work();
  say({ type: "working" });
  if (orders.plays !== true) return;
  await playUntilEnd(system);
  await system.close();
  say({ type: "idle" });
  process.disconnect?.();
}

async function open(): Promise<System> {
  const { databaseUrl, folder } = orders;
  const env = {
    NEURONFORGE_DATA: join(folder, "data"),
    NEURONFORGE_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
    NEURONFORGE_NOTIFY: String(orders.notify ?? true),
    NEURONFORGE_MAX_CONCURRENT_EXECUTIONS: String(orders.maxConcurrentExecutions ?? 100),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  const opened = await openDatabase(databaseUrl === undefined ? { kind: "pglite", folder } : { kind: "postgres", url: databaseUrl }, {
    template: () => ensureTemplate(QUEUE_TEMPLATE),
  });
  return createSystem({
    config: loadConfig(env, {}, { cwd: folder }),
    database: point.watch(opened),
    logger: createLogger({ level: (orders.logLevel ?? "silent") as "silent" }),
    plugins: [
      createOutsidePlugin({ url: orders.effectUrl, pass: (when) => point.pass("effect", when), beforeSend: freeze, ...timesOf(orders) }),
    ],
    providers: [{ provider: createFaultModel((when) => point.pass("model", when)), models: ["gpt-4o-mini"] }],
  });
}

function timesOf({ slowMs, effectTimeoutMs }: ChildOrders): { slowMs?: number; timeoutMs?: number } {
  return { ...(slowMs === undefined ? {} : { slowMs }), ...(effectTimeoutMs === undefined ? {} : { timeoutMs: effectTimeoutMs }) };
}

async function freeze(kind: string): Promise<void> {
  if (orders.freezesBefore !== kind) return;
  say({ type: "freezing" });
  // The message must have left before the process stands still.
  await delay(20);
  process.kill(process.pid, "SIGSTOP");
}

async function startAll(system: System, count: number): Promise<void> {
  await system.setBudget("workspace", { usd: "50", tokens: 5_000_000 }, "tester");
  for (let index = 0; index < count; index += 1) {
    const workflow = FAULT_WORKFLOWS[(index + orders.seed) % FAULT_WORKFLOWS.length];
    if (workflow === undefined) continue;
    const limits = index % 2 === 0 ? { limits: { usd: "1" } } : {};
    await system.start({ definition: workflow.definition, idempotencyKey: `start-${index}`, ...limits });
  }
}

/** The people of the story: they approve, and say what became of an effect once the other side must have done it. */
async function playUntilEnd(system: System): Promise<void> {
  const uncertainSince = new Map<string, number>();
  for (;;) {
    for (const { id } of await system.listApprovals({})) {
      await ignoring(["ALREADY_ANSWERED", "CONFLICT"], system.answerApproval({ id, approver: "ann", decision: "approve" }));
    }
    const executions = await system.listExecutions({ limit: 1_000 });
    for (const { executionId, status } of executions) if (status === "uncertain") await resolve(system, executionId, uncertainSince);
    if (executions.every(({ status }) => status === "completed" || status === "failed" || status === "cancelled")) return;
    await delay(40);
  }
}

async function resolve(system: System, executionId: string, since: Map<string, number>): Promise<void> {
  const first = since.get(executionId) ?? performance.now();
  since.set(executionId, first);
  if (performance.now() - first < 2 * LONGEST_LATENCY_MS) return;
  since.delete(executionId);
  for (const { path, for: reason } of (await system.report(executionId)).waiting) {
    if (reason !== "uncertain") continue;
    const answer = await fetch(`${orders.effectUrl}/seen?execution=${executionId}&path=${encodeURIComponent(path)}`);
    const { seen } = (await answer.json()) as { readonly seen: boolean };
    const given = seen ? ({ resolve: "done", output: { id: "resolved" } } as const) : ({ resolve: "retry" } as const);
    await ignoring(["CONFLICT", "ALREADY_ANSWERED"], system.resume(executionId, { actor: "ann", path, ...given }));
  }
}

async function ignoring(codes: readonly string[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(AppError.is(error) && codes.includes(error.code))) throw error;
  }
}

function say(message: ChildMessage): void {
  process.send?.(message);
}
