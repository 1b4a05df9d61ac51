// One governed model: views, reservation before the call, settlement after it, savings. It repeats nothing and runs no tool.
import { systemClock } from "../core/clock.ts";
import { asAppError, type AppError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { classifyModelError } from "../models/modelErrors.ts";
import { SavingsLedger } from "../orchestration/savings/SavingsLedger.ts";
import type { CallBaseline } from "../orchestration/savings/types.ts";
import type { System } from "../systemApi.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { CountableRequest, ModelUsage } from "../tokens/types.ts";
import { countable, providerOf, providerRunTool, thinkingTokens } from "./callSize.ts";
import { checkOptions, unboundedTool } from "./checkOptions.ts";
import { EXPAND_NAME } from "../orchestration/loops/expand.ts";
import { observedUsage } from "./observedUsage.ts";
import { loadParts, type GovernorParts as Parts } from "./loadParts.ts";
import { ProcessLedger } from "./ProcessLedger.ts";
import { refusalError } from "./refusalError.ts";
import { reportedUsage } from "./reportedUsage.ts";
import type { SessionViews } from "../sessionApi.ts";
import { settleStream, type StreamEnd } from "./settleStream.ts";
import { SystemLedger } from "./SystemLedger.ts";
import type { MadeView, ViewedCall } from "./ToolResultViews.ts";
import type {
  CallEnd,
  CallLedger,
  CallReservation,
  GovernDecision,
  GovernMode,
  GovernOptions,
  GovernReceipt,
  SdkAnswer,
  SdkCall,
  SdkModel,
  SdkStream,
} from "./types.ts";

const DEFAULT_OUTPUT_CAP = 4_096;
/** Before the first call there is nothing to price. */
const EMPTY = new SavingsLedger({ priceCall: () => null }).report();

interface OpenCall {
  readonly callId: string;
  /** What goes to the model. */
  readonly sent: SdkCall;
  readonly counted: CountableRequest;
  readonly sentTokens: number;
  readonly outputCapTokens: number;
  readonly worst: CallReservation;
  readonly viewed: ViewedCall | null;
  /** As governed, also where that was only observed. */
  readonly baseline: CallBaseline;
}

interface Ended {
  readonly usage: ModelUsage | null;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: string }[];
  /** null: it was answered. */
  readonly errorCode: string | null;
}

export class Governor {
  readonly #model: SdkModel;
  readonly #options: GovernOptions;
  readonly #mode: GovernMode;
  readonly #ledger: CallLedger;
  /** Set with `system`: it ends with this model. */
  readonly #own: SystemLedger | null;
  readonly #provider: string;
  #loading: Promise<Parts> | undefined;
  #parts: Parts | undefined;
  #refused = 0;
  readonly #told = new WeakSet<MadeView>();

  /** @throws AppError `INPUT_INVALID` */
  constructor(model: SdkModel, options: GovernOptions) {
    this.#model = model;
    this.#options = options;
    this.#mode = options.mode ?? "on";
    this.#provider = providerOf(model);
    checkOptions(options);
    this.#own = options.system === undefined ? null : ownLedger(options.system, options);
    this.#ledger = this.#own ?? options.ledger ?? new ProcessLedger(options.limits);
  }

  async generate(call: SdkCall): Promise<SdkAnswer> {
    const parts = await this.#load();
    const open = await this.#open(parts, call);
    const answer = await this.#send(parts, open, () => this.#model.doGenerate(open.sent));
    const toolCalls = answer.content.filter((part) => part.type === "tool-call");
    await this.#settle(parts, open, { usage: reportedUsage(answer.usage), toolCalls, errorCode: null });
    return answer;
  }

