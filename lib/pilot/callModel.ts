// One governed model call: count, reserve (durable), call, settle. The way every model call of a step takes.
import { AppError, asAppError } from "../core/errors.ts";
import { sha256, uuidv7 } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { nanoToUsd, usdToNano, type NanoUsd } from "../core/money.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { refusalError, type Refusal, type ReserveOutcome } from "../ledger/Ledger.ts";
import type { Reservation, Settlement } from "../ledger/types.ts";
import type { ModelErrorFacts, ModelRequest } from "../models/types.ts";
import type { ModelUsage, TokenUsageRow } from "../tokens/types.ts";
import { auditPart } from "./auditPart.ts";
import { FINISH_CHEAP } from "./ExecutionControl.ts";
import type { Dispatch, StepGovernance } from "./governance/StepGovernance.ts";
import type { StepScope } from "./StepScope.ts";
import { encodeTurn } from "./toolTurns.ts";
import type { ModelCallOutcome, ModelCallRequest, PilotServices, StepOutcome } from "./types.ts";

/** What the attempt around a call keeps for it. */
export interface ModelCallHost {
  readonly services: PilotServices;
  readonly scope: StepScope;
  readonly path: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** On the governed path: where calls are compared with what they would have cost. */
  readonly governance?: StepGovernance | undefined;
  nextCall(): number;
  opened(): void;
  add(parts: readonly UnitPart[]): void;
  flush(): Promise<void>;
}

interface PricedCall {
  readonly provider: string;
  readonly model: string;
}

interface PreparedCall {
  readonly request: ModelRequest;
  readonly provider: ReturnType<PilotServices["providers"]["resolve"]>["provider"];
  readonly priced: PricedCall;
  readonly inputTokens: number;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
  readonly journalMessage: boolean;
  readonly savedInputTokens: number;
  readonly isOwnCost: boolean;
  /** Exact input and predicted output; null: nothing was predicted. */
  readonly allocatedTokens: number | null;
}

interface NumberedCall extends PreparedCall {
  readonly number: number;
}

export async function callModel(host: ModelCallHost, asked: ModelCallRequest): Promise<ModelCallOutcome> {
  await host.flush();
  const prepared = prepare(host, asked);
  if ("stopped" in prepared) return { kind: "refused", outcome: prepared.stopped };
  const number = host.nextCall();
  const first = await reserve(host, prepared, number);
  const smaller = first.kind === "refused" ? withLess(host, prepared, first.refusal) : null;
  const call = smaller ?? prepared;
  const outcome = smaller === null ? first : await reserve(host, smaller, number);
  const { state } = host.scope;
  if (outcome.kind === "fenced") {
    state.halt("lost");
    return { kind: "refused", outcome: { status: "halted" } };
  }
  if (outcome.kind === "refused") return { kind: "refused", outcome: refusedOutcome(host, outcome.refusal) };
  host.opened();
  // Whatever is limited now: a limit that is set while the call is under way books it, too.
  state.hasGrants = true;
  return perform(host, { ...call, number }, outcome.reservation);
}

function reserve(host: ModelCallHost, call: PreparedCall, number: number): Promise<ReserveOutcome> {
  const { state } = host.scope;
  return state.gate.reserve(host.path, () =>
    host.services.ledger.reserve({
      scope: state.chargeScope,
      epoch: state.epoch,
      stepPath: host.path,
      attempt: host.attempt,
      call: number,
      kind: "model",
      provider: call.provider.name,
      model: call.request.model,
      tokens: call.reservedTokens,
      usd: call.reservedUsd,
      outputCapTokens: call.request.maxOutputTokens,
      idempotencyKey: null,
      viewHash: sha256(JSON.stringify([call.request.system ?? null, call.request.messages])),
    }),
  );
}

/** Answers shorter than this say too little to be worth a call. */
const LEAST_OUTPUT_TOKENS = 128;

/** On the governed path a call that does not fit a limit is tried once more with half the room for its answer, a quarter, … that does fit. */
function withLess(host: ModelCallHost, call: PreparedCall, { reason, available }: Refusal): PreparedCall | null {
  if (host.governance?.isActing !== true || reason !== "limit") return null;
  for (let cap = Math.floor(call.request.maxOutputTokens / 2); cap >= LEAST_OUTPUT_TOKENS; cap = Math.floor(cap / 2)) {
    const smaller = withCap(host, call, cap);
    const fitsTokens = available.tokens === null || smaller.reservedTokens <= available.tokens;
    const fitsUsd = available.usd === null || (smaller.reservedUsd !== null && smaller.reservedUsd <= usdToNano(available.usd));
    if (!fitsTokens || !fitsUsd) continue;
    host.governance.noteTransition("shorter_answer");
    return smaller;
  }
  return null;
}

function withCap({ services }: ModelCallHost, call: PreparedCall, maxOutputTokens: number): PreparedCall {
  const upperInputTokens = call.reservedTokens - call.request.maxOutputTokens;
  return {
    ...call,
    request: { ...call.request, maxOutputTokens },
    reservedTokens: upperInputTokens + maxOutputTokens,
    reservedUsd: services.prices.worstCaseUsd(call.priced.provider, call.priced.model, {
      upperInputTokens,
      outputCapTokens: maxOutputTokens,
    }),
  };
}

