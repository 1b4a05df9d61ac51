// Waits until an execution has ended or a person must act. Events of this process wake it at once; a slow poll covers other workers.
import { AppError } from "../core/errors.ts";
import { loadStatus } from "../pilot/ReportStore.ts";
import type { SystemParts } from "./SystemParts.ts";

const POLL_MS = 500;
const SETTLED = new Set(["completed", "failed", "cancelled", "uncertain"]);

export async function untilSettled(
  { engine, events, config, clock }: Pick<SystemParts, "engine" | "events" | "config" | "clock">,
  executionId: string,
): Promise<void> {
  let wake: (() => void) | null = null;
  const stop = events.subscribe(executionId, ({ type }) => {
    if (type === "finished" || type === "suspended") wake?.();
  });
  try {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const row = await loadStatus(engine.db, config.workspaceId, executionId);
      if (row === undefined)
        throw new AppError("NOT_FOUND", `there is no execution ${executionId}`, { details: { execution: executionId } });
      if (SETTLED.has(row.status) || (row.status === "suspended" && row.waitingFor !== "delay")) return;
      const cancel = clock.schedule(POLL_MS, resolve, true);
      await promise;
      cancel();
    }
  } finally {
    stop();
  }
}
