// One governed model call: count, reserve (durable), call, settle. The way every model call of a step takes.
import { asAppError } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";
import type { ReserveOutcome } from "../ledger/Ledger.ts";
import type { Reservation } from "../ledger/types.ts";
import type { ModelErrorFacts } from "../models/types.ts";
import { assumedUsage, bookCall, keepAnswer, type Booking } from "./bookCall.ts";
import { plausibleUsage } from "../tokens/plausibleUsage.ts";
import type { ModelCallHost, NumberedCall, PreparedCall } from "./ModelCallHost.ts";
import { prepareCall, withLess } from "./prepareCall.ts";
import { refusedOutcome } from "./refusedCall.ts";
import { encodeTurn } from "./toolTurns.ts";
import type { ModelCallOutcome, ModelCallRequest } from "./types.ts";

export async function callModel(host: ModelCallHost, asked: ModelCallRequest): Promise<ModelCallOutcome> {
  await host.flush();
  await readMemoryAgain(host);
  const prepared = prepareCall(host, asked);
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

/** What is forgotten or switched off while the execution runs is told by no later call. */
async function readMemoryAgain({ scope: { state }, services }: ModelCallHost): Promise<void> {
  if (state.memory !== null) state.memory = await services.loadMemory(state.claim.workspaceId, state.id);
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

async function perform(host: ModelCallHost, call: NumberedCall, reservation: Reservation): Promise<ModelCallOutcome> {
  const { prices, counter } = host.services;
  try {
    const result = await call.provider.call(call.request, reservation);
    const reported = plausibleUsage(result.usage);
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
    bookCall(host, message === null ? booking : { ...booking, message });
    if (message !== null) keepAnswer(host, booking, message);
    const outputCapTokens = call.request.maxOutputTokens;
    return { kind: "answered", result, tokens: usage.inputTokens + usage.outputTokens, costUsd, outputCapTokens };
  } catch (thrown) {
    const error = asAppError(thrown, "MODEL_FAILED");
    const facts = error.details as unknown as Partial<ModelErrorFacts>;
    // An abort or a time-out of ours says nothing about the other side: unless it refused, it may have answered and billed.
    const mayHaveSpent = facts.mayHaveSpent ?? true;
    const reported = plausibleUsage(facts.usage);
    const usage = reported ?? (mayHaveSpent ? assumedUsage(call, call.request.maxOutputTokens) : { inputTokens: 0, outputTokens: 0 });
    const costUsd = reported === null && mayHaveSpent ? call.reservedUsd : prices.priceCall(call.priced.provider, call.priced.model, usage);
    const state = reported === null ? (mayHaveSpent ? "assumed" : "failed") : "settled";
    bookCall(host, { call, reservation, usage, costUsd, state, latencyMs: null, errorCode: error.code });
    return { kind: "failed", error, tokens: usage.inputTokens + usage.outputTokens, costUsd };
  }
}
