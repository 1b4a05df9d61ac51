// Chooses a label by the words that label and item share. Says nothing (null) rather than guess.
import type { JsonValue } from "../../core/json.ts";
import type { ModelLabel } from "../types.ts";
import { stem, stems } from "./words.ts";

/** Words that speak for a label of that name when its own description does not say. */
const LEXICON: Readonly<Record<string, string>> = {
  urgent: "urgent urgently asap immediately emergency critical outage down deadline today now escalate blocker",
  high: "urgent asap critical outage severe blocker escalate",
  low: "whenever minor trivial cosmetic someday nice-to-have eventually",
  positive: "good great excellent love thanks thank happy amazing perfect wonderful recommend pleased satisfied helpful",
  negative: "bad terrible awful hate broken angry disappointed worst poor refund unhappy slow useless frustrated complaint",
  complaint: "complain disappointed unacceptable broken angry refund terrible worst damaged late wrong",
  bug: "bug error crash crashes exception fails failed broken stacktrace regression freeze",
  billing: "invoice invoices payment charge charged refund billing card subscription price receipt overcharged",
  technical: "error bug crash login install server connection timeout api configuration broken",
  support: "help issue problem question how cannot unable support ticket",
  sales: "quote pricing demo purchase buy order discount license trial upgrade",
  spam: "winner lottery prize click free viagra casino unsubscribe congratulations claim crypto",
  feature: "feature request suggestion wish add improve enhancement would-like",
  refund: "refund money-back return reimburse chargeback",
  shipping: "shipping delivery package parcel tracking shipped arrived courier",
  meeting: "meeting calendar schedule agenda invite call appointment",
};
const NAME_WEIGHT = 3;
const DESCRIPTION_WEIGHT = 2;
const LEXICON_WEIGHT = 1;
/** The winner must be this much ahead of the next. */
const MIN_LEAD = 1;

export function classifyItem(item: JsonValue, labels: readonly ModelLabel[]): string | null {
  const words = new Set(stems(plainText(item)));
  const scores = labels
    .map((label) => ({ name: label.name, score: scoreOf(label, words) }))
    .toSorted((left, right) => right.score - left.score);
  const [best, next] = scores;
  if (best === undefined || best.score === 0) return null;
  return best.score - (next?.score ?? 0) >= MIN_LEAD ? best.name : null;
}

function scoreOf(label: ModelLabel, words: ReadonlySet<string>): number {
  const own = stems(label.name.replaceAll(/[_-]/g, " "));
  const described = stems(label.description ?? "");
  const known = own.flatMap((word) =>
    Object.entries(LEXICON)
      .filter(([name]) => stem(name) === word)
      .flatMap(([, list]) => stems(list)),
  );
  const count = (list: readonly string[]): number => new Set(list.filter((word) => words.has(word))).size;
  return count(own) * NAME_WEIGHT + count(described) * DESCRIPTION_WEIGHT + count(known) * LEXICON_WEIGHT;
}

/** Values only: that a field is called `urgent` says nothing about its item. */
export function plainText(item: JsonValue): string {
  if (typeof item === "string") return item;
  if (Array.isArray(item)) return (item as readonly JsonValue[]).map(plainText).join("\n");
  if (typeof item === "object" && item !== null)
    return Object.values(item)
      .map((value) => plainText(value ?? null))
      .join("\n");
  return item === null ? "" : String(item);
}
