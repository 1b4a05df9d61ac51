// Twelve hours on a simulated clock: an execution that is held so long is handed over at a step boundary, and nothing of it is done twice.
import { z } from "zod";
import type { Database } from "../../../lib/db/Database.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import { createFaultEngine, until } from "../createFaultEngine.ts";
import { LeapClock } from "../LeapClock.ts";

/** Later than the heartbeat is due, earlier than its loss: half as many real heartbeats as in twelve real hours. */
const LEAP_MS = 7_000;
const HOUR_MS = 3_600_000;

export async function handOver(db: Database): Promise<string[]> {
  const clock = new LeapClock(Date.now());
  const calls: string[] = [];
  let finishFirst = (): void => undefined;
  const wait = defineAction({
    description: "ends when it is told to",
    effect: "read",
    idempotency: { by: "natural", windowHours: 1 },
    params: z.looseObject({}),
    timeoutMs: 30 * HOUR_MS,
    run: async (_params, { stepPath }) => {
      calls.push(stepPath);
      if (stepPath === "first") await new Promise<void>((resolve) => (finishFirst = resolve));
      return stepPath;
    },
  });
  const fault = await createFaultEngine(db, {
    clock,
    plugins: [definePlugin({ name: "probe", version: "1.0.0", description: "waits", actions: { wait } })],
  });
  const { worker, queue } = fault.engine;
  let touches = 0;
  const touch = queue.touch.bind(queue);
  queue.touch = async (jobs) => {
    const affected = await touch(jobs);
    // Counted once the worker has drawn its conclusions: those are made of a few statements more.
    setImmediate(() => (touches += 1));
    return affected;
  };
  await worker.start();
  const step = (id: string, ...dependencies: string[]): object => ({ id, type: "action", plugin: "probe", action: "wait", dependencies });
  const id = await fault.start([step("first"), step("second", "first"), step("third", "second")]);
  await until("the first step runs", () => calls.length === 1);
  const faults: string[] = [];
  const startedMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedMs < 12 * HOUR_MS + 10 * LEAP_MS) {
    const before = touches;
    clock.leap(LEAP_MS);
    // The heartbeat is real: the clock stands still until it is written, and what follows from it is done.
    await until("the heartbeat is written", () => touches > before);
    await fault.engine.db.query("SELECT 1");
    if (worker.heldCount !== 1) {
      faults.push(`the execution was let go after ${Math.round((clock.monotonicMs() - startedMs) / HOUR_MS)} h, in the middle of a step`);
      break;
    }
  }
  finishFirst();
  await until("it is done", async () => {
    clock.leap(500);
    return ["completed", "failed"].includes(await fault.statusOf(id));
  });
  const { rows } = await db.query<{ epoch: number; status: string }>("SELECT epoch, status FROM workflow_executions WHERE id = $1", [id]);
  if (rows[0]?.status !== "completed") faults.push(`it ended as ${rows[0]?.status}`);
  if (rows[0]?.epoch !== 2) faults.push(`it was claimed ${rows[0]?.epoch} times; one hand-over makes two`);
  if (calls.join() !== "first,second,third") faults.push(`steps were called as ${calls.join()}`);
  const steps = await db.query<{ epoch: number; step_path: string }>(
    "SELECT epoch, step_path FROM workflow_step_executions ORDER BY completed_at",
  );
  if (steps.rows.map(({ epoch, step_path: path }) => `${path}@${epoch}`).join() !== "first@1,second@2,third@2")
    faults.push(`rows: ${JSON.stringify(steps.rows)}`);
  const closing = fault.close();
  clock.leap(2_000);
  await closing;
  return faults;
}
