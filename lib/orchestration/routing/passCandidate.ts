// Whether a model can serve a request at all: known, with a key, large enough, able to take what is sent, in order. No preference, no price.
import type { Candidate, RouteDegradation, RouteNeeds } from "./types.ts";

/** @returns null: it can, as far as anything is known */
export function faultOf(candidate: Candidate, needs: RouteNeeds): RouteDegradation | null {
  return (
    lastingFault(candidate, needs) ??
    (candidate.isHealthy ? null : fault("unhealthy", candidate, "fails at the moment: its breaker is open"))
  );
}

/** What no waiting mends. */
export function lastingFault(candidate: Candidate, { inputTokens, hasTools, modalities }: RouteNeeds): RouteDegradation | null {
  const { state, windowTokens, takesTools, modalities: taken } = candidate;
  if (state === "unknown") return fault("unknown", candidate, "is known to no configured provider");
  if (state === "no_key") return fault("no_key", candidate, "has no key: its provider is not set up");
  if (windowTokens !== null && inputTokens !== null && inputTokens > windowTokens)
    return fault("window", candidate, `takes ${windowTokens} tokens, the request has ${inputTokens}`);
  if (hasTools && takesTools === false) return fault("tools", candidate, "takes no tools");
  const missing = taken === null ? undefined : modalities.find((modality) => !taken.includes(modality));
  return missing === undefined ? null : fault("modality", candidate, `takes no ${missing}`);
}

function fault(cause: RouteDegradation["cause"], { model }: Candidate, what: string): RouteDegradation {
  return { cause, subject: model, detail: `${model} ${what}` };
}
