// Between the pilot and orchestration: asks for decisions where a flag says so, and takes the direct path wherever orchestration fails. Performs nothing.
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ProviderRegistry } from "../../models/ProviderRegistry.ts";
import { mostInput } from "../../orchestration/budgets/contextGuard.ts";
import type { TokenCounter } from "../../tokens/TokenCounter.ts";
import type { PriceBook } from "../../tokens/pricing.ts";
import { labelOf as classify } from "../../orchestration/labelDefinition.ts";
import type { Orchestrator } from "../../orchestration/Orchestrator.ts";
import { OrchestrationBreaker } from "../../orchestration/OrchestrationBreaker.ts";
import type { DecideContext, GovernanceMode } from "../../orchestration/types.ts";
import type { ViewMaker } from "../../orchestration/ViewMaker.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import { decideDirect, DEFAULT_MAX_OUTPUT_TOKENS } from "../decideDirect.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { Decision } from "../types.ts";
import type { FlagWatch } from "./FlagWatch.ts";
import { ExecutionGovernance, type GovernanceSources } from "./ExecutionGovernance.ts";
import type { GovernanceSnapshot } from "./snapshot.ts";
import { StepGovernance } from "./StepGovernance.ts";
import { labelOf } from "./stepLabels.ts";

export interface GovernorParts extends GovernanceSources {
  readonly counter: TokenCounter;
  readonly providers: ProviderRegistry;
  readonly prices: PriceBook;
  readonly orchestrator: Orchestrator;
  readonly views: ViewMaker;
  readonly flags: FlagWatch;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Governor {
  readonly #parts: GovernorParts;
  readonly #breaker: OrchestrationBreaker;
  readonly #executions = new WeakMap<ExecutionState, Promise<ExecutionGovernance>>();

  constructor(parts: GovernorParts) {
    this.#parts = parts;
    const onOpen = (): void => parts.logger.error({}, "orchestration is down: every step takes the direct path for 30 s");
    this.#breaker = new OrchestrationBreaker({ clock: parts.clock, onOpen });
  }

  /** The direct path at once where nothing is switched on; steps that call no model take it, too. */
  decide(step: WorkflowStep, state: ExecutionState, path: string): Decision | Promise<Decision> {
    const { governance } = state.snapshot;
    if (governance === undefined || governance.tokens === "off") return decideDirect(step, state);
    if (step.type !== "ai_processing" && step.type !== "llm_decision") return decideDirect(step, state);
    return this.#decideGoverned(step, state, { governance, path });
  }

  async #decideGoverned(
    step: WorkflowStep,
    state: ExecutionState,
    { governance, path }: { readonly governance: GovernanceSnapshot; readonly path: string },
  ): Promise<Decision> {
    const direct = decideDirect(step, state);
    if (this.#breaker.isOpen) return { ...direct, why: "orchestration is down", bypass: "breaker" };
    try {
      const { flags, orchestrator, views, prices, providers, counter } = this.#parts;
      const now = (await flags.stateNow(state.workspaceId, governance)).token_governance_enabled;
      if (now === "off") return { ...direct, why: "governance was switched off meanwhile" };
      const execution = await this.#executionOf(state, governance);
      execution.releaseEnded();
      const decision = orchestrator.decide(step, this.#contextOf(step, state, { execution, mode: now }));
      const resolved = providers.resolve(decision.model);
      const { provider, model } = resolved;
      const windowTokens = prices.contextWindowTokens(provider.name, model);
      const isOwn = counter.hasOwnVocabulary(provider.name, model);
      const mostInputTokens = windowTokens === null ? null : mostInput(windowTokens, decision.maxOutputTokens, isOwn);
      return {
        path: "governed",
        model: decision.model,
        maxOutputTokens: decision.maxOutputTokens,
        why: decision.why,
        governance: new StepGovernance({ decision, step, path, execution, views, mostInputTokens }),
      };
    } catch (error) {
      this.#breaker.noteFailure();
      this.#parts.logger.error(
        { executionId: state.id, step: step.id, error: String(error) },
        "orchestration failed: the step takes the direct path",
      );
      return { ...direct, why: "orchestration failed", bypass: String(error).slice(0, 300) };
    }
  }

  #contextOf(
    step: WorkflowStep,
    state: ExecutionState,
    { execution, mode }: { readonly execution: ExecutionGovernance; readonly mode: GovernanceMode },
  ): DecideContext {
    const { definition, snapshot } = state;
    return {
      label: labelOf(step) ?? classify(step, this.#parts.classifier),
      mode,
      namedModel: definition.model ?? snapshot.defaultModel ?? undefined,
      defaultMaxOutputTokens: DEFAULT_MAX_OUTPUT_TOKENS,
      ais: null,
      share: shareOf(execution, step.id),
      settings: execution.settings,
    };
  }

  #executionOf(state: ExecutionState, governance: GovernanceSnapshot): Promise<ExecutionGovernance> {
    let loading = this.#executions.get(state);
    if (loading === undefined) {
      loading = ExecutionGovernance.load(state, governance, this.#parts);
      this.#executions.set(state, loading);
      loading.catch(() => this.#executions.delete(state));
    }
    return loading;
  }
}

function shareOf({ plan, budget }: ExecutionGovernance, stepId: string): DecideContext["share"] {
  if (!plan.steps.some((step) => step.stepId === stepId)) return null;
  const { allocated, used } = budget.budgetOf(stepId);
  return { allocatedTokens: allocated, usedTokens: used, poolTokens: budget.poolTokens };
}
