// A decision as it is stored: only what it was made from, each model once, nothing that is as usual. It is made again when it is read.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { TIERS } from "./chooseTier.ts";
import { parseRouteInputs, type ParsedRouteInputs } from "./parseRouteInputs.ts";
import type { Candidate, RouteDecision } from "./types.ts";

/** What most models have: left out where it is so. */
const USUAL = { state: "served", windowTokens: null, takesTools: null, modalities: null, isHealthy: true, costUsd: null, estimate: null };

/** One to two kilobytes with the shipped tables. `readStoredRoute` gives the inputs back. */
export function toStoredRoute({ inputs }: Pick<RouteDecision, "inputs">): JsonObject {
  const { tiers, preferred, ...rest } = inputs;
  const models = new Map<string, JsonObject>();
  const nameOf = (candidate: Candidate): string => {
    models.set(candidate.model, briefly(candidate));
    return candidate.model;
  };
  return {
    // The shapes are JSON; only their readonly members keep the compiler from seeing it.
    ...(rest as unknown as JsonObject),
    tiers: Object.fromEntries(TIERS.map((tier) => [tier, tiers[tier].map(nameOf)])),
    preferred: preferred === null ? null : nameOf(preferred),
    // Defines members of any name, where an assignment to __proto__ would not.
    models: Object.fromEntries(models),
  };
}

function briefly({ model, callModel, ...facts }: Candidate): JsonObject {
  const unusual = Object.entries(facts).filter(([name, value]) => value !== USUAL[name as keyof typeof USUAL]);
  return { ...(callModel === model ? {} : { callModel }), ...(Object.fromEntries(unusual) as JsonObject) };
}

/** @param value as `toStoredRoute` gave it, or inputs in full; anything else is told */
export function readStoredRoute(value: unknown): ParsedRouteInputs {
  if (!isJsonObject(value) || !isJsonObject(value["models"])) return parseRouteInputs(value);
  const { models, tiers, preferred, ...rest } = value;
  const candidate = (name: JsonValue): JsonObject => inFull(name, models);
  const named = isJsonObject(tiers) ? tiers : {};
  const [fast, balanced, capable] = TIERS.map((tier) => {
    const names = named[tier];
    return Array.isArray(names) ? names.map(candidate) : null;
  });
  const inFullToo = preferred === undefined || preferred === null ? preferred : candidate(preferred);
  return parseRouteInputs({ ...rest, tiers: { fast, balanced, capable }, preferred: inFullToo });
}

/** Without members where there is no such model: the check of the inputs then tells where. */
function inFull(name: JsonValue, models: JsonObject): JsonObject {
  const facts = typeof name === "string" && Object.hasOwn(models, name) ? models[name] : undefined;
  return isJsonObject(facts) ? { callModel: name, ...USUAL, ...facts, model: name } : {};
}

/** Details of the audit event ORCHESTRATION_AIS_ROUTED: what was decided and why, without what it was made from. */
export function toAuditDetails(decision: RouteDecision): JsonObject {
  const { tier, callModel, rule, reason, aisTier, expectedCostUsd, escalation, degradations, inputs } = decision;
  return {
    tier,
    model: callModel,
    rule,
    reason,
    ais: inputs.ais,
    aisTier,
    expectedCostUsd,
    escalation: escalation?.callModel ?? null,
    degradations: degradations.map(({ cause, subject }) => ({ cause, subject })),
  };
}
