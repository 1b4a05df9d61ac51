// Between the pilot and orchestration: asks for decisions where a flag says so, finds handlers, and takes the direct path wherever orchestration fails. Performs nothing.
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { resolveTemplates } from "../../operations/templates.ts";
import type { ProviderRegistry } from "../../models/ProviderRegistry.ts";
import { mostInput } from "../../orchestration/budgets/contextGuard.ts";
import type { TokenCounter } from "../../tokens/TokenCounter.ts";
import type { PriceBook } from "../../tokens/pricing.ts";
import { labelOf as classify } from "../../orchestration/labelDefinition.ts";
import type { FoundHandler } from "../../orchestration/HandlerRegistry.ts";
import type { Orchestrator } from "../../orchestration/Orchestrator.ts";
import { OrchestrationBreaker } from "../../orchestration/OrchestrationBreaker.ts";
import type { DecideContext, StepDecision } from "../../orchestration/types.ts";
import type { ViewMaker } from "../../orchestration/ViewMaker.ts";
import type { StepLabel, WorkflowStep } from "../../workflow/types.ts";
import { decideDirect, DEFAULT_MAX_OUTPUT_TOKENS } from "../decideDirect.ts";
import type { ExecutionState } from "../ExecutionState.ts";
import type { HandlerRouter } from "../handlers/HandlerRouter.ts";
import type { StepScope } from "../StepScope.ts";
import type { Decision } from "../types.ts";
import type { FlagWatch } from "./FlagWatch.ts";
import { isModelStep, routedModel, type ModelRouting } from "./ModelRouting.ts";
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

  /**
   * The direct path at once where nothing is switched on; where only tokens are governed, steps that call no model take it, too.
   *
   * @param scope where the step's templates are read, for the size of what it sends; absent: the size is not known
   */
  decide(step: WorkflowStep, state: ExecutionState, path: string, scope?: StepScope): Decision | Promise<Decision> {
    const { governance } = state.snapshot;
    if (governance !== undefined) this.#parts.onExecution(state, governance);
    if (state.partsOf(path).length > 0) return this.#decideBegun(step, state, path);
    const direct = (): Decision => onLoopModel(decideDirect(step, state), step, state, path);
    if (governance === undefined) return direct();
    const isGoverned = governance.tokens !== "off" && isModelStep(step);
    if (!isGoverned && !isModelRouted(step, governance) && !isRouted(step, governance)) return direct();
    return this.#decideOrchestrated(step, state, { governance, path, scope });
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
    about: { readonly governance: GovernanceSnapshot; readonly path: string; readonly scope?: StepScope | undefined },
  ): Promise<Decision> {
    const direct = onLoopModel(decideDirect(step, state), step, state, about.path);
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
    about: {
      readonly governance: GovernanceSnapshot;
      readonly path: string;
      readonly modes: Modes;
      readonly scope?: StepScope | undefined;
    },
  ): Promise<Decision> {
    const { orchestrator, router } = this.#parts;
    const { governance, path, scope } = about;
    const { tokens, routing, models } = about.modes;
    const execution = tokens === "off" ? null : await this.#executionOf(state, governance);
    execution?.releaseEnded();
    const label = this.#labelOf(step);
    const found = routing === "off" ? null : await router.find(step, label.intent, state.workspaceId);
    const aisRoute = this.#aisRoute(step, state, { governance, path, scope, mode: models });
    const asked = { execution, mode: tokens, label, settings: governance.settings, ais: governance.ais ?? null };
    const context = this.#contextOf(step, state, asked);
    const decided = orchestrator.decide(step, found === null ? context : { ...context, routing: { mode: routing, ...found } });
    const routed = aisRoute?.mode === "on" ? routedModel(aisRoute.decision) : undefined;
    const decision = { ...decided, model: loopModel(step, state, path) ?? routed ?? decided.model };
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

  #aisRoute(
    step: WorkflowStep,
    state: ExecutionState,
    about: {
      readonly governance: GovernanceSnapshot;
      readonly path: string;
      readonly scope: StepScope | undefined;
      readonly mode: Mode;
    },
  ): NonNullable<Decision["aisRoute"]> | null {
    const { governance, path, scope, mode } = about;
    if (mode === "off" || governance.route === undefined) return null;
    const { claim, definition, snapshot } = state;
    const inputTokens = scope === undefined ? undefined : contentTokens(step, scope, this.#parts.counter);
    const decision = this.#parts.models.route(
      { agentId: claim.agentId, definition, defaultModel: snapshot.defaultModel, route: governance.route },
      { step, lockedModel: loopModel(step, state, path), ...(inputTokens === undefined ? {} : { inputTokens }) },
    );
    return decision === null ? null : { mode, decision };
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

/** One model per tool loop, whatever is switched on or off in between. undefined: no loop, or nothing was asked yet. */
function loopModel(step: WorkflowStep, state: ExecutionState, path: string): string | undefined {
  if (step.type !== "llm_decision") return undefined;
  const asked = state.attemptsOf(path).findLast(({ kind, message }) => kind === "model" && message !== null);
  return asked === undefined || asked.provider === null || asked.model === null ? undefined : `${asked.provider}/${asked.model}`;
}

function onLoopModel(decision: Decision, step: WorkflowStep, state: ExecutionState, path: string): Decision {
  const model = loopModel(step, state, path);
  return model === undefined ? decision : { ...decision, model };
}

/** Shorter contents have fewer tokens than any window here; counting them would cost more than it tells. */
const COUNTED_FROM_CHARACTERS = 16_000;

/** Upper count of prompt and input, as far as the pilot itself sends them; undefined: short, or the templates do not resolve, which the step itself will tell. */
function contentTokens(step: WorkflowStep, scope: StepScope, counter: TokenCounter): number | undefined {
  if (step.type !== "ai_processing" && step.type !== "llm_decision") return undefined;
  try {
    const text = JSON.stringify(resolveTemplates([step.prompt ?? "", step.input ?? null], scope));
    return text.length < COUNTED_FROM_CHARACTERS ? undefined : counter.countUpper(text);
  } catch {
    return undefined;
  }
}
