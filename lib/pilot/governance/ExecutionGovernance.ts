// What governance knows of one claimed execution while it runs: settings, what is left of its planning total, the past of its steps. Limits nothing.
import type { UnitPart } from "../../db/UnitPart.ts";
import type { Queryable } from "../../db/Database.ts";
import { loadAccountStates } from "../../ledger/BudgetStore.ts";
import { loadBudgetUsage } from "../../orchestration/budgets/BudgetUsageStore.ts";
import type { CommitRequest } from "../../orchestration/budgets/commitment.ts";
import { ExecutionBudget } from "../../orchestration/budgets/ExecutionBudget.ts";
import type { GovernanceSettings } from "../../orchestration/budgets/GovernanceSettings.ts";
import { shapeOf, signatureOf, stepIdOf } from "../../orchestration/budgets/modelSteps.ts";
import { LiveCalls } from "../../orchestration/budgets/LiveCalls.ts";
import type { CallSample, StepHistory } from "../../orchestration/budgets/StepHistory.ts";
import type { StepHistoryCache } from "../../orchestration/budgets/StepHistoryCache.ts";
import type { BudgetPlan, Commitment, StepLabel as BudgetLabel } from "../../orchestration/budgets/types.ts";
import { TokenBudgetManager, type WorkflowForecast } from "../../orchestration/TokenBudgetManager.ts";
import type { IntentType, StepClassifier } from "../../orchestration/types.ts";
import { walkSteps } from "../../workflow/nestedSteps.ts";
import type { WorkflowDefinition, WorkflowStep } from "../../workflow/types.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { GovernanceSnapshot } from "./snapshot.ts";

export interface GovernanceSources {
  readonly db: Queryable;
  readonly classifier: StepClassifier;
  readonly histories: StepHistoryCache;
  readonly forecast: (execution: Pick<ExecutionState, "claim" | "definition" | "snapshot">, history: StepHistory) => WorkflowForecast;
}

interface PathUse {
  allocated: number;
  used: number;
  tokensIn: number;
  tokensOut: number;
}

export class ExecutionGovernance {
  readonly settings: GovernanceSettings;
  readonly budget: ExecutionBudget;
  readonly plan: BudgetPlan;
  /** The planning total is a limit that stops the execution. */
  readonly isHard: boolean;
  readonly #manager: TokenBudgetManager;
  readonly #history: StepHistory;
  readonly #state: ExecutionState;
  readonly #paths = new Map<string, PathUse>();
  readonly #live = new LiveCalls();

  private constructor(
    state: ExecutionState,
    parts: {
      readonly manager: TokenBudgetManager;
      readonly history: StepHistory;
      readonly plan: BudgetPlan;
      readonly usedBefore: Awaited<ReturnType<typeof loadBudgetUsage>>;
      readonly isHard: boolean;
    },
  ) {
    const { manager, history, plan, usedBefore } = parts;
    this.isHard = parts.isHard;
    this.#state = state;
    this.#manager = manager;
    this.#history = history;
    this.settings = manager.settings;
    this.plan = plan;
    this.budget = new ExecutionBudget(
      plan,
      usedBefore.map(({ stepPath, usedTokens, isCompressed }) => ({
        stepId: stepIdOf(stepPath),
        used: usedTokens,
        compressed: isCompressed,
      })),
    );
    for (const { stepPath, allocatedTokens, usedTokens } of usedBefore)
      this.#paths.set(stepPath, { allocated: allocatedTokens, used: usedTokens, tokensIn: 0, tokensOut: 0 });
  }

  /** Reads what earlier claims used, and the past of the agent's steps: once per claim. */
  static async load(state: ExecutionState, governance: GovernanceSnapshot, parts: GovernanceSources): Promise<ExecutionGovernance> {
    const { db, classifier, histories } = parts;
    const manager = new TokenBudgetManager({ settings: governance.settings });
    const { workspaceId, id, definition, claim } = state;
    const usedBefore = claim.isFirstClaim ? [] : await loadBudgetUsage(db, workspaceId, id);
    const history = await histories.get(db, { workspaceId, agentId: claim.agentId, hasIntents: governance.intents !== "off" });
    const total = await planningTotal(db, state, governance);
    const labels = governance.intents === "off" ? undefined : budgetLabels(definition, classifier);
    const agent = { id: claim.agentId, name: definition.name, token_limit: total.tokens, steps: definition.steps };
    const { needs } = parts.forecast(state, history);
    // Every model step is told it, most of them once.
    const memoryTokens = (state.memory?.tokens ?? 0) * needs.size;
    const plan = manager.calculateBudget(agent, memoryTokens, { needs, ...(labels === undefined ? {} : { labels }) });
    return new ExecutionGovernance(state, { manager, history, plan, usedBefore, isHard: total.isHard });
  }

