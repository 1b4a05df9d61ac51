// Ends a session in one transaction: fences its owner, books what is still open as assumed, writes the end, gives its grants back.
import { auditPart } from "../auditPart.ts";
import { AppError, toErrorRecord } from "../../core/errors.ts";
import { uuidv5 } from "../../core/ids.ts";
import type { Clock } from "../../core/clock.ts";
import type { Database } from "../../db/Database.ts";
import { retriedTransaction } from "../../db/retryConflicts.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type { Journal } from "../../journal/Journal.ts";
import type { Settlement } from "../../ledger/types.ts";
import { returnGrants } from "../../ledger/LedgerStore.ts";
import type { TokenUsageRow } from "../../tokens/types.ts";
import type { EndRow } from "../ExecutionStore.ts";
import { countCalls, fenceSession, loadOpenCalls, type EndCondition, type FencedSession, type OpenCall } from "./SessionStore.ts";

export interface EndServices {
  readonly db: Database;
  readonly journal: Journal;
  readonly clock: Clock;
}

const EVENT = { completed: "PILOT_EXECUTION_COMPLETED", failed: "PILOT_EXECUTION_FAILED", cancelled: "PILOT_EXECUTION_CANCELLED" } as const;

/** @returns false when it had ended, or the condition does not hold any more: then nothing was changed */
export function endSession(
  { db, journal, clock }: EndServices,
  id: string,
  { condition, actor }: { readonly condition: EndCondition; readonly actor?: string },
): Promise<boolean> {
  return retriedTransaction(db, async (tx) => {
    const session = await fenceSession(tx, id, condition);
    if (session === null) return false;
    const open = await loadOpenCalls(tx, id);
    const counted = await countCalls(tx, id);
    const isLost = condition.by === "sweep" && open.length > 0;
    const status = condition.by === "person" ? "cancelled" : isLost ? "failed" : "completed";
    const end: UnitPart<EndRow> = {
      kind: "ends",
      rows: [
        {
          executionId: id,
          status,
          outputHash: null,
          error: isLost ? JSON.stringify(toErrorRecord(lostCalls(open.length))) : null,
          completedSteps: counted.completed,
          failedSteps: counted.failed + open.length,
          skippedSteps: 0,
        },
      ],
    };
    const audit = auditPart(
      session,
      EVENT[status],
      { entityType: "execution", entityId: id, details: { callsAssumed: open.length }, ...(actor === undefined ? {} : { actor }) },
      clock.nowMs(),
    );
    await journal.writeIn(tx, { executionId: id, epoch: session.epoch, parts: [...lostParts(session, open, clock.nowMs()), audit, end] });
    await returnGrants(tx, [id]);
    return true;
  });
}

function lostCalls(count: number): AppError {
  return new AppError("SESSION_LOST", `the process of this session went silent during ${count} ${count === 1 ? "call" : "calls"}`, {
    details: { callsAssumed: count },
  });
}

/** They may have been answered and billed: booked at their worst case, never released. What they came to corrects it, however late. */
function lostParts(session: FencedSession, open: readonly OpenCall[], nowMs: number): readonly UnitPart[] {
  if (open.length === 0) return [];
  const settlements: UnitPart<Settlement> = {
    kind: "settlements",
    rows: open.map(({ attemptId, reservedTokens, reservedUsd }) => ({
      attemptId,
      state: "assumed",
      usedTokens: reservedTokens,
      usedUsd: reservedUsd,
    })),
  };
  const usage: UnitPart<TokenUsageRow> = {
    kind: "usage",
    rows: open.map((call) => ({
      id: usageIdOf(call.attemptId),
      workspaceId: session.workspaceId,
      executionId: session.id,
      attemptId: call.attemptId,
      agentId: session.agentId,
      userId: null,
      stepPath: call.stepPath,
      provider: call.provider,
      model: call.model,
      usage: { inputTokens: call.reservedTokens - call.outputCapTokens, outputTokens: call.outputCapTokens },
      costUsd: call.reservedUsd,
      usageState: "assumed",
      activityType: "session_call",
      latencyMs: null,
      isSuccess: false,
      errorCode: "SESSION_LOST",
      createdAtMs: nowMs,
    })),
  };
  return [settlements, usage];
}

/** Follows from the attempt: one call has one row, whoever books it. */
export function usageIdOf(attemptId: string): string {
  return uuidv5(`usage/${attemptId}`);
}
