// Answers that are none, whatever was asked: empty, refused, cut off, repeating themselves, or with gaps left to fill in.
import type { AnswerDefect, ModelAnswer } from "../types.ts";

/** A refusal is short; longer answers that begin so go on to answer. */
const MAX_REFUSAL_CHARACTERS = 600;
/** About the task itself: "I cannot come on Monday" is an answer to somebody, not a refusal to give one. */
const REFUSAL =
  /^(?:(?:i'm|i am|we're|we are)? ?(?:very |so |really )?(?:sorry|afraid)|i apologi[sz]e|unfortunately)?[,;:. ]{0,3}(?:but |that )?(?:as an ai(?: language)? (?:model|assistant)[,;]? i\b|i (?:cannot|can't|can’t|can not|am unable to|am not able to|won't|will not|must decline to) (?:help(?: you)? with (?:this|that|your)|assist(?: you)? with|comply\b|(?:fulfill?|complete|do|write|answer|generate|create|produce|provide|summari[sz]e|translate|process|see|access|view|open|read) (?:this|that|it\b|the (?:request|file|document|content|image|link|page|data|text)|your request|such)))/i;

/** Gaps that authors leave. Bounded, so that a text full of brackets costs no more than its length. */
const PLACEHOLDERS = [
  /\[(?:your|my|the|insert|add|enter|fill|name|date|company|recipient|sender|client|customer|amount|number|title|address|phone|email|link|url)\b[^[\]\n(]{0,60}\](?!\()/gi,
  /\[[A-Z][A-Z0-9 _-]{2,40}\](?!\()/g,
  /\{\{[^{}\n]{1,60}\}\}/g,
  /<(?:your|insert|enter|add)[ _-][^<>\n]{1,60}>/gi,
  /\blorem ipsum\b/gi,
  /\b(?:TODO|TBD|FIXME|XXX+)\b/g,
] as const;
const MAX_CHARACTERS = 200_000;
const MAX_TOLD = 10;

export function findFaults({ text, value, isCutOff }: ModelAnswer, given: string): AnswerDefect[] {
  const defects: AnswerDefect[] = [];
  const add = (message: string): void => {
    defects.push({ message, severity: "hard" });
  };
  if (text === "" && (typeof value === "string" || value === null)) add("is empty");
  if (text.length <= MAX_REFUSAL_CHARACTERS && REFUSAL.test(text)) add(`refuses: ${JSON.stringify(text.slice(0, 80))}`);
  if (isCutOff) add("was cut off at the output limit: be briefer");
  const repeated = repetitionIn(text);
  if (repeated !== null) add(`repeats itself: ${JSON.stringify(repeated.slice(0, 60))}`);
  for (const placeholder of placeholdersIn(text, given)) add(`leaves ${JSON.stringify(placeholder)} to be filled in`);
  return defects;
}

/** Gaps that did not stand in what was given: a template that is to be kept may have them. */
function placeholdersIn(text: string, given: string): string[] {
  const found = new Set<string>();
  for (const pattern of PLACEHOLDERS) {
    for (const [placeholder] of text.slice(0, MAX_CHARACTERS).matchAll(pattern)) {
      if (!given.includes(placeholder)) found.add(placeholder);
      if (found.size >= MAX_TOLD) return [...found];
    }
  }
  return [...found];
}

const LEAST_UNIT_CHARACTERS = 12;
const LEAST_REPEATS = 5;
const MAX_PERIOD_WORDS = 30;

/** A sentence or line that makes up half of the text, or words that come round and round at its end. null: neither. */
function repetitionIn(text: string): string | null {
  const counts = new Map<string, number>();
  for (const unit of text.slice(0, MAX_CHARACTERS).split(/(?<=[.!?])\s|\n/)) {
    const plain = unit.trim().toLowerCase();
    if (plain.length >= LEAST_UNIT_CHARACTERS) counts.set(plain, (counts.get(plain) ?? 0) + 1);
  }
  for (const [unit, count] of counts) if (count >= LEAST_REPEATS && unit.length * count * 2 > text.length) return unit;
  return periodAtEnd(text);
}

/** An answer that got stuck ends in the same words over and over. */
function periodAtEnd(text: string): string | null {
  const words = text.slice(-6_000).toLowerCase().match(/\S+/g) ?? [];
  for (let period = 1; period <= MAX_PERIOD_WORDS; period += 1) {
    const needed = period * (LEAST_REPEATS + 1);
    const length = Math.max(needed, 24);
    if (words.length < length) continue;
    const tail = words.slice(-length);
    if (tail.every((word, index) => index < period || word === tail[index - period])) return tail.slice(0, period).join(" ");
  }
  return null;
}