  /** The exact allocation of one call, by what calls of the same step came to. */
  commit(
    step: WorkflowStep,
    path: string,
    request: Pick<CommitRequest, "inputTokens" | "inputUpperTokens" | "maxOutputTokens" | "hasThinking"> & {
      readonly model: string;
      readonly intent: IntentType;
    },
  ): Commitment {
    const { model, ...counts } = request;
    const signature = signatureOf(path);
    const key = { agentId: this.#state.claim.agentId, signature, shape: shapeOf(step.type, signature), intent: request.intent, model };
    return this.#manager.commit({ ...counts, history: this.#live.before(key, this.#history) });
  }

  /** Books a call on its step, but for what memory was set aside for. `allocated` null: nothing was committed for it. */
  book(
    path: string,
    call: { readonly allocated: number | null; readonly used: number; readonly memory: number; readonly isCompressed: boolean },
  ): void {
    const { allocated, used, memory, isCompressed } = call;
    const held = this.#pathUse(path);
    held.allocated += allocated ?? used;
    held.used += used;
    const fromMemory = Math.min(memory, this.budget.memoryTokens);
    this.budget.bookMemory(fromMemory);
    this.budget.book(stepIdOf(path), used - fromMemory, isCompressed);
  }

  /** For the commitments of later calls of the same step. */
  noteCall(path: string, call: CallSample): void {
    this.#live.note(path, call);
  }

  /** Model steps inside of steps that are over have no further need: branches that were not taken, lists that are walked. */
  releaseEnded(): void {
    for (const step of this.#state.definition.steps) {
      const status = this.#state.step(step.id)?.status;
      if (status !== "completed" && status !== "skipped") continue;
      for (const { step: inner } of walkSteps({ steps: [step] })) this.budget.release(inner.id);
    }
  }

  noteView(path: string, { tokensIn, tokensOut }: { readonly tokensIn: number; readonly tokensOut: number }): void {
    const held = this.#pathUse(path);
    held.tokensIn += tokensIn;
    held.tokensOut += tokensOut;
  }

  /** The row of token_budgets for a step path; null when it called no model. */
  usagePart(path: string): UnitPart | null {
    const held = this.#paths.get(path);
    if (held === undefined || (held.used === 0 && held.allocated === 0)) return null;
    const { allocated, used, tokensIn, tokensOut } = held;
    const isCompressed = tokensIn > 0;
    return this.#manager.trackBudgetUsage(
      this.#state.id,
      path,
      allocated,
      used,
      isCompressed,
      isCompressed ? { tokensIn, tokensOut } : undefined,
    ).part;
  }

  /** A step outside of lists has ended: what it did not use is there for others. */
  release(path: string): void {
    if (!path.includes("[")) this.budget.release(stepIdOf(path));
  }

  #pathUse(path: string): PathUse {
    let held = this.#paths.get(path);
    if (held === undefined) {
      held = { allocated: 0, used: 0, tokensIn: 0, tokensOut: 0 };
      this.#paths.set(path, held);
    }
    return held;
  }
}

/** A limit in tokens on the execution itself is its planning total, too, and one that stops it; a person may have topped it up since. */
async function planningTotal(
  db: Queryable,
  { workspaceId, id }: ExecutionState,
  { tokenLimit, settings }: GovernanceSnapshot,
): Promise<{ readonly tokens: number; readonly isHard: boolean }> {
  const [account] = await loadAccountStates(db, workspaceId, { kind: "execution", subject: id });
  if (account === undefined || account.limitTokens === null) return { tokens: tokenLimit, isHard: false };
  const limit = Number(account.limitTokens);
  const isEnforced = settings.policy === "pause" || settings.policy === "fail";
  return { tokens: isEnforced ? limit : Math.min(limit, tokenLimit), isHard: isEnforced || limit <= tokenLimit };
}

const labelsOf = new WeakMap<WorkflowDefinition, ReadonlyMap<string, BudgetLabel>>();

function budgetLabels(definition: WorkflowDefinition, classifier: StepClassifier): ReadonlyMap<string, BudgetLabel> {
  let found = labelsOf.get(definition);
  if (found === undefined) {
    const labels = new Map<string, BudgetLabel>();
    for (const { step } of walkSteps(definition)) {
      const { intent, estimatedTokens } = classifier.classify(step);
      labels.set(step.id, { intent: definition.labels?.[step.id]?.intent ?? intent, estimatedTokens });
    }
    found = labels;
    labelsOf.set(definition, found);
  }
  return found;
}
