// Decides what is to be done with a step: handler, views, cap, budget, and why. It acts on nothing: plan, observe, explain and the pilot all ask the same function.
import type { WorkflowStep } from "../workflow/types.ts";
import type { DecideContext, StepDecision, ViewPolicy } from "./types.ts";

/** Agent intensity below which content may be cut hard, and from which it is not cut at all (the plan's tiers). */
const AGGRESSIVE_BELOW_AIS = 5;
const MINIMAL_FROM_AIS = 7.5;
/** With less than this share of its planned tokens left, a step's content is cut as hard as quality allows. */
const TIGHT_SHARE = 0.2;

export class Orchestrator {
  /** Pure: the same step and context give the same decision. */
  decide(step: WorkflowStep, context: DecideContext): StepDecision {
    const { label, mode, namedModel, defaultMaxOutputTokens, share, routing } = context;
    const trail = [`intent ${label.intent}, effect ${label.effect} (${label.source})`];
    const views = viewPolicy(step, context, trail);
    if (share !== null) trail.push(`planned ${share.allocatedTokens} tokens, used ${share.usedTokens}, pool ${share.poolTokens}`);
    if (routing !== undefined) trail.push(routing.reason);
    return {
      mode,
      intent: label.intent,
      effect: label.effect,
      model: step.model ?? namedModel,
      maxOutputTokens: step.max_output_tokens ?? defaultMaxOutputTokens,
      views,
      handler: routing?.handler ?? null,
      allocatedTokens: share === null ? null : share.allocatedTokens,
      trail,
      why: `${label.intent} step, ${views.name} views up to level ${views.level}`,
    };
  }
}

function viewPolicy(step: WorkflowStep, { ais, settings, share }: DecideContext, trail: string[]): ViewPolicy {
  const { minQuality } = settings;
  if (step.exact === true) {
    trail.push("exact: only lossless views");
    return { name: "exact", level: 0, minQuality: 5 };
  }
  if (step.type === "llm_decision") {
    trail.push("tool loop: lossless views; of long tool results ones whose rest can be had back");
    return { name: "loop", level: 1, minQuality: minQuality.moderate };
  }
  if (share !== null && isTight(share)) {
    trail.push(`less than ${TIGHT_SHARE * 100} % of the planned tokens are left: aggressive views`);
    return { name: "aggressive", level: 2, minQuality: minQuality.aggressive };
  }
  if (ais === null) {
    trail.push("no AIS yet: moderate views");
    return { name: "moderate", level: 2, minQuality: minQuality.moderate };
  }
  trail.push(`AIS ${ais}`);
  if (ais < AGGRESSIVE_BELOW_AIS) return { name: "aggressive", level: 2, minQuality: minQuality.aggressive };
  if (ais < MINIMAL_FROM_AIS) return { name: "moderate", level: 2, minQuality: minQuality.moderate };
  return { name: "minimal", level: 0, minQuality: 5 };
}

function isTight({ allocatedTokens, usedTokens, poolTokens }: NonNullable<DecideContext["share"]>): boolean {
  return allocatedTokens - usedTokens + poolTokens < allocatedTokens * TIGHT_SHARE;
}
