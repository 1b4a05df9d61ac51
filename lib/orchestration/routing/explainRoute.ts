// A routing decision in words, for people. Made from the decision alone: it looks nothing up.
import { TIERS } from "./chooseTier.ts";
import type { Candidate, RouteDecision } from "./types.ts";

/** Several lines, without colour; the first one is the decision. */
export function explainRoute(decision: RouteDecision): string {
  const { tier, model, callModel, reason, rule, escalation, expectedCostUsd, degradations, alternatives, trail, inputs } = decision;
  const lines = [
    `${tier}: ${model}${callModel === model ? "" : ` (called as ${callModel})`}, because ${reason}`,
    `rule          ${rule}`,
    `score         ${inputs.ais === null ? "none" : inputs.ais} (fast below ${inputs.cuts.fast}, balanced below ${inputs.cuts.balanced}), ${describeHistory(decision)}`,
    `expected cost ${expectedCostUsd === null ? "unknown" : `$${Number(expectedCostUsd.toPrecision(3))}`}`,
    `if it fails   ${escalation === null ? "no escalation" : `${escalation.model} (${escalation.tier}), once`}`,
    `else          ${alternatives.length === 0 ? "nothing" : alternatives.map((other) => `${other.model} (${other.tier})`).join(", ")}`,
    ...trail.map((line, index) => `${index === 0 ? "asked in turn " : "              "}${line}`),
    ...degradations.map(({ cause, detail }, index) => `${index === 0 ? "not as asked  " : "              "}${cause}: ${detail}`),
    ...TIERS.flatMap((one) => inputs.tiers[one].map((candidate) => `${`  ${one}`.padEnd(14)}${describeCandidate(candidate)}`)),
  ];
  return lines.join("\n");
}

function describeHistory({ inputs: { history } }: RouteDecision): string {
  if (history.length === 0) return "no execution before this one";
  return `before this: ${history.map(({ ais, tier }) => `${ais === null ? "no score" : ais} → ${tier}`).join(", ")}`;
}

function describeCandidate({ model, state, windowTokens, isHealthy, costUsd, estimate }: Candidate): string {
  const facts = [
    state === "unchecked" ? null : state.replace("_", " "),
    windowTokens === null ? null : `window ${windowTokens}`,
    costUsd === null ? null : `$${Number(costUsd.toPrecision(3))} a call`,
    estimate === null ? null : `passes ${Math.round(estimate.mean * 100)} % (at least ${Math.round(estimate.lower * 100)} %)`,
    isHealthy ? null : "breaker open",
  ].filter((fact) => fact !== null);
  return [model, ...facts].join(", ");
}
