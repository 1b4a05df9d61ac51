// The savings of a whole execution at once. Pure.
import { SavingsLedger } from "./SavingsLedger.ts";
import type { CallPricer, SavingsFacts, SavingsReport } from "./types.ts";

/** @param prices those of the execution's snapshot: both sides are priced alike; a PriceBook is one */
export function computeSavings({ calls, stepsWithoutModel = 0 }: SavingsFacts, prices: CallPricer): SavingsReport {
  const ledger = new SavingsLedger(prices);
  for (const call of calls) ledger.add(call);
  return ledger.report(stepsWithoutModel);
}
