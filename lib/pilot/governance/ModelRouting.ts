// Routes a step's model call by the agent's intensity score: asks the router with what the execution kept at its start. It calls nothing and stores nothing.
import type { ProviderRegistry } from "../../models/ProviderRegistry.ts";
import { AISRouter } from "../../orchestration/AISRouter.ts";
import { createModelFacts } from "../../orchestration/routing/modelFacts.ts";
import type { RouteEvidenceCache } from "../../orchestration/routing/RouteEvidenceCache.ts";
import type { RoutingSnapshot } from "../../orchestration/routing/routingSnapshot.ts";
import type { RouteDecision } from "../../orchestration/routing/types.ts";
import { signatureOf } from "../../orchestration/budgets/modelSteps.ts";
import type { IntentType } from "../../orchestration/types.ts";
import type { Database } from "../../db/Database.ts";
import type { PriceBook } from "../../tokens/pricing.ts";
import type { WorkflowStep } from "../../workflow/types.ts";
import type { ExecutionState } from "../ExecutionState.ts";

export interface ModelRoutingParts {
  readonly db: Database;
  readonly providers: ProviderRegistry;
  readonly prices: PriceBook;
  readonly evidence: RouteEvidenceCache;
}

export interface RouteRequest {
  readonly step: WorkflowStep;
  readonly path: string;
  readonly intent: IntentType;
  /** What would be called without routing. */
  readonly directModel: string | undefined;
}

export class ModelRouting {
  readonly #parts: ModelRoutingParts;
  /** One an execution: it lives by the providers and prices of its first step here. */
  readonly #routers = new WeakMap<ExecutionState, Promise<AISRouter>>();

  constructor(parts: ModelRoutingParts) {
    this.#parts = parts;
  }

  async route(state: ExecutionState, snapshot: RoutingSnapshot, { step, path, intent, directModel }: RouteRequest): Promise<RouteDecision> {
    const router = await this.#routerOf(state, snapshot);
    const { provider, model } = this.#parts.providers.resolve(directModel);
    const lockedModel = step.type === "llm_decision" ? modelBefore(state, path) : undefined;
    return router.route(
      // A model that workflow or step names is the person's wish, and wins.
      { id: state.claim.agentId, ais: snapshot.ais, history: snapshot.history, model: state.definition.model },
      step as WorkflowStep & Readonly<Record<string, unknown>>,
      { intent, signature: signatureOf(path), directModel: `${provider.name}/${model}`, lockedModel },
    );
  }

  #routerOf(state: ExecutionState, { tables, cuts }: RoutingSnapshot): Promise<AISRouter> {
    let made = this.#routers.get(state);
    if (made === undefined) {
      const { db, providers, prices, evidence } = this.#parts;
      made = evidence
        .get(db, state.workspaceId)
        .then((known) => new AISRouter({ tables, cuts, facts: createModelFacts({ providers, prices }), evidence: known }));
      this.#routers.set(state, made);
      made.catch(() => this.#routers.delete(state));
    }
    return made;
  }
}

/** One model per tool loop, whatever happens in between. */
function modelBefore(state: ExecutionState, path: string): string | undefined {
  const asked = state.attemptsOf(path).findLast(({ kind, message }) => kind === "model" && message !== null);
  return asked === undefined || asked.provider === null || asked.model === null ? undefined : `${asked.provider}/${asked.model}`;
}