  async stream(call: SdkCall): Promise<SdkStream> {
    const parts = await this.#load();
    const open = await this.#open(parts, call);
    const result = await this.#send(parts, open, () => this.#model.doStream(open.sent));
    return { ...result, stream: settleStream(result.stream, call.abortSignal, (end) => this.#endStream(parts, open, end)) };
  }

  /** The error of the model goes on as it came: the AI SDK decides by it whether to try again. */
  async #send<T>(parts: Parts, open: OpenCall, send: () => PromiseLike<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      await this.#fail(parts, open, { error, outputTextReceived: 0 });
      throw error;
    }
  }

  /** What `expand` gives back. */
  readRaw(handle: string): string | undefined {
    return this.#parts?.views?.readRaw(handle);
  }

  receipt(): GovernReceipt {
    return {
      agent: this.#options.agent ?? "agent",
      tags: this.#options.tags ?? [],
      mode: this.#mode,
      executionId: this.#ledger.executionId ?? null,
      remark: this.#ledger.remark,
      balance: this.#ledger.balance(),
      savings: this.#parts?.savings.report() ?? EMPTY,
      callsRefused: this.#mode === "on" ? this.#refused : 0,
      observed: this.#mode === "on" ? null : { savings: this.#parts?.observed.report() ?? EMPTY, callsRefused: this.#refused },
    };
  }

  async close(): Promise<void> {
    await this.#own?.close();
  }

  async #load(): Promise<Parts> {
    this.#loading ??= loadParts(this.#model, this.#options, this.#ledger);
    try {
      this.#parts = await this.#loading;
      return this.#parts;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }

  async #open(parts: Parts, call: SdkCall): Promise<OpenCall> {
    call.abortSignal?.throwIfAborted();
    const open = await this.#prepare(parts, call);
    try {
      await this.#admit(open, call);
      return open;
    } catch (error) {
      handBack(parts, open);
      throw error;
    }
  }

  async #admit(open: OpenCall, call: SdkCall): Promise<void> {
    const { callId, worst } = open;
    const isObserved = this.#mode === "observe";
    const uncounted = await this.#uncounted(call);
    if (uncounted !== null && !isObserved) {
      this.#refused += 1;
      throw uncounted;
    }
    const { outputCapTokens } = open;
    const facts = { provider: this.#provider, model: this.#model.modelId, outputCapTokens };
    const refusal = await this.#ledger.reserve(callId, worst, isObserved, facts);
    if (refusal !== null || uncounted !== null) this.#refused += 1;
    if (refusal !== null) this.#tell({ type: "refused", refusal, isOnlyObserved: isObserved });
    if (refusal !== null && !isObserved) throw refusalError(refusal, `${this.#provider}/${this.#model.modelId}`, this.#ledger);
    for (const view of open.viewed?.made ?? []) this.#tellView(view);
    this.#tell({ type: "reserved", callId, ...worst });
    await this.#stopIfAborted(open, call.abortSignal);
  }

  /** The error for a tool that no worst case covers, where that matters. */
  async #uncounted(call: SdkCall): Promise<AppError | null> {
    const tool = providerRunTool(call);
    if (tool === null) return null;
    const isLimited = (await this.#ledger.hasLimits?.()) ?? this.#ledger.isLimited;
    return isLimited ? unboundedTool(tool) : null;
  }

  /** A reservation may have taken its time; what was never sent cost nothing. */
  async #stopIfAborted(open: OpenCall, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted !== true) return;
    await this.#settleUnsent(open, "EXECUTION_CANCELLED");
    signal.throwIfAborted();
  }

