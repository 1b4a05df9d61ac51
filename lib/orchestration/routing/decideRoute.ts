// From all inputs to the decision: lock, preference, tier, filters, evidence, in this order. Pure: a stored decision's inputs give it again.
import type { Tier } from "../types.ts";
import { chooseTier, rankOf, TIERS, type ChosenTier } from "./chooseTier.ts";
import { climb, tryCheapFirst } from "./cheapFirst.ts";
import { faultOf, lastingFault } from "./passCandidate.ts";
import type { Candidate, Choice, RouteDecision, RouteDegradation, RouteInputs, RouteRule } from "./types.ts";

/** The decision while it is made. */
interface Draft {
  readonly choice: Choice;
  readonly rule: RouteRule;
  readonly reason: string;
  readonly escalation: Choice | null;
  readonly expectedCostUsd: number | null;
}

/** Never throws; the same inputs give the same decision. */
export function decideRoute(inputs: RouteInputs): RouteDecision {
  const chosen = chooseTier(inputs.ais, inputs.history, inputs.cuts);
  const log = new Log(inputs, chosen);
  const draft = lockedDraft(inputs, chosen, log) ?? preferredDraft(inputs, chosen, log) ?? tierDraft(inputs, chosen, log);
  const { choice, rule, reason, escalation, expectedCostUsd } = draft;
  return {
    tier: choice.tier,
    model: choice.candidate.model,
    callModel: choice.candidate.callModel,
    rule,
    reason,
    aisTier: chosen.tier,
    expectedCostUsd,
    escalation: escalation === null ? null : nameOf(escalation),
    alternatives: alternativesTo(choice, inputs),
    degradations: log.degradations,
    trail: log.trail,
    inputs,
  };
}

/** What a decision is shown to be: made once more from its inputs. */
export function replayRoute({ inputs }: Pick<RouteDecision, "inputs">): RouteDecision {
  return decideRoute(inputs);
}

class Log {
  readonly trail: string[] = [];
  readonly degradations: RouteDegradation[] = [];

  constructor({ ais, aisFault }: RouteInputs, { reason }: ChosenTier) {
    if (aisFault !== null) this.degrade({ cause: "ais_invalid", subject: null, detail: aisFault });
    else if (ais === null) this.degrade({ cause: "ais_missing", subject: null, detail: "the agent has no score yet" });
    this.trail.push(reason);
  }

  degrade(degradation: RouteDegradation): void {
    this.degradations.push(degradation);
    this.trail.push(degradation.detail);
  }
}

/** One tool loop stays on one model: signatures, call ids and cached prefixes do not travel. */
function lockedDraft(inputs: RouteInputs, { tier }: ChosenTier, log: Log): Draft | null {
  const { lockedModel } = inputs;
  if (lockedModel === null) return null;
  const candidate = findCandidate(inputs, lockedModel) ?? unlisted(lockedModel);
  log.trail.push(`the loop began with ${lockedModel}`);
  return {
    choice: { tier: tierListing(inputs, candidate.model) ?? tier, candidate },
    rule: "locked",
    reason: `the tool loop stays on ${lockedModel}`,
    escalation: null,
    expectedCostUsd: candidate.costUsd,
  };
}

/** A person's choice stands unless it can never be served. A breaker that is open is no reason: it closes again. */
function preferredDraft(inputs: RouteInputs, { tier }: ChosenTier, log: Log): Draft | null {
  const { preferred, needs } = inputs;
  if (preferred === null) return null;
  const lasting = lastingFault(preferred, needs);
  if (lasting !== null) {
    log.degrade({ ...lasting, detail: `the preferred ${lasting.detail}` });
    return null;
  }
  const passing = faultOf(preferred, needs);
  if (passing !== null) log.trail.push(`the preferred ${passing.detail}; it stays preferred`);
  log.trail.push(`${preferred.model} is preferred`);
  return {
    choice: { tier: inputs.preference.tier ?? tierListing(inputs, preferred.model) ?? tier, candidate: preferred },
    rule: "preference",
    reason: `${preferred.model} is preferred by agent or step`,
    escalation: null,
    expectedCostUsd: preferred.costUsd,
  };
}

function tierDraft(inputs: RouteInputs, chosen: ChosenTier, log: Log): Draft {
  const wanted = inputs.preference.tier ?? chosen.tier;
  if (inputs.preference.tier !== null) log.trail.push(`tier ${wanted} is preferred`);
  const found = firstPassing(wanted, inputs, log);
  if (found === null) return elsewhere(wanted, inputs, log);
  const plain: Draft = {
    choice: found,
    rule: inputs.preference.tier !== null ? "preference" : chosen.isHeld ? "hysteresis" : "ais",
    reason: inputs.preference.tier !== null ? `tier ${wanted} is preferred by agent or step` : withFault(inputs, chosen),
    escalation: inputs.hasVerifier ? firstAbove(found, inputs) : null,
    expectedCostUsd: found.candidate.costUsd,
  };
  // The plan's cut is exact for an agent without history, and a tier that a person asked for is not second-guessed.
  if (!inputs.hasVerifier || inputs.history.length === 0 || inputs.preference.tier !== null) return plain;
  return byEvidence(plain, inputs, log);
}

