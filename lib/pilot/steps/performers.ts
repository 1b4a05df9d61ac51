// Which performer knows which step type: the one table, complete by its type.
import type { Performers } from "../types.ts";
import { performAction } from "./action.ts";
import { performAiProcessing } from "./aiProcessing.ts";
import { performComparison } from "./comparison.ts";
import { performConditional } from "./conditional.ts";
import { performDelay } from "./delay.ts";
import { performDeterministicExtraction } from "./deterministicExtraction.ts";
import { performEnrichment } from "./enrichment.ts";
import { performHumanApproval } from "./humanApproval.ts";
import { performLlmDecision } from "./llmDecision.ts";
import { performLoop } from "./loop.ts";
import { performParallelGroup } from "./parallelGroup.ts";
import { performScatterGather } from "./scatterGather.ts";
import { performSubWorkflow } from "./subWorkflow.ts";
import { performSwitch } from "./switch.ts";
import { performTransform } from "./transform.ts";
import { performValidation } from "./validation.ts";

export const performers: Performers = {
  action: performAction,
  ai_processing: performAiProcessing,
  llm_decision: performLlmDecision,
  conditional: performConditional,
  switch: performSwitch,
  loop: performLoop,
  parallel_group: performParallelGroup,
  scatter_gather: performScatterGather,
  transform: performTransform,
  delay: performDelay,
  enrichment: performEnrichment,
  validation: performValidation,
  comparison: performComparison,
  sub_workflow: performSubWorkflow,
  human_approval: performHumanApproval,
  deterministic_extraction: performDeterministicExtraction,
};
