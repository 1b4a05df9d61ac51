// The words beside a receipt's amounts. It computes none of them.
import { nanoToUsd } from "../../core/money.ts";
import type { CallBaseline, OwnCall, OwnCostKind } from "./types.ts";

const OWN_NAMES: Readonly<Record<OwnCostKind, readonly [one: string, many: string]>> = {
  expand: ["expand", "expands"],
  refetch: ["re-fetch", "re-fetches"],
  repair: ["repair", "repairs"],
  escalation: ["escalation", "escalations"],
  memory: ["memory summary", "memory summaries"],
  summary: ["summary", "summaries"],
  conclusion: ["conclusion notice", "conclusion notices"],
  other: ["other call", "other calls"],
};

export function counted(count: number, [one, many]: readonly [string, string]): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function viewsNote(baselines: readonly CallBaseline[]): string {
  const sum = (read: (baseline: CallBaseline) => number | undefined): number =>
    baselines.reduce((total, baseline) => total + (read(baseline) ?? 0), 0);
  const offered = sum(({ handlesOffered }) => handlesOffered);
  const opened = sum(({ handlesOpened }) => handlesOpened);
  const handles = offered === 0 ? "" : `, ${opened} of ${counted(offered, ["handle", "handles"])} opened`;
  return `${counted(
    sum(({ views }) => views),
    ["view", "views"],
  )}${handles}`;
}

export function modelNote(others: number, calls: number, escalations: readonly OwnCall[]): string {
  const note = `${others} of ${counted(calls, ["call", "calls"])} on another model than asked for`;
  if (escalations.length === 0) return note;
  const usd = escalations.reduce<bigint | null>((sum, { paidUsd }) => (sum === null || paidUsd === null ? null : sum + paidUsd), 0n);
  const amount = usd === null ? "price unknown" : `+${nanoToUsd(usd)} USD`;
  return `${note}, ${escalations.length} escalated (${amount}, included)`;
}

export function orderNote(): string {
  return "more cache reads than the plain order gets under the same cache model";
}

export function avoidedNote(calls: number): string {
  return `${counted(calls, ["model step", "model steps"])} served by code`;
}

export function ownNote(calls: readonly OwnCall[]): string {
  const counts = new Map<OwnCostKind, number>();
  for (const { purpose } of calls) counts.set(purpose, (counts.get(purpose) ?? 0) + 1);
  return [...counts].map(([kind, count]) => counted(count, OWN_NAMES[kind])).join(", ");
}
