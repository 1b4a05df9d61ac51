// Where a call goes on after it failed, by the class of its failure. It retries nothing itself: one owner counts the tries.
import type { FailureClass } from "./failureClass.ts";
import type { Candidate, RouteDecision } from "./types.ts";
import { TIERS } from "./chooseTier.ts";

export interface FallbackRequest {
  readonly decision: RouteDecision;
  readonly failure: FailureClass;
  /** Called so far, the failed one last. */
  readonly triedModels: readonly string[];
  /** Name of the provider, and of its account where there are several. */
  readonly accountOf: (callModel: string) => string;
}

export type Fallback = RouteDecision["alternatives"][number];

/**
 * - rate_limit, outage, account: another provider or account, because models of one share its quota and its fate;
 * - model: any other model;
 * - overflow: a model with a larger window, as far as windows are known;
 * - refused, caller, aborted: none, they would fail alike.
 *
 * @returns null: nowhere. A tool loop and a model that a person chose have no fallback.
 */
export function chooseFallback({ decision, failure, triedModels, accountOf }: FallbackRequest): Fallback | null {
  const { preferred } = decision.inputs;
  const isChosen = decision.rule === "preference" && preferred !== null && preferred.callModel === decision.callModel;
  if (decision.rule === "locked" || isChosen) return null;
  const left = decision.alternatives.filter(({ callModel }) => !triedModels.includes(callModel));
  if (failure === "model") return left[0] ?? null;
  if (failure === "overflow") return withLargerWindow(decision, left, triedModels);
  if (failure !== "rate_limit" && failure !== "outage" && failure !== "account") return null;
  const failed = new Set(triedModels.map(accountOf));
  return left.find(({ callModel }) => !failed.has(accountOf(callModel))) ?? null;
}

function withLargerWindow(decision: RouteDecision, left: readonly Fallback[], triedModels: readonly string[]): Fallback | null {
  const windowOf = (callModel: string): number | null => candidateOf(decision, callModel)?.windowTokens ?? null;
  const largest = Math.max(0, ...triedModels.map((callModel) => windowOf(callModel) ?? 0));
  return left.find(({ callModel }) => (windowOf(callModel) ?? 0) > largest) ?? null;
}

function candidateOf({ inputs: { tiers } }: RouteDecision, callModel: string): Candidate | undefined {
  return TIERS.flatMap((tier) => tiers[tier]).find((candidate) => candidate.callModel === callModel);
}
