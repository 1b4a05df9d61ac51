// Whether a cheaper model is worth a try before the one the tier asks for. Only where code checks the answer: elsewhere nothing is learned.
import type { Choice } from "./types.ts";

/** First attempts of a step before evidence may take it above its tier. */
const LEAST_SAMPLES = 5;

export interface EvidenceChoice {
  readonly choice: Choice;
  readonly reason: string;
  readonly expectedCostUsd: number | null;
}

/**
 * Cheap first iff cost(cheap) < lower bound of P(cheap passes) × cost(strong): then a try and, where it fails, one
 * escalation cost less than the strong model alone. Of several the one with the least expected cost.
 * An unknown price decides nothing.
 */
export function tryCheapFirst(strong: Choice, cheaper: readonly Choice[], trail: string[]): EvidenceChoice | null {
  const strongUsd = strong.candidate.costUsd;
  if (strongUsd === null) {
    if (cheaper.length > 0) trail.push(`the price of ${strong.candidate.model} is unknown: nothing cheaper is tried first`);
    return null;
  }
  let best: EvidenceChoice | null = null;
  for (const choice of cheaper) {
    const { costUsd, estimate, model } = choice.candidate;
    if (costUsd === null || estimate === null) continue;
    const pays = costUsd < estimate.lower * strongUsd;
    const line = `${model} passes with ${percent(estimate.mean)}, at least ${percent(estimate.lower)} (${estimate.samples === 0 ? "assumed, no tries yet" : `${figure(estimate.samples)} tries`}): ${usd(costUsd)} ${pays ? "<" : ">="} ${figure(estimate.lower)} × ${usd(strongUsd)}`;
    trail.push(line);
    const expectedCostUsd = costUsd + (1 - estimate.mean) * strongUsd;
    if (pays && (best === null || expectedCostUsd < (best.expectedCostUsd ?? 0)))
      best = { choice, expectedCostUsd, reason: `cheap first: ${line}, then ${strong.candidate.model}` };
  }
  return best;
}

/** The reverse: the tier's own model fails this step so often that trying it first costs more than the next tier alone. */
export function climb(own: Choice, above: Choice, trail: string[]): Omit<EvidenceChoice, "expectedCostUsd"> | null {
  const { costUsd, estimate, model } = own.candidate;
  const aboveUsd = above.candidate.costUsd;
  if (costUsd === null || aboveUsd === null || estimate === null || estimate.samples < LEAST_SAMPLES) return null;
  if (costUsd < estimate.lower * aboveUsd) return null;
  // A model that costs as much as the next one is no cheap try; whether it is the worse one is for its tier to say.
  if (costUsd >= aboveUsd) return null;
  const line = `${model} passes with at least ${percent(estimate.lower)} only (${figure(estimate.samples)} tries): ${usd(costUsd)} >= ${figure(estimate.lower)} × ${usd(aboveUsd)}`;
  trail.push(line);
  return { choice: above, reason: `${line}: ${above.tier} tier at once` };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}

function usd(value: number): string {
  return `$${Number(value.toPrecision(3))}`;
}
