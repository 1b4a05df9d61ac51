// One attempt of one governed step: gives views in place of content, commits calls to a budget, keeps what each would have cost. Performs nothing.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { nanoToUsd, type NanoUsd } from "../../core/money.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import { decideOverBudget, type OverBudgetDecision } from "../../orchestration/budgets/decideOverBudget.ts";
import { LoopBrake } from "../../orchestration/budgets/LoopBrake.ts";
import type { Commitment } from "../../orchestration/budgets/types.ts";
import type { OwnCostKind } from "../../orchestration/savings/types.ts";
import type { StepDecision, ViewPolicy } from "../../orchestration/types.ts";
import { isWorthIt, type ViewMaker } from "../../orchestration/ViewMaker.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import { auditPart } from "../auditPart.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { ExecutionGovernance } from "./ExecutionGovernance.ts";
import type { CallFacts, GovernanceFacts, ViewFacts } from "./facts.ts";

export interface ShowOptions {
  /** Which content: `input`, `prompt`, `tool fetch_page`. */
  readonly of: string;
  readonly task?: string;
  readonly fields?: readonly string[];
  /** Where each item must stay whole. @defaultValue the policy's */
  readonly maxLevel?: 0 | 1 | 2;
  /** Stands at the end of a view that leaves something out: how the reader gets the rest. Its tokens count. */
  readonly ending?: { readonly text: string; readonly tokens: number };
  /** To be reached as long as what is pinned fits. @defaultValue cut only while quality holds */
  readonly targetTokens?: number;
}

export interface Shown {
  readonly text: string;
  /** Tokens by which the view is shorter; 0 where the content went raw. */
  readonly savedTokens: number;
  /** True when something the content says is not in `text`. */
  readonly isShortened: boolean;
}

export interface DispatchRequest {
  readonly model: string;
  readonly inputTokens: number;
  readonly inputUpperTokens: number;
  /** What the caller would ask for without governance. */
  readonly maxOutputTokens: number;
  /** An answer was cut off at a learned cap: this time all that the caller allows. */
  readonly isUncapped: boolean;
}

/** `stopped`: the policy pauses or fails a call that does not fit its budget. */
export type Dispatch =
  | { readonly kind: "go"; readonly commitment: Commitment; readonly outputCap: number }
  | { readonly kind: "stopped"; readonly action: "pause" | "fail"; readonly needTokens: number; readonly missingTokens: number };

export interface CallEnd {
  readonly call: number;
  readonly provider: string;
  readonly model: string;
  readonly savedInputTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costUsd: NanoUsd | null;
  readonly baselineUsd: NanoUsd | null;
  readonly allocatedTokens: number | null;
  readonly ownCost?: OwnCostKind;
}

export interface StepGovernanceParts {
  readonly decision: StepDecision;
  readonly step: WorkflowStep;
  readonly path: string;
  readonly execution: ExecutionGovernance;
  readonly views: ViewMaker;
  /** What the decision's model takes at most beside its answer; null: unknown. */
  readonly mostInputTokens: number | null;
}

/** What a request carries besides its content: system text, instruction, frames. */
const REQUEST_OVERHEAD_TOKENS = 1_500;
/** The frame of a short request. */
const REQUEST_FRAME_TOKENS = 150;
/** An answer that is cut to fit a limit should have this much at least. */
const LEAST_ANSWER_TOKENS = 256;
const NO_TRANSITIONS: OverBudgetDecision["transitions"] = [];

export class StepGovernance {
  readonly decision: StepDecision;
  readonly execution: ExecutionGovernance;
  readonly #parts: StepGovernanceParts;
  readonly #made: ViewFacts[] = [];
  readonly #calls: CallFacts[] = [];
  readonly #transitions: string[] = [];
  readonly #warnings: string[] = [];

  constructor(parts: StepGovernanceParts) {
    this.#parts = parts;
    this.decision = parts.decision;
    this.execution = parts.execution;
  }

