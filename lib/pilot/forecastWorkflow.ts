// What one execution of a workflow is expected to use, in tokens and money, by what earlier executions used. Worst cases are planWorkflow.ts's.
import type { NanoUsd } from "../core/money.ts";
import type { StepHistory } from "../orchestration/budgets/StepHistory.ts";
import type { StepLabel as BudgetLabel } from "../orchestration/budgets/types.ts";
import { TokenBudgetManager, type WorkflowForecast } from "../orchestration/TokenBudgetManager.ts";
import type { IntentClassification } from "../orchestration/types.ts";
import type { WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import { decideDirect } from "./decideDirect.ts";
import type { ConfigSnapshot } from "./ExecutionState.ts";
import type { PilotServices } from "./types.ts";

export interface ForecastRequest {
  readonly agentId: string;
  readonly definition: WorkflowDefinition;
  readonly classifications: ReadonlyMap<string, IntentClassification>;
  readonly services: Pick<PilotServices, "providers" | "prices">;
  readonly pricedAs: string | null;
  readonly defaultModel: string | null;
  /** Where routing sends a step; undefined, or undefined for the step: as without routing. */
  readonly modelOf?: ((step: WorkflowStep) => string | undefined) | undefined;
  /** Absent: nothing was ever measured, and the shipped table is all there is. */
  readonly history?: StepHistory;
}

export function forecastWorkflow({
  agentId,
  definition,
  classifications,
  services,
  pricedAs,
  defaultModel,
  history,
  modelOf,
}: ForecastRequest): WorkflowForecast {
  const labels = new Map<string, BudgetLabel>();
  for (const [id, { intent, estimatedTokens }] of classifications) labels.set(id, { intent, estimatedTokens });
  return new TokenBudgetManager().forecast(
    { id: agentId, name: definition.name, steps: definition.steps },
    {
      labels,
      ...(history === undefined ? {} : { history }),
      modelOf: (step) => pricedModel(step, { definition, services, pricedAs, defaultModel, modelOf }),
    },
  );
}

function pricedModel(
  step: WorkflowStep,
  {
    definition,
    services,
    pricedAs,
    defaultModel,
    modelOf,
  }: Pick<ForecastRequest, "definition" | "services" | "pricedAs" | "defaultModel" | "modelOf">,
): { readonly model: string; readonly priceOf: (inputTokens: number, outputTokens: number) => NanoUsd | null } {
  const decision = decideDirect(step, { definition, snapshot: { defaultModel } as ConfigSnapshot });
  const resolved = services.providers.resolve(modelOf?.(step) ?? decision.model);
  const name = `${resolved.provider.name}/${resolved.model}`;
  const priced = pricedAs !== null && resolved.provider.isOffline ? pricedAs : name;
  const slash = priced.indexOf("/");
  const [provider, model] = [priced.slice(0, slash), priced.slice(slash + 1)];
  return { model: name, priceOf: (inputTokens, outputTokens) => services.prices.priceCall(provider, model, { inputTokens, outputTokens }) };
}