function byEvidence(plain: Draft, inputs: RouteInputs, log: Log): Draft {
  const { choice } = plain;
  if (inputs.mayCascade) {
    const cheaper = TIERS.slice(0, rankOf(choice.tier)).flatMap((tier) => passing(tier, inputs));
    const cheap = tryCheapFirst(choice, cheaper, log.trail);
    if (cheap !== null) return { ...cheap, rule: "cheap_first", escalation: choice };
  }
  const above = plain.escalation === null ? null : climb(choice, plain.escalation, log.trail);
  if (above === null) return plain;
  const escalation = firstAbove(above.choice, inputs);
  return { ...above, rule: "evidence", escalation, expectedCostUsd: above.choice.candidate.costUsd };
}

function withFault({ aisFault }: RouteInputs, { reason, tier }: ChosenTier): string {
  return aisFault === null ? reason : `${aisFault}: ${tier} tier`;
}

/** The tier wanted has nothing to offer: a stronger one, then a weaker one, then what would be called without routing. */
function elsewhere(wanted: Tier, inputs: RouteInputs, log: Log): Draft {
  const others = [...TIERS.slice(rankOf(wanted) + 1), ...TIERS.slice(0, rankOf(wanted)).toReversed()];
  const found = firstOf(others, inputs, log);
  log.degrade({ cause: "tier_empty", subject: wanted, detail: `no model of tier ${wanted} can serve this step` });
  if (found !== null) {
    const reason = `no model of tier ${wanted} can serve this step: ${found.tier} tier`;
    return { choice: found, rule: "fallback", reason, escalation: null, expectedCostUsd: found.candidate.costUsd };
  }
  const name =
    inputs.directModel ??
    inputs.tiers[wanted][0]?.model ??
    TIERS.map((tier) => inputs.tiers[tier][0]?.model).find((model) => model !== undefined) ??
    "";
  const candidate = findCandidate(inputs, name) ?? unlisted(name);
  const reason = `no model of any tier can serve this step: ${name} as without routing`;
  log.degrade({ cause: "no_candidate", subject: null, detail: "no model of any tier can serve this step" });
  return { choice: { tier: wanted, candidate }, rule: "direct", reason, escalation: null, expectedCostUsd: candidate.costUsd };
}

/** Stops at the first tier that can serve: what the others lack was not asked for. */
function firstOf(tiers: readonly Tier[], inputs: RouteInputs, log: Log): Choice | null {
  for (const tier of tiers) {
    const found = firstPassing(tier, inputs, log);
    if (found !== null) return found;
  }
  return null;
}

function firstPassing(tier: Tier, inputs: RouteInputs, log: Log): Choice | null {
  for (const candidate of inputs.tiers[tier]) {
    const fault = faultOf(candidate, inputs.needs);
    if (fault === null) return { tier, candidate };
    log.degrade(fault);
  }
  return null;
}

/** An operator's table may list one model in two tiers: the same model again is no escalation. */
function firstAbove({ tier, candidate: { callModel } }: Choice, inputs: RouteInputs): Choice | null {
  const above = TIERS.slice(rankOf(tier) + 1).flatMap((one) => passing(one, inputs));
  return above.find(({ candidate }) => candidate.callModel !== callModel) ?? null;
}

function passing(tier: Tier, { tiers, needs }: RouteInputs): readonly Choice[] {
  return tiers[tier].filter((candidate) => faultOf(candidate, needs) === null).map((candidate) => ({ tier, candidate }));
}

/** The rest of the tier, then stronger ones, then weaker ones: the order in which a call that failed goes on. */
function alternativesTo({ tier, candidate: { callModel } }: Choice, inputs: RouteInputs): RouteDecision["alternatives"] {
  const order = [tier, ...TIERS.slice(rankOf(tier) + 1), ...TIERS.slice(0, rankOf(tier)).toReversed()];
  const seen = new Set([callModel]);
  return order
    .flatMap((one) => passing(one, inputs))
    .filter(({ candidate }) => !seen.has(candidate.callModel) && seen.add(candidate.callModel))
    .map(nameOf);
}

function nameOf({ tier, candidate: { model, callModel } }: Choice) {
  return { tier, model, callModel };
}

function tierListing({ tiers }: RouteInputs, model: string): Tier | null {
  return TIERS.find((tier) => tiers[tier].some((candidate) => candidate.model === model || candidate.callModel === model)) ?? null;
}

function findCandidate({ tiers }: RouteInputs, model: string): Candidate | null {
  for (const tier of TIERS)
    for (const candidate of tiers[tier]) if (candidate.model === model || candidate.callModel === model) return candidate;
  return null;
}

function unlisted(model: string): Candidate {
  const unknown = { windowTokens: null, takesTools: null, modalities: null, costUsd: null, estimate: null };
  return { model, callModel: model, state: "unchecked", isHealthy: true, ...unknown };
}
