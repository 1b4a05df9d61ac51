// Joins orchestration for the pilot: decisions, views, present flags. Joins nothing else.
import type { FeatureFlags } from "../flags/FeatureFlags.ts";
import { Orchestrator } from "../orchestration/Orchestrator.ts";
import { TokenCompressor } from "../orchestration/TokenCompressor.ts";
import type { StepHistoryCache } from "../orchestration/budgets/StepHistoryCache.ts";
import type { StepClassifier } from "../orchestration/types.ts";
import { ViewMaker } from "../orchestration/ViewMaker.ts";
import { FlagWatch } from "../pilot/governance/FlagWatch.ts";
import { Governor } from "../pilot/governance/Governor.ts";
import type { ModelRouting } from "../pilot/governance/ModelRouting.ts";
import type { HandlerRouter } from "../pilot/handlers/HandlerRouter.ts";
import { forecastWorkflow } from "../pilot/forecastWorkflow.ts";
import type { PilotServices } from "../pilot/types.ts";

import { classifySteps } from "./createClassifier.ts";
import type { IntensityKeeper } from "./IntensityKeeper.ts";

export interface GovernorOptions extends Pick<PilotServices, "db" | "clock" | "logger" | "providers" | "prices" | "counter"> {
  readonly flags: FeatureFlags;
  readonly classifier: StepClassifier;
  readonly histories: StepHistoryCache;
  readonly router: HandlerRouter;
  readonly intensity: IntensityKeeper;
  readonly models: ModelRouting;
}

export function createGovernor({ flags, intensity, models, ...services }: GovernorOptions): Governor {
  const { db, clock, counter, classifier } = services;
  return new Governor({
    ...services,
    models,
    onExecution: ({ id, workspaceId }, { tokens }) => intensity.watch({ id, workspaceId, hasBudgets: tokens !== "off" }),
    orchestrator: new Orchestrator(),
    views: new ViewMaker({ compressor: new TokenCompressor({ counter }) }),
    forecast: ({ claim, definition, snapshot }, history) =>
      forecastWorkflow({
        agentId: claim.agentId,
        definition,
        classifications: classifySteps(definition, classifier),
        services,
        pricedAs: snapshot.pricedAs,
        defaultModel: snapshot.defaultModel,
        history,
        modelOf: models.modelOf({ agentId: claim.agentId, definition, defaultModel: snapshot.defaultModel }, snapshot.governance),
      }),
    flags: new FlagWatch({ db, flags, clock }),
  });
}