  get isActing(): boolean {
    return this.decision.mode === "on";
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** What the model is to see of `raw`; while observing that is `raw` itself, and the view is only noted. */
  async show(raw: string, { of, task, fields, maxLevel, ending, targetTokens }: ShowOptions): Promise<Shown> {
    const { views, path } = this.#parts;
    const policy = atMost(this.decision.views, maxLevel);
    const content = { content: raw, ...(task === undefined ? {} : { task }), ...(fields === undefined ? {} : { fields }) };
    let view = await views.make({ ...content, policy, ...(targetTokens === undefined ? {} : { targetTokens }) });
    const sent = view.tokens ?? 0;
    const harder = this.#harder(sent, maxLevel);
    if (harder !== null) {
      const tried = await views.make({ ...content, ...harder });
      if (tried.made !== null && tried.made.tokensOut < sent) {
        view = tried;
        this.#transitions.push("compress_harder");
      }
    }
    const { made } = view;
    if (made === null) return { text: raw, savedTokens: 0, isShortened: false };
    const { tokensIn, level, quality, lossless, outcome } = made;
    const end = lossless || ending === undefined ? { text: "", tokens: 0 } : ending;
    const text = view.text + end.text;
    const tokensOut = made.tokensOut + end.tokens;
    if (!isWorthIt({ lossless, tokensIn, tokensOut })) return { text: raw, savedTokens: 0, isShortened: false };
    this.#made.push({ of, tokensIn, tokensOut, level, quality: round(quality), lossless, outcome });
    if (!this.isActing) return { text: raw, savedTokens: 0, isShortened: false };
    this.execution.noteView(path, { tokensIn, tokensOut });
    return { text, savedTokens: tokensIn - tokensOut, isShortened: !lossless };
  }

  /** Commits a counted call; what does not fit its budget goes through the transitions, at last through the policy. */
  dispatch(request: DispatchRequest): Dispatch {
    const { step, path, decision } = this.#parts;
    const { model, inputTokens, inputUpperTokens, maxOutputTokens, isUncapped } = request;
    const commitment = this.execution.commit(step, path, {
      model,
      intent: decision.intent,
      inputTokens,
      inputUpperTokens,
      maxOutputTokens,
      // Whether a model reasons is not known here: a cap from visible answers alone would cut its reasoning.
      hasThinking: false,
    });
    const { budget, settings } = this.execution;
    const { transitions, action, borrowedTokens, outputCap } = this.#overBudget(commitment);
    this.#transitions.push(...transitions.map(({ name }) => name));
    if (!this.isActing) return { kind: "go", commitment, outputCap: maxOutputTokens };
    if (borrowedTokens > 0) budget.borrow(step.id, borrowedTokens);
    if (action === "pause" || action === "fail") {
      const missingTokens = Math.max(commitment.allocated - budget.remainingOf(step.id) - budget.poolTokens, 1);
      return { kind: "stopped", action, needTokens: commitment.allocated, missingTokens };
    }
    if (action === "warn" || action === "degrade")
      this.#warnings.push(
        `the step needs ${commitment.allocated} tokens, ${budget.remainingOf(step.id)} of its budget are left (policy ${settings.policy})`,
      );
    return { kind: "go", commitment, outputCap: isUncapped ? maxOutputTokens : Math.min(outputCap, maxOutputTokens) };
  }

