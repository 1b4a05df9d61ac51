// Counts a request, lets governance commit it, prices its worst case: everything before a call is reserved. Reserves nothing.
import { AppError } from "../core/errors.ts";
import { usdToNano } from "../core/money.ts";
import type { Refusal } from "../ledger/Ledger.ts";
import { fitsWindow, windowUpper } from "../orchestration/budgets/contextGuard.ts";
import type { RequestCount } from "../tokens/types.ts";
import type { ModelCallHost, PreparedCall, PricedCall } from "./ModelCallHost.ts";
import { overBudget } from "./refusedCall.ts";
import type { ModelCallRequest, StepOutcome } from "./types.ts";

/** @throws AppError `MODEL_UNKNOWN`, `CONTEXT_OVERFLOW` */
export function prepareCall(host: ModelCallHost, asked: ModelCallRequest): PreparedCall | { readonly stopped: StepOutcome } {
  const { providers, prices, counter } = host.services;
  const { provider, model } = providers.resolve(asked.model);
  const { activityType: _activityType, journalMessage = false, savedInputTokens = 0, ownCost, isUncapped = false, ...rest } = asked;
  const countable = { ...rest, provider: provider.name, model };
  const { tokens, upperTokens } = counter.countRequest(countable);
  const window = prices.contextWindowTokens(provider.name, model);
  const room =
    window === null
      ? asked.maxOutputTokens
      : roomFor(host, { tokens, upperTokens }, { window, isOwn: counter.hasOwnVocabulary(provider.name, model) });
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
    ...(ownCost === undefined ? {} : { ownCost }),
    allocatedTokens: dispatch?.commitment.allocated ?? null,
  };
}

/** On the governed path with the safety that another vocabulary's counts need; else as it always was. */
function roomFor(
  { governance }: ModelCallHost,
  count: RequestCount,
  { window, isOwn }: { readonly window: number; readonly isOwn: boolean },
): number {
  if (governance?.isActing !== true) return window - count.upperTokens;
  return fitsWindow(windowUpper(count, isOwn), 0, 0, window).spareTokens;
}

/** Answers shorter than this say too little to be worth a call. */
const LEAST_OUTPUT_TOKENS = 128;

/** On the governed path a call that does not fit a limit is tried once more with half the room for its answer, a quarter, … that does fit. */
export function withLess(host: ModelCallHost, call: PreparedCall, { reason, available }: Refusal): PreparedCall | null {
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

/** The offline model costs nothing, unless the execution is booked as if on another one (demo, rehearsals). */
function pricedAs(host: ModelCallHost, provider: string, model: string): PricedCall {
  const named = host.scope.state.snapshot.pricedAs;
  if (named === null || provider !== "offline") return { provider, model };
  const slash = named.indexOf("/");
  return { provider: named.slice(0, slash), model: named.slice(slash + 1) };
}
