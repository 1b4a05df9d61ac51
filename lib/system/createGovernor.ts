// Joins orchestration for the pilot: decisions, views, present flags. Joins nothing else.
import type { FeatureFlags } from "../flags/FeatureFlags.ts";
import { Orchestrator } from "../orchestration/Orchestrator.ts";
import { TokenCompressor } from "../orchestration/TokenCompressor.ts";
import type { StepClassifier } from "../orchestration/types.ts";
import { ViewMaker } from "../orchestration/ViewMaker.ts";
import { FlagWatch } from "../pilot/governance/FlagWatch.ts";
import { Governor } from "../pilot/governance/Governor.ts";
import type { PilotServices } from "../pilot/types.ts";

export interface GovernorOptions extends Pick<PilotServices, "db" | "clock" | "logger" | "providers" | "prices" | "counter"> {
  readonly flags: FeatureFlags;
  readonly classifier: StepClassifier;
}

export function createGovernor({ flags, ...services }: GovernorOptions): Governor {
  const { db, clock, counter } = services;
  return new Governor({
    ...services,
    orchestrator: new Orchestrator(),
    views: new ViewMaker({ compressor: new TokenCompressor({ counter }) }),
    flags: new FlagWatch({ db, flags, clock }),
  });
}
