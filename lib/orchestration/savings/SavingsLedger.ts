// Adds up what the calls of an execution saved and cost, one by one, in constant memory. It stores and prints nothing.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelUsage } from "../../tokens/types.ts";
import { compareCall } from "./compareCall.ts";
import { avoidedNote, modelNote, ORDER_NOTE, ownNote, viewsNote } from "./savingsNotes.ts";
import type {
  AvoidedCall,
  CallPricer,
  OwnCall,
  OwnCostKind,
  SavingsCall,
  SavingsCause,
  SavingsLine,
  SavingsReport,
  SavingsTotal,
  ServedCall,
  ViewCounts,
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

/** What notes and receipts count. */
class Counts {
  served = 0;
  viewed = 0;
  views = 0;
  handlesOffered = 0;
  handlesOpened = 0;
  onOtherModel = 0;
  reordered = 0;
  avoided = 0;
  withoutPrice = 0;
  assumed = 0;
  withoutBaseline = 0;
  readonly own = new Map<OwnCostKind, number>();
  readonly parts = new Map<OwnCostKind, number>();
}

export class SavingsLedger {
  readonly #prices: CallPricer;
  readonly #counts = new Counts();
  readonly #baseline = new Sum();
  readonly #paid = new Sum();
  readonly #escalations = new Sum();
  readonly #sums: Readonly<Record<SavingsCause, Sum>> = {
    "smaller views": new Sum(),
    "cheaper model": new Sum(),
    "cache-wise order": new Sum(),
    "no model needed": new Sum(),
    "own costs": new Sum(),
  };

  /** @param prices those of the execution's snapshot: both sides are priced alike */
  constructor(prices: CallPricer) {
    this.#prices = prices;
  }

  add(call: SavingsCall): void {
    if (call.kind === "avoided") return this.#addAvoided(call);
    if (call.isAssumed) this.#counts.assumed += 1;
    return call.kind === "served" ? this.#addServed(call) : this.#addOwn(call);
  }

  /** @param stepsNotCounted steps that never call a model */
  report(stepsNotCounted = 0): SavingsReport {
    const { served, own, withoutPrice, assumed, withoutBaseline } = this.#counts;
    const ownCalls = [...own.values()].reduce((sum, count) => sum + count, 0);
    return {
      baseline: this.#baseline.total(),
      lines: this.#lines(),
      paid: this.#paid.total(),
      calls: served + ownCalls,
      unknown: { callsWithoutPrice: withoutPrice, callsAssumed: assumed, callsWithoutBaseline: withoutBaseline },
      stepsNotCounted,
    };
  }

  #addServed(call: ServedCall): void {
    const { baseline, paidUsd, usage } = call;
    const tokens = tokensOf(usage);
    this.#counts.served += 1;
    if (baseline === null) {
      this.#counts.withoutBaseline += 1;
      if (paidUsd === null) this.#counts.withoutPrice += 1;
      this.#baseline.add(paidUsd, tokens, true);
      this.#paid.add(paidUsd, tokens, true);
      return;
    }
    const { baselineUsd, viewsUsd, modelUsd, orderUsd, viewsTokens, usesOtherModel } = compareCall(call, baseline, this.#prices);
    const isWhole = [baselineUsd, viewsUsd, modelUsd, orderUsd, paidUsd].every((amount) => amount !== null);
    if (!isWhole) this.#counts.withoutPrice += 1;
    this.#baseline.add(baselineUsd, tokens + viewsTokens, isWhole);
    this.#paid.add(paidUsd, tokens, isWhole);
    // What was not done to a call saved nothing on it, whatever is unknown about its price.
    this.#sums["smaller views"].add(viewsTokens === 0 ? 0n : viewsUsd, viewsTokens, isWhole);
    this.#sums["cheaper model"].add(usesOtherModel ? modelUsd : 0n, 0, isWhole);
    this.#sums["cache-wise order"].add(baseline.plainCache === undefined ? 0n : orderUsd, 0, isWhole);
    if (viewsTokens !== 0) this.#counts.viewed += 1;
    if (usesOtherModel) this.#counts.onOtherModel += 1;
    if (baseline.plainCache !== undefined) this.#counts.reordered += 1;
    this.#countViews(baseline);
  }

  #countViews({ views = 0, handlesOffered = 0, handlesOpened = 0 }: ViewCounts): void {
    this.#counts.views += views;
    this.#counts.handlesOffered += handlesOffered;
    this.#counts.handlesOpened += handlesOpened;
  }

  #addOwn(call: OwnCall): void {
    const { purpose, paidUsd, usage } = call;
    this.#countViews(call);
    const tokens = tokensOf(usage);
    if (paidUsd === null) this.#counts.withoutPrice += 1;
    const counts = call.isPart === true ? this.#counts.parts : this.#counts.own;
    counts.set(purpose, (counts.get(purpose) ?? 0) + 1);
    this.#paid.add(paidUsd, tokens, true);
    if (purpose !== "escalation") return this.#sums["own costs"].add(paidUsd, tokens, true);
    // The price of having tried the cheap model first is netted where its gain stands.
    this.#escalations.add(paidUsd, tokens, true);
    return this.#sums["cheaper model"].add(paidUsd === null ? null : -paidUsd, -tokens, true);
  }

  #addAvoided({ provider, model, rawInputTokens, outputTokens }: AvoidedCall): void {
    const usage = { inputTokens: rawInputTokens, outputTokens };
    const usd = this.#prices.priceCall(provider, model, usage);
    this.#counts.avoided += 1;
    if (usd === null) this.#counts.withoutPrice += 1;
    this.#baseline.add(usd, tokensOf(usage), true);
    this.#sums["no model needed"].add(usd, tokensOf(usage), true);
  }

  #lines(): SavingsLine[] {
    const { viewed, views, onOtherModel, served, reordered, avoided, own, parts } = this.#counts;
    const escalated = own.get("escalation") ?? 0;
    const ownCosts = [...own].filter(([purpose]) => purpose !== "escalation");
    const model = { onOtherModel, served, escalated, escalationsUsd: this.#escalations.total().usd };
    const lines: readonly (readonly [isThere: boolean, cause: SavingsCause, note: () => string])[] = [
      [viewed + views > 0, "smaller views", () => viewsNote(this.#counts)],
      [onOtherModel + escalated > 0, "cheaper model", () => modelNote(model)],
      [reordered > 0, "cache-wise order", () => ORDER_NOTE],
      [avoided > 0, "no model needed", () => avoidedNote(avoided)],
      [ownCosts.length + parts.size > 0, "own costs", () => ownNote(ownCosts, [...parts])],
    ];
    return lines
      .filter(([isThere]) => isThere)
      .map(([, cause, note]) => ({
        cause,
        method: cause === "own costs" ? "measured" : "computed",
        ...this.#sums[cause].total(),
        note: note(),
      }));
  }
}

function tokensOf(usage: ModelUsage): number {
  return usage.inputTokens + usage.outputTokens;
}
