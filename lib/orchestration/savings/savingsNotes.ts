// The words beside a receipt's amounts. It computes none of them.
import { nanoToUsd, type NanoUsd } from "../../core/money.ts";
import type { OwnCostKind } from "./types.ts";

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

export const ORDER_NOTE = "more cache reads than the plain order gets under the same cache model";

export function viewsNote(counts: { readonly views: number; readonly handlesOffered: number; readonly handlesOpened: number }): string {
  const { views, handlesOffered, handlesOpened } = counts;
  const handles = handlesOffered === 0 ? "" : `, ${handlesOpened} of ${counted(handlesOffered, ["handle", "handles"])} opened`;
  return counted(views, ["view", "views"]) + handles;
}

export function modelNote(counts: {
  readonly onOtherModel: number;
  readonly served: number;
  readonly escalated: number;
  /** null: unknown. */
  readonly escalationsUsd: NanoUsd | null;
}): string {
  const { onOtherModel, served, escalated, escalationsUsd } = counts;
  const note = `${onOtherModel} of ${counted(served, ["call", "calls"])} on another model than asked for`;
  if (escalated === 0) return note;
  const amount = escalationsUsd === null ? "price unknown" : `+${nanoToUsd(escalationsUsd)} USD`;
  return `${note}, ${escalated} escalated (${amount}, included)`;
}

export function avoidedNote(calls: number): string {
  return `${counted(calls, ["model step", "model steps"])} served by code`;
}

/** @param parts calls of the step's own that were longer for our sake */
export function ownNote(
  counts: readonly (readonly [OwnCostKind, number])[],
  parts: readonly (readonly [OwnCostKind, number])[] = [],
): string {
  const calls = counts.map(([kind, count]) => counted(count, OWN_NAMES[kind]));
  return [...calls, ...parts.map(([kind, count]) => `${kind} in ${counted(count, ["call", "calls"])}`)].join(", ");
}
