// Cancels at any moment of an execution: what was settled stays booked, nothing is left open, nothing happens twice.
import { systemClock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { insertAccount } from "../../../lib/ledger/BudgetStore.ts";
import { checkDatabase } from "../checkDatabase.ts";
import { createFaultModel } from "../child/faultModel.ts";
import { createOutsidePlugin } from "../child/outsidePlugin.ts";
import { createFaultEngine, until } from "../createFaultEngine.ts";
import { EffectServer } from "../EffectServer.ts";
import { seededRandom } from "../seededRandom.ts";
import { FAULT_WORKFLOWS } from "../workflows.ts";

const LATEST_MS = 400;

export async function cancelRace(
  db: Database,
  { executions, seed, notify = true }: { readonly executions: number; readonly seed: number; readonly notify?: boolean },
): Promise<string[]> {
  const random = seededRandom(seed);
  const effects = await EffectServer.start();
  const fault = await createFaultEngine(db, {
    notify,
    maxConcurrentExecutions: 20,
    plugins: [createOutsidePlugin({ url: effects.url, pass: () => undefined })],
    provider: createFaultModel(() => undefined),
  });
  const limits = { limitTokens: 1_000_000n, limitUsd: 5_000_000_000n, onLimit: "pause" } as const;
  await insertAccount(
    db,
    { workspaceId: DEFAULT_WORKSPACE_ID, kind: "workspace", subject: DEFAULT_WORKSPACE_ID, windowKind: "total" },
    limits,
  );
  await fault.engine.worker.start();
  const ids: string[] = [];
  for (let done = 0; done < executions; done += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, executions - done) }, async (_, index) => {
        const workflow = FAULT_WORKFLOWS[(done + index) % FAULT_WORKFLOWS.length];
        const id = await fault.start(workflow?.definition["steps"] as object[], index % 2 === 0 ? { limits } : {});
        ids.push(id);
        // Every fourth cancel comes so late that on any machine some executions are through before it.
        await systemClock.sleep(random.whole(index % 4 === 0 ? 8 * LATEST_MS : LATEST_MS));
        await fault.control.cancel(DEFAULT_WORKSPACE_ID, id, "ann").catch((error: unknown) => {
          if (!AppError.is(error, "CONFLICT")) throw error;
        });
      }),
    );
  }
  const statuses = async (): Promise<string[]> => Promise.all(ids.map((id) => fault.statusOf(id)));
  await until("all have ended", async () => (await statuses()).every((status) => status === "cancelled" || status === "completed"), 60_000);
  const faults = await checkDatabase(db, { effects, knowsWorkflows: false });
  const counts = Map.groupBy(await statuses(), (status) => status);
  if ((counts.get("cancelled")?.length ?? 0) === 0 || (counts.get("completed")?.length ?? 0) === 0)
    faults.push(`no race: ${[...counts.keys()].join(", ")}`);
  await fault.close();
  await effects.stop();
  return faults;
}
