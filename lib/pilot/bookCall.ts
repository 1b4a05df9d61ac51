// Books what a call came to: settlement, usage, overrun, comparison with what it would have cost. The rows travel in the step's unit.
import { uuidv7 } from "../core/ids.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { Reservation, Settlement } from "../ledger/types.ts";
import type { ModelUsage, TokenUsageRow } from "../tokens/types.ts";
import { auditPart } from "./auditPart.ts";
import type { ModelCallHost, NumberedCall, PreparedCall } from "./ModelCallHost.ts";

export interface Booking {
  readonly call: NumberedCall;
  readonly reservation: Reservation;
  readonly usage: ModelUsage;
  readonly costUsd: NanoUsd | null;
  readonly state: Settlement["state"];
  readonly latencyMs: number | null;
  readonly errorCode: string | null;
  /** JSON text of the answer, for a tool loop. */
  readonly message?: string;
}

export function bookCall(host: ModelCallHost, { call, reservation, usage, costUsd, state, latencyMs, errorCode, message }: Booking): void {
  const execution = host.scope.state;
  compare(host, call, usage, costUsd);
  host.noteMemory(call.memoryTokens);
  const usedTokens = usage.inputTokens + usage.outputTokens;
  const settlement: Settlement = {
    attemptId: reservation.attemptId,
    state,
    usedTokens,
    usedUsd: costUsd,
    ...(message === undefined ? {} : { message }),
  };
  const row: TokenUsageRow = {
    id: uuidv7(host.services.clock.nowMs()),
    workspaceId: execution.workspaceId,
    executionId: execution.id,
    attemptId: reservation.attemptId,
    agentId: execution.claim.agentId,
    userId: null,
    stepPath: host.path,
    provider: call.provider.name,
    model: call.request.model,
    usage,
    costUsd,
    usageState: state === "assumed" ? "assumed" : "reported",
    activityType: "step_execution",
    latencyMs: latencyMs === null ? null : Math.round(latencyMs),
    isSuccess: errorCode === null,
    errorCode,
    createdAtMs: host.services.clock.nowMs(),
  };
  const parts: UnitPart[] = [
    { kind: "settlements", rows: [settlement] },
    { kind: "usage", rows: [row] },
  ];
  const isOverUsd = reservation.reservedUsd !== null && costUsd !== null && costUsd > reservation.reservedUsd;
  if (isOverUsd || usedTokens > reservation.reservedTokens) {
    const details = {
      reservedUsd: reservation.reservedUsd === null ? null : nanoToUsd(reservation.reservedUsd),
      usedUsd: costUsd === null ? null : nanoToUsd(costUsd),
      usedTokens,
      reservedTokens: reservation.reservedTokens,
    };
    parts.push(auditPart(execution, "BUDGET_OVERRUN", { entityType: "step", entityId: host.path, details }));
  }
  host.add(parts);
}

/** The same call with raw content in place of its views, under the same prices and cache rules. */
function compare({ governance, services }: ModelCallHost, call: NumberedCall, usage: ModelUsage, costUsd: NanoUsd | null): void {
  if (governance === undefined) return;
  const { savedInputTokens, memoryTokens, ownCost, priced } = call;
  const raw = { ...usage, inputTokens: usage.inputTokens + savedInputTokens };
  governance.noteCall({
    call: call.number,
    provider: call.provider.name,
    model: call.request.model,
    savedInputTokens,
    // Usage that was not reported may be below what was counted.
    memoryTokens: Math.min(memoryTokens, usage.inputTokens),
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens ?? 0,
    costUsd,
    baselineUsd: savedInputTokens === 0 ? costUsd : services.prices.priceCall(priced.provider, priced.model, raw),
    allocatedTokens: call.allocatedTokens,
    ...(ownCost === undefined ? {} : { ownCost }),
  });
}

/** The next attempt of this very claim continues the loop too, without reading the row back. */
export function keepAnswer(
  { path, attempt, scope, services }: ModelCallHost,
  { call, reservation, usage, costUsd, state }: Booking,
  message: string,
): void {
  scope.state.keepAttempt({
    id: reservation.attemptId,
    stepPath: path,
    attempt,
    call: call.number,
    epoch: scope.state.epoch,
    kind: "model",
    state,
    provider: call.provider.name,
    model: call.request.model,
    reservedTokens: reservation.reservedTokens,
    reservedUsd: reservation.reservedUsd,
    usedTokens: usage.inputTokens + usage.outputTokens,
    usedUsd: costUsd,
    idempotencyKey: null,
    dispatchedAt: new Date(services.clock.nowMs()),
    message,
  });
}

export function assumedUsage(call: PreparedCall, outputTokens: number): ModelUsage {
  return { inputTokens: call.inputTokens, outputTokens };
}
