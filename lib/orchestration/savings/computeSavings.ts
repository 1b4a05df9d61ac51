// An execution's ledger of savings: what the same work would have cost, why it cost less, what we cost ourselves. Pure; it stores and prints nothing.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelUsage } from "../../tokens/types.ts";
import { compareCall, type CallComparison } from "./compareCall.ts";
import { avoidedNote, modelNote, orderNote, ownNote, viewsNote } from "./savingsNotes.ts";
import type {
  AvoidedCall,
  CallBaseline,
  CallPricer,
  OwnCall,
  SavingsCause,
  SavingsFacts,
  SavingsLine,
  SavingsMethod,
  SavingsReport,
  SavingsTotal,
  ServedCall,
} from "./types.ts";

/** A sum that remembers whether something in it is unknown. */
class Sum {
  #knownUsd = 0n;
  /** Known amounts of calls that are not known as a whole. */
  #partUsd = 0n;
  #isKnown = true;
  #tokens = 0;

  /** @param isWhole false: another price of the same call is unknown, so this one is left out of the known sums to keep them even */
  add(usd: NanoUsd | null, tokens: number, isWhole: boolean): void {
    this.#tokens += tokens;
    if (usd === null) this.#isKnown = false;
    else if (isWhole) this.#knownUsd += usd;
    else this.#partUsd += usd;
  }

  total(): SavingsTotal {
    return { usd: this.#isKnown ? this.#knownUsd + this.#partUsd : null, knownUsd: this.#knownUsd, tokens: this.#tokens };
  }
}

interface Compared {
  readonly call: ServedCall;
  readonly baseline: CallBaseline;
  readonly comparison: CallComparison;
}

/** @param prices those of the execution's snapshot: both sides are priced alike */
export function computeSavings(facts: SavingsFacts, prices: CallPricer): SavingsReport {
  const tally = new Tally();
  for (const call of facts.calls) {
    if (call.kind === "served") tally.served(call, prices);
    else if (call.kind === "own") tally.own(call);
    else tally.avoided(call, prices);
  }
  return tally.report(facts.stepsWithoutModel ?? 0);
}

class Tally {
  readonly #baseline = new Sum();
  readonly #paid = new Sum();
  readonly #sums: Readonly<Record<SavingsCause, Sum>> = {
    "smaller views": new Sum(),
    "cheaper model": new Sum(),
    "cache-wise order": new Sum(),
    "no model needed": new Sum(),
    "own costs": new Sum(),
  };
  readonly #compared: Compared[] = [];
  readonly #ownCalls: OwnCall[] = [];
  readonly #avoidedCalls: AvoidedCall[] = [];
  #servedCalls = 0;
  #withoutPrice = 0;
  #assumed = 0;
  #withoutBaseline = 0;

  served(call: ServedCall, prices: CallPricer): void {
    const { baseline, paidUsd, usage } = call;
    const tokens = tokensOf(usage);
    this.#servedCalls += 1;
    if (call.isAssumed) this.#assumed += 1;
    if (baseline === null) {
      this.#withoutBaseline += 1;
      if (paidUsd === null) this.#withoutPrice += 1;
      this.#baseline.add(paidUsd, tokens, true);
      this.#paid.add(paidUsd, tokens, true);
      return;
    }
    const comparison = compareCall(call, baseline, prices);
    const { baselineUsd, viewsUsd, modelUsd, orderUsd, viewsTokens, usesOtherModel } = comparison;
    const isWhole = [baselineUsd, viewsUsd, modelUsd, orderUsd, paidUsd].every((amount) => amount !== null);
    if (!isWhole) this.#withoutPrice += 1;
    this.#baseline.add(baselineUsd, tokens + viewsTokens, isWhole);
    this.#paid.add(paidUsd, tokens, isWhole);
    // What was not done to a call saved nothing on it, whatever is unknown about its price.
    this.#sums["smaller views"].add(viewsTokens === 0 ? 0n : viewsUsd, viewsTokens, isWhole);
    this.#sums["cheaper model"].add(usesOtherModel ? modelUsd : 0n, 0, isWhole);
    this.#sums["cache-wise order"].add(baseline.plainCache === undefined ? 0n : orderUsd, 0, isWhole);
    this.#compared.push({ call, baseline, comparison });
  }

  own(call: OwnCall): void {
    const { paidUsd, usage, purpose } = call;
    const tokens = tokensOf(usage);
    if (call.isAssumed) this.#assumed += 1;
    if (paidUsd === null) this.#withoutPrice += 1;
    this.#paid.add(paidUsd, tokens, true);
    this.#ownCalls.push(call);
    // The price of having tried the cheap model first is netted where its gain stands.
    if (purpose === "escalation") this.#sums["cheaper model"].add(paidUsd === null ? null : -paidUsd, -tokens, true);
    else this.#sums["own costs"].add(paidUsd, tokens, true);
  }

  avoided(call: AvoidedCall, prices: CallPricer): void {
    const usage = { inputTokens: call.rawInputTokens, outputTokens: call.outputTokens };
    const usd = prices.priceCall(call.provider, call.model, usage);
    if (usd === null) this.#withoutPrice += 1;
    this.#baseline.add(usd, tokensOf(usage), true);
    this.#sums["no model needed"].add(usd, tokensOf(usage), true);
    this.#avoidedCalls.push(call);
  }

  report(stepsNotCounted: number): SavingsReport {
    const baselines = this.#compared.map(({ baseline }) => baseline);
    const others = this.#compared.filter(({ comparison }) => comparison.usesOtherModel).length;
    const reordered = baselines.filter(({ plainCache }) => plainCache !== undefined).length;
    const escalations = this.#ownCalls.filter(({ purpose }) => purpose === "escalation");
    const ownCalls = this.#ownCalls.filter(({ purpose }) => purpose !== "escalation");
    const hasViews = this.#compared.some(({ baseline, comparison }) => (baseline.views ?? 0) > 0 || comparison.viewsTokens !== 0);
    const lines = [
      ...(hasViews ? [this.#line("smaller views", "computed", viewsNote(baselines))] : []),
      ...(others + escalations.length > 0
        ? [this.#line("cheaper model", "computed", modelNote(others, this.#servedCalls, escalations))]
        : []),
      ...(reordered > 0 ? [this.#line("cache-wise order", "computed", orderNote())] : []),
      ...(this.#avoidedCalls.length > 0 ? [this.#line("no model needed", "computed", avoidedNote(this.#avoidedCalls.length))] : []),
      ...(ownCalls.length > 0 ? [this.#line("own costs", "measured", ownNote(ownCalls))] : []),
    ];
    return {
      baseline: this.#baseline.total(),
      lines,
      paid: this.#paid.total(),
      calls: this.#servedCalls + this.#ownCalls.length,
      unknown: { callsWithoutPrice: this.#withoutPrice, callsAssumed: this.#assumed, callsWithoutBaseline: this.#withoutBaseline },
      stepsNotCounted,
    };
  }

  #line(cause: SavingsCause, method: SavingsMethod, note: string): SavingsLine {
    return { cause, method, ...this.#sums[cause].total(), note };
  }
}

function tokensOf(usage: ModelUsage): number {
  return usage.inputTokens + usage.outputTokens;
}
