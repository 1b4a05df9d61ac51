// Between the pilot and orchestration: asks for decisions where a flag says so, finds handlers, and takes the direct path wherever orchestration fails. Performs nothing.
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ProviderRegistry } from "../../models/ProviderRegistry.ts";
import { mostInput } from "../../orchestration/budgets/contextGuard.ts";
import type { TokenCounter } from "../../tokens/TokenCounter.ts";
import type { PriceBook } from "../../tokens/pricing.ts";
import { labelOf as classify } from "../../orchestration/labelDefinition.ts";
import type { Orchestrator } from "../../orchestration/Orchestrator.ts";
import { OrchestrationBreaker } from "../../orchestration/OrchestrationBreaker.ts";
import type { DecideContext, StepDecision } from "../../orchestration/types.ts";
import type { ViewMaker } from "../../orchestration/ViewMaker.ts";
import type { StepLabel, WorkflowStep } from "../../workflow/types.ts";
import { decideDirect, DEFAULT_MAX_OUTPUT_TOKENS } from "../decideDirect.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { FoundHandler, HandlerRouter } from "../handlers/HandlerRouter.ts";
import type { Decision } from "../types.ts";
import type { FlagWatch } from "./FlagWatch.ts";
import type { ModelRouting } from "./ModelRouting.ts";
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
  readonly router: HandlerRouter;
  readonly models: ModelRouting;
  /** An execution is orchestrated here. */
  readonly onExecution: (state: ExecutionState, governance: GovernanceSnapshot) => void;
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

  /** The direct path at once where nothing is switched on; where only tokens are governed, steps that call no model take it, too. */
  decide(step: WorkflowStep, state: ExecutionState, path: string): Decision | Promise<Decision> {
    const { governance } = state.snapshot;
    const isBegun = state.partsOf(path).length > 0;
    if (isBegun) return this.#decideBegun(step, state, path);
    if (governance === undefined) return decideDirect(step, state);
    const isGoverned = governance.tokens !== "off" && isModelStep(step);
    if (!isGoverned && !isModelRouted(step, governance) && !isRouted(step, governance)) return decideDirect(step, state);
    this.#parts.onExecution(state, governance);
    return this.#decideOrchestrated(step, state, { governance, path });
  }

  /** A step of which a handler began parts goes on with a handler, or not at all, whatever was switched off since: the direct path would do all again. */
  async #decideBegun(step: WorkflowStep, state: ExecutionState, path: string): Promise<Decision> {
    const { governance } = state.snapshot;
    const decision =
      governance === undefined ? decideDirect(step, state) : await this.#decideOrchestrated(step, state, { governance, path });
    if (decision.route?.mode === "on" && decision.route.name !== null) return { ...decision, route: { ...decision.route, isBegun: true } };
    const { intent } = this.#labelOf(step);
    const { bypass: _bypass, ...rest } = decision;
    const { registry } = this.#parts.router;
    const route = { registry, intent, name: null, level: "standard", mode: "on", isBegun: true, noteFailure: () => undefined } as const;
    return { ...rest, route };
  }

  async #decideOrchestrated(
    step: WorkflowStep,
    state: ExecutionState,
    about: { readonly governance: GovernanceSnapshot; readonly path: string },
  ): Promise<Decision> {
    const direct = decideDirect(step, state);
    if (this.#breaker.isOpen) return { ...direct, why: "orchestration is down", bypass: "breaker" };
    try {
      const modes = modesOf(step, about.governance, await this.#parts.flags.stateNow(state.workspaceId, about.governance));
      return modes === null
        ? { ...direct, why: "governance was switched off meanwhile" }
        : await this.#decide(step, state, { ...about, modes });
    } catch (error) {
      this.#breaker.noteFailure();
      this.#parts.logger.error(
        { executionId: state.id, step: step.id, error: String(error) },
        "orchestration failed: the step takes the direct path",
      );
      return { ...direct, why: "orchestration failed", bypass: String(error).slice(0, 300) };
    }
  }

  async #decide(
    step: WorkflowStep,
    state: ExecutionState,
    { governance, path, modes }: { readonly governance: GovernanceSnapshot; readonly path: string; readonly modes: Modes },
  ): Promise<Decision> {
    const { orchestrator, router } = this.#parts;
    const { tokens, routing, models } = modes;
    const execution = tokens === "off" ? null : await this.#executionOf(state, governance);
    execution?.releaseEnded();
    const label = this.#labelOf(step);
    const found = routing === "off" ? null : await router.find(step, label.intent, state.workspaceId);
    const aisRoute = await this.#aisRoute(step, state, { governance, path, label, mode: models });
    const about = { execution, mode: tokens, label, settings: governance.settings, ais: governance.ais ?? null };
    const context = this.#contextOf(step, state, about);
    const decided = orchestrator.decide(step, found === null ? context : { ...context, routing: { mode: routing, ...found } });
    const decision = { ...decided, model: routedModel(aisRoute) ?? decided.model };
    const chosen =
      execution === null
        ? { ...decideDirect(step, state), model: decision.model, why: decision.why }
        : this.#governed(step, path, { decision, execution });
    const governed: Decision = aisRoute === null ? chosen : { ...chosen, aisRoute };
    return found === null || routing === "off" ? governed : this.#routed(governed, { found, mode: routing, decision, state });
  }

  #governed(
    step: WorkflowStep,
    path: string,
    { decision, execution }: { readonly decision: StepDecision; readonly execution: ExecutionGovernance },
  ): Decision {
    const { views, prices, providers, counter } = this.#parts;
    const { provider, model } = providers.resolve(decision.model);
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
  }

  /** Names the handler, or says that the one there should be is missing. */
  #routed(
    governed: Decision,
    about: {
      readonly found: FoundHandler;
      readonly mode: "observe" | "on";
      readonly decision: StepDecision;
      readonly state: ExecutionState;
    },
  ): Decision {
    const { found, mode, decision, state } = about;
    if (decision.handler === null) return found.isMissing && mode === "on" ? { ...governed, bypass: found.reason } : governed;
    const { registry } = this.#parts.router;
    const level = registry.levelOf(decision.intent, state.workspaceId);
    const noteFailure = (): void => this.#breaker.noteFailure();
    return { ...governed, route: { registry, intent: decision.intent, name: decision.handler, level, mode, isBegun: false, noteFailure } };
  }

  async #aisRoute(
    step: WorkflowStep,
    state: ExecutionState,
    about: {
      readonly governance: GovernanceSnapshot;
      readonly path: string;
      readonly label: StepLabel;
      readonly mode: Mode;
    },
  ): Promise<NonNullable<Decision["aisRoute"]> | null> {
    const { governance, path, label, mode } = about;
    if (mode === "off" || governance.route === undefined) return null;
    const directModel = step.model ?? state.definition.model ?? state.snapshot.defaultModel ?? undefined;
    const request = { step, path, intent: label.intent, directModel };
    return { mode, decision: await this.#parts.models.route(state, governance.route, request) };
  }

  #labelOf(step: WorkflowStep): StepLabel {
    return labelOf(step) ?? classify(step, this.#parts.classifier);
  }

  #contextOf(
    step: WorkflowStep,
    { definition, snapshot }: ExecutionState,
    about: { readonly execution: ExecutionGovernance | null } & Pick<DecideContext, "mode" | "label" | "settings" | "ais">,
  ): DecideContext {
    const { execution, mode, label, settings, ais } = about;
    return {
      label,
      mode,
      namedModel: definition.model ?? snapshot.defaultModel ?? undefined,
      defaultMaxOutputTokens: DEFAULT_MAX_OUTPUT_TOKENS,
      ais,
      share: execution === null ? null : shareOf(execution, step.id),
      settings: execution?.settings ?? settings,
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

type Mode = "off" | "observe" | "on";

interface Modes {
  readonly tokens: Mode;
  readonly routing: Mode;
  readonly models: Mode;
}

/** What is switched on for a step; null: nothing. */
function modesOf(step: WorkflowStep, governance: GovernanceSnapshot, now: Awaited<ReturnType<FlagWatch["stateNow"]>>): Modes | null {
  const tokens = isModelStep(step) ? now.token_governance_enabled : "off";
  const routing = isRouted(step, governance) ? now.intent_routing_enabled : "off";
  const models = isModelRouted(step, governance) ? now.ais_routing_enabled : "off";
  return tokens === "off" && routing === "off" && models === "off" ? null : { tokens, routing, models };
}

function routedModel(route: Decision["aisRoute"] | null): string | undefined {
  return route?.mode === "on" && route.decision.rule !== "direct" ? route.decision.callModel : undefined;
}

function isModelStep({ type }: WorkflowStep): boolean {
  return type === "ai_processing" || type === "llm_decision";
}

function isModelRouted(step: WorkflowStep, { aisRouting = "off" }: GovernanceSnapshot): boolean {
  return aisRouting !== "off" && isModelStep(step);
}

/** Steps of a definition only: what a tool loop or a handler makes on its way has no label, and is its maker's business. */
function isRouted(step: WorkflowStep, { routing = "off" }: GovernanceSnapshot): boolean {
  return routing !== "off" && labelOf(step) !== undefined;
}

function shareOf({ plan, budget }: ExecutionGovernance, stepId: string): DecideContext["share"] {
  if (!plan.steps.some((step) => step.stepId === stepId)) return null;
  const { allocated, used } = budget.budgetOf(stepId);
  return { allocatedTokens: allocated, usedTokens: used, poolTokens: budget.poolTokens };
}
