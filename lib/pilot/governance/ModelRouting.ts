// Routes model steps by the agent's intensity score, by what the execution kept at its start. It calls nothing and stores nothing.
import { AISRouter } from "../../orchestration/AISRouter.ts";
import { createModelFacts } from "../../orchestration/routing/modelFacts.ts";
import type { RoutingSnapshot } from "../../orchestration/routing/routingSnapshot.ts";
import type { RouteDecision } from "../../orchestration/routing/types.ts";
import type { WorkflowDefinition, WorkflowStep } from "../../workflow/types.ts";
import type { PilotServices } from "../types.ts";
import type { GovernanceSnapshot } from "./snapshot.ts";

export interface RoutedExecution {
  readonly agentId: string;
  readonly definition: WorkflowDefinition;
  readonly defaultModel: string | null;
  readonly route: RoutingSnapshot;
}

export interface RouteRequest {
  readonly step: WorkflowStep;
  /** Upper count of what the step is known to send. */
  readonly inputTokens?: number;
  /** The tool loop's model so far. */
  readonly lockedModel?: string | undefined;
}

export class ModelRouting {
  readonly #services: Pick<PilotServices, "providers" | "prices">;
  /** One an execution: it lives by the providers and prices of its first step here. */
  readonly #routers = new WeakMap<RoutingSnapshot, AISRouter>();

  constructor(services: Pick<PilotServices, "providers" | "prices">) {
    this.#services = services;
  }

  /** null: the step would be served by the offline model, which nothing replaces: nobody said that anything may be paid. */
  route({ agentId, definition, defaultModel, route }: RoutedExecution, request: RouteRequest): RouteDecision | null {
    const { step, inputTokens, lockedModel } = request;
    const { provider, model } = this.#services.providers.resolve(step.model ?? definition.model ?? defaultModel ?? undefined);
    if (provider.isOffline) return null;
    return this.#routerOf(route).route(
      // A model that workflow or step names is the person's wish, and wins.
      { id: agentId, ais: route.ais, history: route.history, model: definition.model },
      step as WorkflowStep & Readonly<Record<string, unknown>>,
      { directModel: `${provider.name}/${model}`, inputTokens, lockedModel },
    );
  }

  /** For plans and forecasts: the model a step of the definition is sent to. undefined: models are not routed. */
  modelOf(
    execution: Omit<RoutedExecution, "route">,
    governance: Pick<GovernanceSnapshot, "aisRouting" | "route"> | undefined,
  ): ((step: WorkflowStep) => string | undefined) | undefined {
    const { aisRouting, route } = governance ?? {};
    if (aisRouting !== "on" || route === undefined) return undefined;
    return (step) => routedModel(isModelStep(step) ? this.route({ ...execution, route }, { step }) : null);
  }

  #routerOf(route: RoutingSnapshot): AISRouter {
    let router = this.#routers.get(route);
    if (router === undefined) {
      // Without evidence of earlier outcomes: nothing cheaper is tried first as long as executions cannot escalate.
      router = new AISRouter({ tables: route.tables, cuts: route.cuts, facts: createModelFacts(this.#services) });
      this.#routers.set(route, router);
    }
    return router;
  }
}

export function isModelStep({ type }: WorkflowStep): boolean {
  return type === "ai_processing" || type === "llm_decision";
}

/** undefined: what would be called without routing. */
export function routedModel(decision: RouteDecision | null): string | undefined {
  return decision === null || decision.rule === "direct" ? undefined : decision.callModel;
}
