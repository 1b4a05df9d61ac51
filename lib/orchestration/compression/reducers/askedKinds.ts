// Which kinds of facts a task asks for by name (links, identifiers, dates, amounts, …), and whether a text holds one. It ranks nothing.
import type { ReduceContext } from "../types.ts";

export type AskedKind = "link" | "identifier" | "date" | "amount" | "number" | "contact" | "decision" | "question" | "version";

const ASKING: Readonly<Record<AskedKind, RegExp>> = {
  link: /\b(?:links?|urls?|hrefs?|websites?|sources?|docs?|references?|refs?|pull requests?|prs?)\b/i,
  identifier: /\b(?:ids?|identifiers?|numbers?|keys?|hash(?:es)?|commits?|skus?|references?|tickets?|orders?)\b/i,
  date: /\b(?:dates?|when|deadlines?|time|times|days?|schedule|due|published|years?)\b/i,
  amount: /\b(?:amounts?|prices?|costs?|totals?|budgets?|fees?|revenue|money|paid|charges?)\b/i,
  number: /\b(?:numbers?|figures?|statistics?|stats|percent(?:age)?s?|shares?|rates?|how many|how much|counts?|sizes?|metrics?)\b/i,
  contact: /\b(?:e-?mails?|phones?|address(?:es)?|contacts?)\b/i,
  decision: /\b(?:decisions?|decided|actions?|next steps|agreed|assign(?:ed|ments?)?|owners?|plans?|upcoming|minutes|progress)\b/i,
  question: /\b(?:questions?|asked|issues?|problems?|support)\b/i,
  version: /\b(?:versions?|releases?|upgrade|changelog)\b/i,
};

const HOLDING: Readonly<Record<AskedKind, RegExp>> = {
  link: /https?:\/\/|\bwww\.[a-z0-9]/i,
  identifier:
    /\b(?=[\w-]{0,64}\d)[A-Za-z]{1,12}[_-]\w{3,64}\b|#\d+|\b\d{5,}\b|\b(?=[0-9a-f]{0,40}\d)[0-9a-f]{7,40}\b|\b[A-Z]{2,20}_[A-Z0-9_]{2,60}\b/,
  date: /\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b(?:january|february|march|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next week|next month|deadline)\b|\b(?:in|of|by|since|until|last|next) may\b|\bmay \d|\b\d{1,2}:\d\d\b/i,
  amount: /[$€£¥]\s?\d|\b\d[\d.,]* ?(?:USD|EUR|GBP|dollars?|euros?|pounds?|cents?)\b/i,
  number: /\d/,
  contact: /[\w.+-]{1,64}@[\w-]{1,64}\.|\(\d{3}\) \d{3}|\+\d{1,3}[ \d()-]{7}/,
  decision:
    /\b(?:decid(?:e|ed|ing)|agree[ds]?|action item|will (?:do|send|write|make|take|be|go|have)|going to|have to|has to|need(?:s)? to|should|let'?s|by (?:monday|tuesday|wednesday|thursday|friday|next)|deadline|assigned|plan(?:s|ned|ning)?)\b/i,
  question: /\?/,
  version: /\bv?\d+\.\d+(?:\.\d+)?\b/,
};

const KINDS = Object.keys(ASKING) as AskedKind[];

/** Kinds that the task or the named fields ask for; none without a task. */
export function askedKinds(context: Pick<ReduceContext, "task" | "fields">): AskedKind[] {
  const asking = `${context.task ?? ""} ${(context.fields ?? []).join(" ").replace(/[_.]/g, " ")}`.slice(0, 4_000);
  return KINDS.filter((kind) => ASKING[kind].test(asking));
}

/** True when the text (looked at up to 4 000 characters) holds a fact of this kind. */
export function holdsKind(text: string, kind: AskedKind): boolean {
  // Most sentences hold neither, and the pattern is dear.
  if (kind === "identifier" && !/[\d_]/.test(text)) return false;
  return HOLDING[kind].test(text.length > 4_000 ? text.slice(0, 4_000) : text);
}

/** How many of the asked kinds a text holds. */
export function countAsked(text: string, asked: readonly AskedKind[]): number {
  let count = 0;
  for (const kind of asked) if (holdsKind(text, kind)) count++;
  return count;
}
