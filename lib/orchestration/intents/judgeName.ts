// Judges an action, operation, tool or step by the verbs of its name. Knows no plugins and reads no parameters.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous } from "./effects.ts";
import { COMPOUNDS, UNSPACED_VERBS, VERBS, type VerbMeaning } from "./verbs.ts";
import { hasUnspacedScript, splitWords } from "./words.ts";

export interface NameReading extends VerbMeaning {
  readonly verb: string;
  /** The verb opens or closes the name, where names have their verb. */
  readonly isLeading: boolean;
}

const FILLERS = new Set(
  "perform performs performing conduct conducts the a an to of and then now please all new your my tools tool for use used using allows allow lets let you can step node api call fast action ai llm gpt openai google by with auto via".split(
    " ",
  ),
);
const JOINERS = new Set(["and", "or", "then", "und", "y", "et", "e", "oder", "ou"]);
/** Nouns more often than verbs unless they open a name. */
const NOUNS_INSIDE = new Set(
  (
    "message messages email emails mail comment comments post posts response answer label labels tag tags record records link log logs alert alerts notification " +
    "notifications copy star like call release releases status info information details detail history profile score rank analysis summary test tests check checks " +
    "review format template group limit index page plan design type press sign map request block pin charge charges refund payment transfer run set open start stop share build builds " +
    "stats current latest change changes import export import query chat speech track count research rate vote backup schedule book books order report note snapshot screenshot capture view views " +
    "is has if branch complete commit commits archive merge execute guard register ping reset reply replies sms digest grade move"
  ).split(" "),
);

export function nameWords(name: string): readonly string[] {
  const words = splitWords(name);
  const joined: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const compound = COMPOUNDS.get(`${word} ${words[index + 1] ?? ""}`);
    joined.push(compound ?? word);
    if (compound !== undefined) index += 1;
  }
  return joined;
}

/** Null when no word of the name is a verb we know. */
export function judgeName(name: string): NameReading | null {
  const words = nameWords(name).slice(0, 24);
  const unspaced = hasUnspacedScript(name) ? judgeUnspaced(name) : null;
  const start = words.findIndex((word) => !FILLERS.has(word));
  const first = start === -1 ? undefined : VERBS.get(words[start] ?? "");
  const last = lastVerb(words);
  // `emailVerifier`: a noun that could be a verb opens, a plain verb closes.
  if (first !== undefined && NOUNS_INSIDE.has(words[start] ?? "") && last !== null && words.length <= 3) return last;
  if (first !== undefined) return { ...withJoined(first, words, start), verb: words[start] ?? "", isLeading: true };
  return afterPrefix(words, start) ?? last ?? unspaced ?? inside(words);
}

/** `playwright_assert_response`: servers put their own name before the verb. */
function afterPrefix(words: readonly string[], start: number): NameReading | null {
  const word = words[start + 1] ?? "";
  const meaning = NOUNS_INSIDE.has(word) ? undefined : VERBS.get(word);
  return meaning === undefined || words.length < 3 ? null : { ...meaning, verb: word, isLeading: true };
}

function inside(words: readonly string[]): NameReading | null {
  let noun: NameReading | null = null;
  for (const word of words) {
    const meaning = VERBS.get(word);
    if (meaning === undefined) continue;
    const reading = { ...meaning, verb: word, isLeading: false };
    if (!NOUNS_INSIDE.has(word)) return reading;
    noun ??= reading;
  }
  // A lone noun says what the step is about, and only sometimes what it does.
  return noun !== null && words.length <= 3 ? noun : null;
}

/** `issue_write`, `emailVerifier`, `mediaUrlGet`: noun first, verb last. */
function lastVerb(words: readonly string[]): NameReading | null {
  const word = words.at(-1) ?? "";
  const meaning = VERBS.get(word);
  if (meaning === undefined || NOUNS_INSIDE.has(word) || words.length < 2 || words.length > 6) return null;
  return { ...meaning, verb: word, isLeading: true };
}

/** "find and replace", "get or create": what follows a joiner may be more dangerous than what leads. */
function withJoined(first: VerbMeaning, words: readonly string[], start: number): VerbMeaning {
  for (let index = start + 1; index < words.length - 1; index += 1) {
    if (!JOINERS.has(words[index] ?? "")) continue;
    const next = VERBS.get(words[index + 1] ?? "");
    if (next === undefined || NOUNS_INSIDE.has(words[index + 1] ?? "")) continue;
    const effect: Effect = moreDangerous(first.effect, next.effect);
    if (effect !== first.effect) return { intent: next.intent, effect };
  }
  return first;
}

function judgeUnspaced(name: string): NameReading | null {
  // Japanese puts its verb last, Chinese first; words between them are what it is about.
  const found =
    UNSPACED_VERBS.find(([word]) => name.endsWith(word)) ??
    UNSPACED_VERBS.find(([word]) => name.startsWith(word)) ??
    UNSPACED_VERBS.find(([word]) => name.includes(word));
  return found === undefined ? null : { intent: found[1], effect: found[2], verb: found[0], isLeading: true };
}
