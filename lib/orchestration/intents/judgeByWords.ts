// Judges an action that no deed and no known app explains: verbs of its name, of its description, of the step's name, then the n-gram model.
import type { Effect } from "../../workflow/types.ts";
import { leastEffect, moreDangerous, opinion } from "./effects.ts";
import { judgeName, type NameReading } from "./judgeName.ts";
import { guess } from "./NgramModel.ts";
import type { Opinion, StepFacts } from "./types.ts";
import { splitWords, wordSet } from "./words.ts";

/** Names of actions that say only that something is done. */
export const GENERIC_ACTIONS = /^(?:run|execute|call|invoke|request|default|main|perform|action|process|use|uses|tool|)$/i;

/** An operation that is named after what it gives: `chat.member`, `issue.changelog`. */
const LISTED_NOUNS = wordSet(
  "member members administrators admins replies changelog transitions keys values history price prices forecast balance availability schema metadata timeline feed followers following subscribers participants attendees comments messages posts " +
    "releases commits branches files folders events tasks users permissions statistics usage limits quota report reports transactions orders invoices metrics logs headers columns fields rows records items entries results suggestions indexes mappings tags labels",
);
/** The model must be about this sure to be heard. */
const MODEL_FLOOR = 0.6;
const FIELDS_LIMIT = 60;
const RUNS_CODE =
  /javascript|arbitrary|\bscript\b|\bcode\b.{0,40}\b(?:run|execut|evaluat)|\b(?:run|execut|evaluat)\w*\b.{0,40}\bcode\b|in place\b|in-place/i;
const CHOOSES_ON_PAGE = /option|element|dropdown|\btab\b|checkbox|radio/i;

export function judgeByWords(facts: StepFacts): Opinion {
  const action = facts.action.slice(facts.action.lastIndexOf(".") + 1);
  if (LISTED_NOUNS.has(action.toLowerCase()))
    return opinion("extract", "read", "lexicon", [0.6, `it is named after what it gives, "${action}"`]);
  const own = GENERIC_ACTIONS.test(action) ? null : judgeName(action);
  const told = facts.description === "" ? null : judgeName(firstSentence(facts.description));
  if (own === null) return judgeUnnamed(facts, told);
  const isOverruled = !own.isLeading && told !== null && told.isLeading;
  return byName(isOverruled ? told : own, told, facts);
}

/** The action itself says nothing: its description, its step and its app may. */
function judgeUnnamed(facts: StepFacts, told: NameReading | null): Opinion {
  const app = facts.action.includes(".") ? null : judgeName(facts.plugin.split("/").at(-1) ?? "");
  const readings = [told, judgeName(facts.name), app].filter((reading): reading is NameReading => reading !== null);
  const first = readings.find(({ isLeading }) => isLeading) ?? readings[0];
  if (first === undefined) return byFields(facts) ?? byModel(facts);
  return fromReading(
    first,
    first.isLeading ? 0.7 : 0.5,
    readings.map(({ effect }) => effect),
  );
}

/** The action's verb decides on the intent; a description that opens with a more dangerous one raises the effect. */
function byName(own: NameReading, told: NameReading | null, facts: StepFacts): Opinion {
  const judged = fromReading(refine(own, facts), own.isLeading ? 0.85 : 0.6, []);
  const said = told !== null && told.isLeading && !isReadVerb(facts) ? told.effect : "none";
  const effect = moreDangerous(judged.effect, moreDangerous(said, effectOfWording(facts)));
  const changes = effect === "write" || effect === "destructive";
  if (judged.intent !== "extract" || !changes) return { ...judged, effect };
  return opinion("send", effect, "lexicon", [0.55, "its description says that it changes something"]);
}

/** Code that callers bring along may do anything, and choosing in a page is a click. */
function effectOfWording({ action, description }: StepFacts): Effect {
  const text = `${action} ${description}`;
  const selects = /select|choose/i.test(action) && CHOOSES_ON_PAGE.test(text);
  return selects || RUNS_CODE.test(text.slice(0, 400)) ? "write" : "none";
}