  async #prepare({ counter, prices, views }: Parts, call: SdkCall): Promise<OpenCall> {
    const viewed = views === null ? null : await views.apply(call);
    const isOn = this.#mode === "on";
    const governed = viewed?.call ?? call;
    const maxOutputTokens = call.maxOutputTokens ?? this.#options.maxOutputTokens ?? DEFAULT_OUTPUT_CAP;
    const isCapped = isOn && this.#ledger.isLimited && call.maxOutputTokens === undefined;
    const sent = isOn ? (isCapped ? { ...governed, maxOutputTokens } : governed) : call;
    const counted = countable(this.#model, sent);
    const { tokens: sentTokens, upperTokens } = counter.countRequest(counted);
    const outputCapTokens = maxOutputTokens + thinkingTokens(call);
    const worst = { upperInputTokens: upperTokens, outputCapTokens };
    const { modelId } = this.#model;
    return {
      callId: uuidv7(),
      sent,
      counted,
      sentTokens,
      outputCapTokens,
      worst: { tokens: upperTokens + outputCapTokens, usd: prices.worstCaseUsd(this.#provider, modelId, worst) },
      viewed,
      baseline: this.#baselineOf(counter, viewed, isOn ? sentTokens : null, call),
    };
  }

  /** @param governedTokens null: not counted yet, since something else is sent */
  #baselineOf(counter: TokenCounter, viewed: ViewedCall | null, governedTokens: number | null, call: SdkCall): CallBaseline {
    const count = (counted: SdkCall): number => counter.countRequest(countable(this.#model, counted)).tokens;
    const { call: governed, rawCall, made, openedHandles } = viewed ?? { call, rawCall: call, made: [], openedHandles: 0 };
    const sentInputTokens = governedTokens ?? count(governed);
    return {
      provider: this.#provider,
      model: this.#model.modelId,
      rawInputTokens: governed === rawCall ? sentInputTokens : count(rawCall),
      sentInputTokens,
      views: made.length,
      handlesOffered: made.filter(({ isLossless }) => !isLossless).length,
      handlesOpened: openedHandles,
    };
  }

  async #endStream(parts: Parts, open: OpenCall, end: StreamEnd): Promise<void> {
    const usage = reportedUsage(end.usage);
    if (usage === null && end.error !== undefined) return this.#fail(parts, open, { ...end, error: end.error });
    const errorCode = end.error === undefined ? null : asAppError(end.error, "MODEL_FAILED").code;
    return this.#settle(parts, open, { usage, toolCalls: end.toolCalls, errorCode });
  }

  /** Refused before acceptance: nothing was spent. Else nobody says what was: booked at the most it can have been. */
  async #fail(parts: Parts, open: OpenCall, failure: { readonly error: unknown; readonly outputTextReceived: number }): Promise<void> {
    const { code, details } = classifyModelError(failure.error, {
      provider: this.#provider,
      model: this.#model.modelId,
      progress: { outputTextReceived: failure.outputTextReceived, usage: null, isDispatched: true },
      signal: open.sent.abortSignal,
      nowMs: systemClock.nowMs(),
    });
    if (details["mayHaveSpent"] !== false) return this.#settle(parts, open, { usage: null, toolCalls: [], errorCode: code });
    handBack(parts, open);
    await this.#settleUnsent(open, code);
  }

  /** Nothing was spent. */
  async #settleUnsent(open: OpenCall, errorCode: string): Promise<void> {
    await this.#ledger.settle(
      open.callId,
      { tokens: 0, usd: 0n },
      { state: "failed", usage: { inputTokens: 0, outputTokens: 0 }, errorCode },
    );
    this.#tell({ type: "settled", callId: open.callId, state: "failed", tokens: 0, usd: 0n });
  }

  async #settle(parts: Parts, open: OpenCall, ended: Ended): Promise<void> {
    const { callId, worst, counted } = open;
    const usage = ended.usage ?? { inputTokens: open.sentTokens, outputTokens: open.outputCapTokens };
    const isAssumed = ended.usage === null;
    const usd = isAssumed ? worst.usd : parts.prices.priceCall(this.#provider, this.#model.modelId, usage);
    const tokens = isAssumed ? worst.tokens : usage.inputTokens + usage.outputTokens;
    const purpose = this.#ownPurpose(parts, open, ended);
    await this.#ledger.settle(callId, { tokens, usd }, this.#endOf(open, { ...ended, purpose }));
    this.#record(parts, open, { usage, usd, isAssumed, purpose });
    if (!isAssumed) parts.counter.observeRequest({ ...counted, provider: this.#provider }, usage.inputTokens);
    this.#tell({ type: "settled", callId, state: isAssumed ? "assumed" : "settled", tokens, usd });
  }

  #endOf(open: OpenCall, { usage, errorCode, purpose }: Ended & { readonly purpose: SessionViews["ownCost"] }): CallEnd {
    const { outputCapTokens, worst, viewed, baseline } = open;
    const { rawInputTokens, sentInputTokens } = baseline;
    return {
      state: usage === null ? "assumed" : "settled",
      // Booked at its worst case, input and output apart: the sum is what the ledger is told.
      usage: usage ?? { inputTokens: worst.tokens - outputCapTokens, outputTokens: outputCapTokens },
      errorCode,
      ...(viewed === null ? {} : { views: { rawInputTokens, sentInputTokens, made: viewed.made, ownCost: purpose } }),
    };
  }

  #record(
    { savings, observed, prices }: Parts,
    { baseline }: OpenCall,
    { usage, usd, isAssumed, purpose }: { usage: ModelUsage; usd: bigint | null; isAssumed: boolean; purpose: SessionViews["ownCost"] },
  ): void {
    const call = { provider: this.#provider, model: this.#model.modelId, usage, paidUsd: usd, isAssumed };
    const { views = 0, handlesOffered = 0, handlesOpened = 0 } = baseline;
    const shown = { views, handlesOffered, handlesOpened };
    if (this.#mode === "on") {
      return savings.add(purpose === null ? { kind: "served", ...call, baseline } : { kind: "own", ...call, ...shown, purpose });
    }
    const asItIs = { ...baseline, sentInputTokens: baseline.rawInputTokens, views: 0, handlesOffered: 0 };
    savings.add({ kind: "served", ...call, baseline: asItIs });
    const smaller = observedUsage(usage, baseline);
    const saved = [usage, smaller].map((either) => prices.priceCall(call.provider, call.model, either));
    const [asUsed = null, asSmaller = null] = saved;
    const paidUsd = usd === null || asUsed === null || asSmaller === null ? null : usd - asUsed + asSmaller;
    return observed.add({ kind: "served", ...call, usage: smaller, paidUsd, baseline });
  }

  /** A call whose only outcome is to ask for what a view left out would not have been made without views. */
  #ownPurpose({ views }: Parts, { viewed }: OpenCall, { toolCalls }: Ended): SessionViews["ownCost"] {
    if (views === null || viewed?.isExpandOffered !== true || toolCalls.length === 0) return null;
    const asked = toolCalls.filter(({ toolName }) => toolName !== EXPAND_NAME);
    if (asked.length === 0) return "expand";
    return asked.every(({ toolName, input }) => views.isRefetch(toolName, parsed(input))) ? "refetch" : null;
  }

  /** Once, however often the call is made again. */
  #tellView(view: MadeView): void {
    if (this.#told.has(view)) return;
    this.#told.add(view);
    const { toolName, level, tokensIn, tokensOut } = view;
    this.#tell({ type: "view", toolName, level, tokensIn, tokensOut });
  }

  #tell(decision: GovernDecision): void {
    try {
      this.#options.onDecision?.(decision);
    } catch {
      // Whoever listens must not be able to undo a booking or to break a call that was paid for.
    }
  }
}

/** @throws AppError `INPUT_INVALID` without an agent's name */
function ownLedger(system: System, { agent = "", tags = [], limits }: GovernOptions): SystemLedger {
  return new SystemLedger(system, { agent, tags, ...(limits === undefined ? {} : { limits }) });
}

function handBack({ views }: Parts, { viewed }: OpenCall): void {
  if (viewed !== null) views?.handBack(viewed);
}

function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
