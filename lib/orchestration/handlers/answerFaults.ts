// Answers that are none, whatever was asked: empty, refused, cut off, repeating themselves, or with gaps left to fill in.
import type { AnswerDefect, IntentType, ModelAnswer } from "../types.ts";

/** A refusal is short; longer answers that begin so go on to answer. */
const MAX_REFUSAL_CHARACTERS = 600;
const OPENING =
  "^(?:(?:i'm|i am|we're|we are)? ?(?:very |so |really )?(?:sorry|afraid)|i apologi[sz]e|unfortunately)?[,;:. ]{0,3}(?:but |that )?";
const UNABLE = "i (?:cannot|can't|can’t|can not|am unable to|am not able to|won't|will not|must decline to)";
/** About the task itself: "I cannot come on Monday" is an answer to somebody, not a refusal to give one. */
const REFUSAL = new RegExp(
  `${OPENING}(?:as an ai(?: language)? (?:model|assistant)[,;]? i\\b|${UNABLE} (?:help(?: you)? with (?:this|that|your)|assist(?: you)? with|comply\\b))`,
  "i",
);
/** A refusal in a text of the model's own; in one that it only brings over, perhaps the very words that it was to bring. */
const OWN_REFUSAL = new RegExp(
  `${OPENING}${UNABLE} (?:fulfill?|complete|do|write|answer|generate|create|produce|provide|summari[sz]e|translate|process|see|access|view|open|read) (?:this|that|it\\b|the (?:request|file|document|content|image|link|page|data|text)|your request|such)`,
  "i",
);

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

/** What redaction leaves. Only in a new text is it something to fill in. */
const BARE_CAPITALS = /^\[[A-Z0-9 _-]+\]$/;

export interface FaultsAbout {
  /** Instruction and data: what stands in them is no fault of the answer. */
  readonly given: string;
  readonly intent: IntentType;
  /** What is made of a text that repeats itself may do so, too. @defaultValue true */
  readonly mayRepeat?: boolean;
}

export function findFaults({ text, value, isCutOff }: ModelAnswer, { given, intent, mayRepeat = true }: FaultsAbout): AnswerDefect[] {
  const defects: AnswerDefect[] = [];
  const add = (message: string, severity: AnswerDefect["severity"] = "hard"): void => {
    defects.push({ message, severity });
  };
  if (text === "" && (typeof value === "string" || value === null)) add("is empty");
  defects.push(...refusalIn(text, { given, intent }));
  if (isCutOff) add("was cut off at the output limit: be briefer");
  // Data repeat as they are.
  const repeated = typeof value === "string" ? repetitionIn(text) : null;
  if (repeated !== null && !(mayRepeat && repetitionIn(given) !== null)) add(`repeats itself: ${JSON.stringify(repeated.slice(0, 60))}`);
  for (const placeholder of placeholdersIn(text, given)) {
    if (intent !== "generate" && BARE_CAPITALS.test(placeholder)) continue;
    add(`leaves ${JSON.stringify(placeholder)} to be filled in`, ofOwnWords(intent));
  }
  return defects;
}

/** Words of texts that the model only brings over are somebody else's: they are only doubted. */
function ofOwnWords(intent: IntentType): AnswerDefect["severity"] {
  return intent === "generate" || intent === "summarize" ? "hard" : "soft";
}

function refusalIn(text: string, { given, intent }: FaultsAbout): AnswerDefect[] {
  if (text.length > MAX_REFUSAL_CHARACTERS) return [];
  const isPlain = REFUSAL.test(text);
  if ((!isPlain && !OWN_REFUSAL.test(text)) || isQuoted(text, given)) return [];
  return [{ message: `refuses: ${JSON.stringify(text.slice(0, 80))}`, severity: isPlain ? "hard" : ofOwnWords(intent) }];
}

/** Whether the words stand in what was given, marks around them aside. */
function isQuoted(text: string, given: string): boolean {
  const words = text.toLowerCase().replaceAll(/^["'“”‘’«» ]+|["'“”‘’«» .!]+$/g, "");
  return given.toLowerCase().includes(words);
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

/** A sentence or line of words: not a row of a table, an element of a list or a line of code. */
const PROSE = /^\p{L}[\p{L}\p{N}' ,;:()-]{11,}[.!?]?$/u;
const PROSE_WORD = /^[(']?[\p{L}\p{N}][\p{L}\p{N}'’-]*[),;:.!?]*$/u;
const LEAST_REPEATS = 5;
const MAX_PERIOD_WORDS = 30;

/** A sentence or line that makes up half of the text, or words that come round and round at its end. null: neither. */
function repetitionIn(text: string): string | null {
  const counts = new Map<string, number>();
  for (const unit of text.slice(0, MAX_CHARACTERS).split(/(?<=[.!?])\s|\n/)) {
    const plain = unit.trim().toLowerCase();
    if (PROSE.test(plain)) counts.set(plain, (counts.get(plain) ?? 0) + 1);
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
    if (!tail.every((word, index) => index < period || word === tail[index - period])) continue;
    const phrase = tail.slice(0, period).join(" ");
    return isProse(phrase) ? phrase : null;
  }
  return null;
}

function isProse(phrase: string): boolean {
  return /\p{L}{2}/u.test(phrase) && phrase.split(" ").every((word) => PROSE_WORD.test(word));
}