/** Names that open with an unmistakable reading verb stay reads, whatever a description talks about. */
function isReadVerb({ action }: StepFacts): boolean {
  const last = action.slice(action.lastIndexOf(".") + 1);
  return (
    /^(?:get|list|search|read|fetch|find|query|describe|show|view|count|lookup|retrieve)(?:$|[A-Z_.-])/.test(last) ||
    /_(?:get|list|read|search)$/.test(action)
  );
}

interface Refinement {
  readonly when: (own: NameReading, words: readonly string[]) => boolean;
  readonly meaning: Partial<NameReading>;
}

const ASKED = /^(?:availability|status|exists|existence|row|record|balance|stock|inventory|calendar)$/;

/** Verbs whose meaning hangs on the object. The first that fits. */
const REFINEMENTS: readonly Refinement[] = [
  // Checking a row, a status or a calendar by asking an app for it is a read; the verdict is taken later.
  {
    when: ({ intent, verb }, words) => intent === "validate" && /^(?:check|test)/.test(verb) && words.some((word) => ASKED.test(word)),
    meaning: { intent: "extract", effect: "read" },
  },
  { when: ({ intent }, words) => intent === "conditional" && words.length > 1, meaning: { intent: "extract", effect: "read" } },
  {
    when: ({ intent }, words) => intent === "generate" && words.some((word) => /^(?:token|url|link|types)$/.test(word)),
    meaning: { intent: "extract", effect: "read" },
  },
  { when: ({ verb }) => verb === "draft", meaning: { intent: "send", effect: "write" } },
  {
    when: ({ intent }, words) => intent === "generate" && words.some((word) => /^(?:invoice|key|report)$/.test(word)),
    meaning: { effect: "write" },
  },
  { when: ({ intent, effect }) => intent === "validate" && effect === "none", meaning: { effect: "read" } },
];

function refine(own: NameReading, facts: StepFacts): NameReading {
  if (facts.plugin === "") return own;
  const words = splitWords(facts.action);
  const found = REFINEMENTS.find(({ when }) => when(own, words));
  return found === undefined ? own : { ...own, ...found.meaning };
}

function fromReading(reading: NameReading, confidence: number, others: readonly Effect[]): Opinion {
  let effect = moreDangerous(reading.effect, leastEffect(reading.intent));
  for (const other of others) effect = moreDangerous(effect, other);
  return opinion(reading.intent, effect, "lexicon", [confidence, `its name says "${reading.verb}"`]);
}

const DELIVERED_FIELDS = wordSet(
  "message text content subject sendTo toEmail to chatId channel channelId columns fieldsUi propertiesUi values value updateFields summary title body fileContent responseBody recipients html caption payload record data",
);
const ASKED_FIELDS = wordSet(
  "filters filter query returnAll limit search q filterByFormula readOptions searchText range sort filtersUI pageSize topK",
);

/** An action without a name: what it is given says whether it delivers or asks. Asking is not proven, so it counts as a change all the same. */
function byFields({ params, name }: StepFacts): Opinion | null {
  let delivers = 0;
  let asks = 0;
  let seen = 0;
  for (const key in params) {
    if ((seen += 1) > FIELDS_LIMIT) break;
    if (DELIVERED_FIELDS.has(key)) delivers += 1;
    if (ASKED_FIELDS.has(key)) asks += 1;
  }
  if (delivers === asks) return null;
  const named = name === "" ? "it" : `"${name.slice(0, 40)}"`;
  if (delivers > asks) return opinion("send", "destructive", "lexicon", [0.45, `${named} is given something to deliver`]);
  return opinion("extract", "write", "lexicon", [0.4, `${named} is given something to look for`]);
}

/** Nothing spoke: the n-gram model where it is sure of the intent. What the step changes is not known, so it counts as a change. */
function byModel(facts: StepFacts): Opinion {
  const text = [facts.name, facts.action, facts.description].filter((part) => part !== "").join(". ");
  const said = text === "" ? null : guess(text);
  if (said !== null && said.probability >= MODEL_FLOOR) {
    return opinion(said.intent, moreDangerous(said.effect, "write"), "model", [said.probability * 0.8, "its words resemble such steps"]);
  }
  return opinion("send", "write", "abstained", [0.2, "nothing says what it does; taken for a change to be safe"]);
}

function firstSentence(text: string): string {
  return text.split(/[.\n!?:;,]/, 1)[0]?.slice(0, 160) ?? "";
}