  noteCall(end: CallEnd): void {
    const { call, provider, model, inputTokens, outputTokens, savedInputTokens, allocatedTokens, ownCost, reasoningTokens } = end;
    this.#calls.push({
      call,
      provider,
      model,
      rawInputTokens: inputTokens + savedInputTokens,
      sentInputTokens: inputTokens,
      outputTokens,
      baselineUsd: usdOrNull(end.baselineUsd),
      costUsd: usdOrNull(end.costUsd),
      allocatedTokens,
      ...(ownCost === undefined ? {} : { ownCost }),
    });
    this.execution.noteCall(this.#parts.path, { inputTokens, outputTokens, reasoningTokens });
    this.execution.book(this.#parts.path, {
      allocated: allocatedTokens,
      used: inputTokens + outputTokens,
      isCompressed: this.isActing && this.#made.length > 0,
    });
  }

  noteTransition(name: string): void {
    this.#transitions.push(name);
  }

  /** For a tool loop of at most so many turns; null while only observing. */
  createBrake(maxIterations: number): LoopBrake | null {
    if (!this.isActing) return null;
    const { maxSameCalls, maxSpendGrowth, concludeAtShare, finalOnlyAtShare, policy } = this.execution.settings;
    // Where going over the plan is only warned of, tools are not taken away for it.
    const finalShare = policy === "warn" ? Number.POSITIVE_INFINITY : finalOnlyAtShare;
    return new LoopBrake({ maxIterations, maxSameCalls, maxSpendGrowth, concludeAtShare, finalOnlyAtShare: finalShare });
  }

  facts(): GovernanceFacts {
    const { mode, why, trail, views, allocatedTokens } = this.decision;
    return {
      mode,
      why,
      trail,
      policy: views.name,
      share: allocatedTokens,
      views: this.#made,
      calls: this.#calls,
      transitions: this.#transitions,
    };
  }

  /** Rows that travel in the step's unit: the plan's budget row, one audit row for the allocation, one for all views. */
  unitParts(state: ExecutionState): UnitPart[] {
    const { path } = this.#parts;
    const parts: UnitPart[] = [];
    const { mode } = this.decision;
    const usage = this.execution.usagePart(path);
    if (usage !== null) parts.push(usage);
    if (this.#calls.length > 0 || this.#transitions.length > 0) {
      const committed = this.#calls.reduce((sum, { allocatedTokens }) => sum + (allocatedTokens ?? 0), 0);
      const details: JsonObject = { mode, share: this.decision.allocatedTokens, committed, transitions: [...this.#transitions] };
      parts.push(auditPart(state, "ORCHESTRATION_TOKEN_BUDGET_ALLOCATED", { entityType: "step", entityId: path, details }));
    }
    if (this.#made.length > 0) {
      const details = { mode, policy: this.decision.views.name, views: this.#made as unknown as JsonValue };
      parts.push(auditPart(state, "ORCHESTRATION_TOKEN_COMPRESSED", { entityType: "step", entityId: path, details }));
    }
    return parts;
  }

  /** One step further than the decision's own policy, for a content that passes the step's budget or the model's window. */
  #harder(sentTokens: number, maxLevel: 0 | 1 | 2 | undefined): { readonly policy: ViewPolicy; readonly targetTokens?: number } | null {
    const { views, maxOutputTokens } = this.decision;
    // Where nothing may be lost, nothing is cut, whatever the price.
    if (views.level < 2 || (maxLevel !== undefined && maxLevel < 2)) return null;
    const { mostInputTokens, step } = this.#parts;
    const room = mostInputTokens === null ? Number.POSITIVE_INFINITY : mostInputTokens - REQUEST_OVERHEAD_TOKENS;
    const policy: ViewPolicy = { name: "aggressive", level: 2, minQuality: this.execution.settings.minQuality.aggressive };
    // Beyond the window there is no answer at all: a view of any quality is better, and its Q is shown.
    if (sentTokens > room) return { policy: { ...policy, minQuality: 0 }, targetTokens: Math.max(room, 1) };
    const { budget, isHard, settings } = this.execution;
    const left = budget.remainingOf(step.id) + (isHard ? budget.poolTokens : 0);
    if (!isHard) return sentTokens > left && left > 0 && views.name !== "aggressive" ? { policy, targetTokens: left } : null;
    // The plan's total is a limit that stops the execution: the answer and the frame need their part of it, too.
    const fitting = left - Math.min(maxOutputTokens, LEAST_ANSWER_TOKENS) - REQUEST_FRAME_TOKENS;
    if (sentTokens <= fitting || fitting <= 0) return null;
    return { policy: { ...policy, minQuality: settings.leastQuality }, targetTokens: fitting };
  }

  /** The window was looked at when the request was counted; here it is about tokens planned. */
  #overBudget(commitment: Commitment): OverBudgetDecision {
    const { budget, settings } = this.execution;
    const remainingTokens = budget.remainingOf(this.#parts.step.id);
    // A plan that has nothing to give (no limit at all for this step) says nothing about a call.
    if (this.execution.plan.allocated === 0 && settings.policy === "warn")
      return {
        action: "proceed",
        level: null,
        borrowedTokens: 0,
        model: null,
        outputCap: commitment.outputCap,
        transitions: NO_TRANSITIONS,
      };
    return decideOverBudget({
      commitment,
      remainingTokens,
      poolTokens: budget.poolTokens,
      windowTokens: null,
      harderViews: [],
      largerWindows: [],
      isSplittable: false,
      policy: settings.policy,
    });
  }
}

function atMost(policy: ViewPolicy, maxLevel: 0 | 1 | 2 | undefined): ViewPolicy {
  return maxLevel === undefined || maxLevel >= policy.level ? policy : { ...policy, level: maxLevel };
}

function usdOrNull(usd: NanoUsd | null): number | null {
  return usd === null ? null : nanoToUsd(usd);
}

function round(quality: number): number {
  return Math.round(quality * 1_000) / 1_000;
}