/** @throws AppError `MODEL_UNKNOWN`, `CONTEXT_OVERFLOW` */
function prepare(host: ModelCallHost, asked: ModelCallRequest): PreparedCall | { readonly stopped: StepOutcome } {
  const { providers, prices, counter } = host.services;
  const { provider, model } = providers.resolve(asked.model);
  const {
    activityType: _activityType,
    journalMessage = false,
    savedInputTokens = 0,
    isOwnCost = false,
    isUncapped = false,
    ...rest
  } = asked;
  const countable = { ...rest, provider: provider.name, model };
  const { tokens, upperTokens } = counter.countRequest(countable);
  const window = prices.contextWindowTokens(provider.name, model);
  const room = window === null ? asked.maxOutputTokens : window - upperTokens;
  if (room < 1) {
    throw new AppError(
      "CONTEXT_OVERFLOW",
      `step ${host.path}: the request may have ${upperTokens} tokens, the window of ${model} is ${window}`,
      {
        details: { step: host.path, expected: `at most ${window} tokens`, got: `up to ${upperTokens} tokens` },
      },
    );
  }
  const dispatch = host.governance?.dispatch({
    model: `${provider.name}/${model}`,
    inputTokens: tokens,
    inputUpperTokens: upperTokens,
    maxOutputTokens: Math.min(asked.maxOutputTokens, room),
    isUncapped,
  });
  if (dispatch?.kind === "stopped") return { stopped: overBudget(host, dispatch) };
  const maxOutputTokens = dispatch?.outputCap ?? Math.min(asked.maxOutputTokens, room);
  const priced = pricedAs(host, provider.name, model);
  const { onDelta: emitDelta } = asked;
  const { state } = host.scope;
  const onDelta = (text: string): void => {
    state.firstTokens.note(host.path);
    if (emitDelta === undefined) host.services.emit({ executionId: state.id, type: "delta", path: host.path, text });
    else emitDelta(text);
  };
  return {
    request: { ...rest, provider: provider.name, model, maxOutputTokens, signal: host.signal, onDelta },
    provider,
    priced,
    inputTokens: tokens,
    reservedTokens: upperTokens + maxOutputTokens,
    reservedUsd: prices.worstCaseUsd(priced.provider, priced.model, { upperInputTokens: upperTokens, outputCapTokens: maxOutputTokens }),
    journalMessage,
    savedInputTokens,
    isOwnCost,
    allocatedTokens: dispatch?.commitment.allocated ?? null,
  };
}

/** The policy stops a call that passes the execution's planned tokens: it waits for a person, is left out, or fails. */
function overBudget(
  host: ModelCallHost,
  { action, needTokens, missingTokens }: Extract<Dispatch, { readonly kind: "stopped" }>,
): StepOutcome {
  const { state } = host.scope;
  if (state.signals.has(FINISH_CHEAP)) return LEFT_OUT;
  const message = `step ${host.path}: the call needs ${needTokens} tokens, ${missingTokens} more than are left of the execution's budget`;
  const details = { step: host.path, needTokens, missingTokens };
  if (action === "fail") {
    const error = new AppError("BUDGET_EXCEEDED", message, { details, hint: "plan more tokens for the workflow (limits.plannedTokens)" });
    return { status: "failed", error, parts: [auditPart(state, "BUDGET_EXCEEDED", { entityType: "step", entityId: host.path, details })] };
  }
  const limit = { scope: `execution:${state.id}`, window: "total", missingUsd: null, missingTokens };
  const wait = { path: host.path, for: "budget" as const, until: null, message, needUsd: null, needTokens, more: { limit } };
  return {
    status: "waiting",
    waits: [wait],
    parts: [auditPart(state, "BUDGET_PAUSED", { entityType: "step", entityId: host.path, details })],
  };
}

/** How a step ends that a person told to be left out. */
const LEFT_OUT: StepOutcome = {
  status: "skipped",
  reason: "its call does not fit the budget, and the execution finishes without more",
};

/** The offline model costs nothing, unless the execution is booked as if on another one (demo, rehearsals). */
function pricedAs(host: ModelCallHost, provider: string, model: string): PricedCall {
  const named = host.scope.state.snapshot.pricedAs;
  if (named === null || provider !== "offline") return { provider, model };
  const slash = named.indexOf("/");
  return { provider: named.slice(0, slash), model: named.slice(slash + 1) };
}

async function perform(host: ModelCallHost, call: NumberedCall, reservation: Reservation): Promise<ModelCallOutcome> {
  const { prices, counter } = host.services;
  try {
    const result = await call.provider.call(call.request, reservation);
    const reported = plausible(result.usage);
    const usage = reported ?? assumedUsage(call, counter.count(result.text, { provider: result.provider, model: result.model }));
    const costUsd = prices.priceCall(call.priced.provider, call.priced.model, usage);
    const message = call.journalMessage && result.toolCalls.length > 0 ? encodeTurn(result) : null;
    const booking: Booking = {
      call,
      reservation,
      usage,
      costUsd,
      state: reported === null ? "assumed" : "settled",
      latencyMs: result.latencyMs,
      errorCode: null,
    };
    book(host, message === null ? booking : { ...booking, message });
    if (message !== null) keepAnswer(host, booking, message);
    const outputCapTokens = call.request.maxOutputTokens;
    return { kind: "answered", result, tokens: usage.inputTokens + usage.outputTokens, costUsd, outputCapTokens };
  } catch (thrown) {
    const error = asAppError(thrown, "MODEL_FAILED");
    const facts = error.details as unknown as Partial<ModelErrorFacts>;
    // An abort or a time-out of ours says nothing about the other side: unless it refused, it may have answered and billed.
    const mayHaveSpent = facts.mayHaveSpent ?? true;
    const reported = plausible(facts.usage);
    const usage = reported ?? (mayHaveSpent ? assumedUsage(call, call.request.maxOutputTokens) : { inputTokens: 0, outputTokens: 0 });
    const costUsd = reported === null && mayHaveSpent ? call.reservedUsd : prices.priceCall(call.priced.provider, call.priced.model, usage);
    const state = reported === null ? (mayHaveSpent ? "assumed" : "failed") : "settled";
    book(host, { call, reservation, usage, costUsd, state, latencyMs: null, errorCode: error.code });
    return { kind: "failed", error, tokens: usage.inputTokens + usage.outputTokens, costUsd };
  }
}

/** More than any context window and any answer: a figure beyond it is a fault of the reporter, not a bill. */
const MOST_TOKENS = 1_000_000_000;

/** Usage that no call can have had (negative, fractional, absurd) counts as not reported: it must never give anything back. */
function plausible(usage: ModelUsage | null | undefined): ModelUsage | null {
  if (usage === null || usage === undefined) return null;
  const figures = Object.values(usage).filter((figure) => figure !== undefined);
  return figures.every((figure) => Number.isSafeInteger(figure) && figure >= 0 && figure <= MOST_TOKENS) ? usage : null;
}

function assumedUsage(call: PreparedCall, outputTokens: number): ModelUsage {
  return { inputTokens: call.inputTokens, outputTokens };
}

/** The same call with raw content in place of its views, under the same prices and cache rules. */
function compare({ governance, services }: ModelCallHost, call: NumberedCall, usage: ModelUsage, costUsd: NanoUsd | null): void {
  if (governance === undefined) return;
  const { savedInputTokens, isOwnCost, priced } = call;
  const raw = { ...usage, inputTokens: usage.inputTokens + savedInputTokens };
  governance.noteCall({
    call: call.number,
    provider: call.provider.name,
    model: call.request.model,
    savedInputTokens,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    costUsd,
    baselineUsd: savedInputTokens === 0 ? costUsd : services.prices.priceCall(priced.provider, priced.model, raw),
    allocatedTokens: call.allocatedTokens,
    isOwnCost,
  });
}

interface Booking {
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

/** The next attempt of this very claim continues the loop too, without reading the row back. */
function keepAnswer(
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

function book(host: ModelCallHost, { call, reservation, usage, costUsd, state, latencyMs, errorCode, message }: Booking): void {
  const execution = host.scope.state;
  compare(host, call, usage, costUsd);
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

/** At a limit: wait for a person, or fail, as whoever set the limit said. */
function refusedOutcome(host: ModelCallHost, refusal: Refusal): StepOutcome {
  if (refusal.reason === "limit" && host.scope.state.signals.has(FINISH_CHEAP)) return LEFT_OUT;
  const error = refusalError(refusal, host.path);
  const { state } = host.scope;
  const details = error.details as JsonObject;
  if (refusal.account.onLimit === "fail" || refusal.reason === "price_unknown") {
    return { status: "failed", error, parts: [auditPart(state, "BUDGET_EXCEEDED", { entityType: "step", entityId: host.path, details })] };
  }
  const wait = {
    path: host.path,
    for: "budget" as const,
    until: null,
    message: error.message,
    needUsd: refusal.need.usd,
    needTokens: refusal.need.tokens,
    more: { limit: reachedLimit(refusal) },
  };
  return {
    status: "waiting",
    waits: [wait],
    parts: [auditPart(state, "BUDGET_PAUSED", { entityType: "step", entityId: host.path, details })],
  };
}

/** What a top-up must name and bring. Amounts are taken apart in nano-dollars, where differences are exact. */
function reachedLimit({ account, need, available }: Refusal): JsonObject {
  const usd = available.usd === null || need.usd === null ? null : nanoToUsd(usdToNano(need.usd) - usdToNano(available.usd));
  const tokens = available.tokens === null ? null : need.tokens - available.tokens;
  return {
    scope: account.kind === "workspace" ? "workspace" : `${account.kind}:${account.subject}`,
    window: account.window,
    missingUsd: usd === null ? null : Math.max(usd, 0),
    missingTokens: tokens === null ? null : Math.max(tokens, 0),
  };
}
