// Judges what a language model is asked to deliver: verbs with their objects, roles, criteria, fields of the output, a small model. Asks no model.
import type { IntentType } from "../types.ts";
import { opinion } from "./effects.ts";
import { scoreIntents } from "./NgramModel.ts";
import { CRITERION_WORDS, DEFECT_WORDS, NEGATIONS, SKIP_WORDS } from "./promptCriteria.ts";
import { OBJECTS, ROLES, VERBS_IN_PROMPTS, type PromptVerb } from "./promptWords.ts";
import { keyScores } from "./outputKeyCues.ts";
import { phraseScores } from "./promptPhrases.ts";
import { INTENT_ORDER, noScores, type IntentScores } from "./scores.ts";
import type { Opinion, StepFacts } from "./types.ts";
import { splitClauses } from "./splitClauses.ts";
import { UNSPACED_CUES } from "./unspacedCues.ts";
import { foldCase, hasUnspacedScript, splitWords } from "./words.ts";

const TEMPLATE = /\{\{[^{}]{0,400}\}\}|<[/a-zA-Z][^<>\n]{0,60}>/g;
const CLAUSE_LIMIT = 110;
const IMPERATIVE = 3;
const MENTION = 0.6;
const NAME_WEIGHT = 2.4;
const QUESTION_NAME = 1.5;
const ROLE_MARK = /\b(?:system|user|human|assistant|developer|role|text|content)\b/gi;
const PASSED_THROUGH = 2.5;
/** No prompt in sight: a bare call answers, unless its name says otherwise. */
const BARE_CALL = 1.2;
/** Sketches of an answer may also be examples of the input. */
const KEYS_IN_TEXT_WEIGHT = 0.6;
/** How much of the n-gram model's log-odds counts beside the words. */
const MODEL_WEIGHT = 0.9;
/** Points before the second at which the model could hardly change the winner and is not asked. */
const CLEAR_MARGIN = 5;

/** Labels an LLM step; without a prompt by its name, and without that as `generate`, which is what a bare model call does. */
export function judgePrompt(facts: StepFacts): Opinion {
  const text = facts.prompt.replace(TEMPLATE, " ").replace(/\\n/g, "\n");
  const scores = { ...noScores(), generate: 0.4 };
  const folded = foldCase(text);
  addText(scores, folded);
  addName(scores, facts.name);
  if (facts.description !== "") addScaled(scores, scoreClauses(foldCase(facts.description)), 0.5);
  addScaled(scores, phraseScores(`${folded}\n${foldCase(facts.name)}`), 1);
  addScaled(scores, keyScores(facts.outputKeys), 1);
  addScaled(scores, keyScores(keysIn(text)), KEYS_IN_TEXT_WEIGHT);
  if (LABEL_CHOICE.test(text)) scores.summarize += CHOICE_POINTS;
  if (facts.hasTools && !facts.hasBranches) scores.generate += 1;
  const words = text.trim();
  // Only a template: somebody's own message, to be answered.
  if (facts.prompt !== "" && !/[\p{L}]{3}/u.test(words.replace(ROLE_MARK, ""))) scores.generate += PASSED_THROUGH;
  if (words === "" && facts.prompt === "") scores.generate += BARE_CALL;
  const standing = rank(scores);
  if ((words === "" && facts.name === "") || standing.margin >= CLEAR_MARGIN) return toOpinion(standing, words === "");
  const said = scoreIntents(`${facts.name}. ${focusOf(words)}`);
  for (const intent of INTENT_ORDER) scores[intent] += MODEL_WEIGHT * said[intent];
  return toOpinion(rank(scores), words === "");
}

interface Ranking {
  readonly best: IntentType;
  /** Points before the second. */
  readonly margin: number;
}

/** Models deliver text; sending is for the steps that carry it out. */
function rank(scores: IntentScores): Ranking {
  let best: IntentType = "generate";
  for (const intent of INTENT_ORDER) if (intent !== "send" && scores[intent] > scores[best]) best = intent;
  let second = Number.NEGATIVE_INFINITY;
  for (const intent of INTENT_ORDER) if (intent !== "send" && intent !== best) second = Math.max(second, scores[intent]);
  return { best, margin: scores[best] - second };
}

function toOpinion({ best, margin }: Ranking, isBare: boolean): Opinion {
  const confidence = Math.min(0.95, 0.5 + margin * 0.07);
  return opinion(best, "none", "prompt", [
    isBare ? Math.min(confidence, 0.6) : confidence,
    `${isBare ? "its name" : "its prompt"} asks to ${best}`,
  ]);
}

/** "BUY, SELL or HOLD": one of several labels is asked for. */
const LABEL_CHOICE = /\b[A-Z][A-Z0-9_]+(?:(?:, ?| ?\/ ?| ?\| ?)[A-Z][A-Z0-9_]+){0,8}(?:,? (?:or|oder|ou|o) | ?\| ?)[A-Z][A-Z0-9_]+\b/;
const CHOICE_POINTS = 1.5;
const QUOTED_KEY = /"([A-Za-z_][\w ]{1,30})"\s*:/g;

/** Fields of the answer as prompts sketch them: `{"category": "…", "summary": "…"}`. */
function keysIn(text: string): readonly string[] {
  const keys: string[] = [];
  if (!text.includes('":') && !text.includes('" :')) return keys;
  for (const match of text.matchAll(QUOTED_KEY)) if (keys.push(match[1] ?? "") === 30) break;
  return keys;
}

/** Instructions at both ends; what lies between is mostly data. */
function focusOf(text: string): string {
  return text.length <= 360 ? text : `${text.slice(0, 260)} ${text.slice(-100)}`;
}

function addText(scores: IntentScores, text: string): void {
  addScaled(scores, scoreClauses(text), 1);
  if (!hasUnspacedScript(text)) return;
  for (const [cue, intent, weight] of UNSPACED_CUES) {
    const first = text.indexOf(cue);
    if (first === -1) continue;
    scores[intent] += first < 200 ? weight : weight * 0.7;
    if (text.includes(cue, first + cue.length)) scores[intent] += weight * 0.3;
  }
}

function addName(scores: IntentScores, name: string): void {
  const words = splitWords(name).slice(0, 12);
  const read = readClause(words, true);
  for (const { intent, weight } of read.votes) scores[intent] += (weight / IMPERATIVE) * NAME_WEIGHT;
  for (const word of words) {
    const role = ROLES.get(word);
    if (role !== undefined && !(role[0] === "generate" && ["agent", "assistant", "bot"].includes(word))) scores[role[0]] += role[1] * 0.7;
    const object = OBJECTS.get(word);
    if (object !== undefined && read.votes.length === 0) scores[object[0]] += object[1] * 0.5;
  }
  // A model step named by a question answers it: a finding.
  if (name.trim().endsWith("?")) scores.summarize += QUESTION_NAME;
  for (const [cue, intent, weight] of UNSPACED_CUES) if (name.includes(cue)) scores[intent] += weight;
}

function addScaled(scores: IntentScores, added: IntentScores, factor: number): void {
  for (const intent of INTENT_ORDER) scores[intent] += added[intent] * factor;
}

/** A clause that opens like this asks for a verdict on what is given. */
const QUESTIONS = new Set(["does", "is", "are", "did", "has", "was", "were", "ist", "sind", "hat", "wurde", "estce", "esta"]);

interface Vote {
  readonly intent: IntentType;
  readonly weight: number;
}

interface ClauseReading {
  readonly votes: readonly Vote[];
}

/** Clauses that begin with a verb count most, later ones slightly more: the last deliverable is the step's. */
function scoreClauses(folded: string): IntentScores {
  const scores = noScores();
  const seen = new Map<IntentType, number>();
  let isNegated = false;
  let isIntroduced = false;
  splitClauses(folded, CLAUSE_LIMIT).forEach((words, index) => {
    isNegated = hasNegation(words) || (isNegated && words.length === 1);
    if (isNegated) return;
    addRoles(scores, words, isIntroduced);
    isIntroduced = words.length <= INTRODUCTION_WORDS && ROLE_OPENERS.has(words[1] ?? "");
    for (const { intent, weight } of readClause(words, index < 60).votes) {
      // The same word over and over is one instruction with details, not many.
      const times = seen.get(intent) ?? 0;
      seen.set(intent, times + 1);
      scores[intent] += (weight * (1 + Math.min(index, 30) * 0.008)) / (1 + times * 0.7);
    }
  });
  return scores;
}

function hasNegation(words: readonly string[]): boolean {
  for (let index = 0; index < 4; index += 1) if (NEGATIONS.has(words[index] ?? "")) return true;
  return false;
}

/** "You are Anna": so short that the next clause says what she is. */
const INTRODUCTION_WORDS = 4;
const ARTICLES = new Set(["a", "an", "the", "ein", "eine", "un", "une", "una", "um", "uma", "expert", "il", "lo"]);
const ROLE_OPENERS = new Set(["are", "re", "as", "bist", "es", "sind", "sei", "eres", "you're", "sei"]);

/** "You are a meticulous copy editor", "acts as a translator"; "you are Anna, a receptionist" goes over two clauses. */
function addRoles(scores: IntentScores, words: readonly string[], isIntroduced: boolean): void {
  let start = isIntroduced && ARTICLES.has(words[0] ?? "") ? -1 : -2;
  for (let index = 0; index < 4 && start === -2; index += 1) if (ROLE_OPENERS.has(words[index] ?? "")) start = index;
  if (start === -2) return;
  const isRole = words.slice(start + 1, start + 3).some((word) => ARTICLES.has(word));
  if (!isRole) return;
  for (const word of words.slice(start + 1, start + 14)) {
    const role = ROLES.get(word);
    if (role !== undefined) scores[role[0]] += role[1];
  }
}

function readClause(words: readonly string[], mayLead: boolean): ClauseReading {
  const votes: Vote[] = [];
  let isLeading = mayLead;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const verb = index === 0 && mayLead && QUESTIONS.has(word) && words.length >= 4 ? "judge" : verbAt(words, index);
    const starts = isLeading || isAfterJoiner(words, index);
    if (verb !== undefined && (starts || verb !== "generate")) {
      const vote = voteOf(verb, words, index);
      if (vote !== null) votes.push({ intent: vote.intent, weight: vote.weight * (starts ? IMPERATIVE : MENTION) });
    }
    if (!SKIP_WORDS.has(word)) isLeading = false;
  }
  return { votes };
}

/** "An assistant that monitors": the third person is a task there, elsewhere often a noun. */
function verbAt(words: readonly string[], index: number): PromptVerb | undefined {
  const word = words[index] ?? "";
  const known = VERBS_IN_PROMPTS.get(word);
  if (index === 0 && words.length >= 4 && ASKING.has(word)) return "find";
  return known === undefined && RELATIVES.has(words[index - 1] ?? "") && word.endsWith("s")
    ? VERBS_IN_PROMPTS.get(word.slice(0, -1))
    : known;
}

/** "What do guests like", "how urgent is it": answered from what is given. */
const ASKING = new Set([
  "what",
  "which",
  "how",
  "welche",
  "welcher",
  "wie",
  "quel",
  "quelle",
  "quels",
  "cual",
  "cuales",
  "qual",
  "quais",
  "quale",
  "quali",
]);
const RELATIVES = new Set(["that", "who", "which"]);
const JOINERS = new Set(["that", "who", "which", "and", "then", "to", "und", "dann", "zu", "et", "puis", "y", "luego", "e", "poi", "de"]);

function isAfterJoiner(words: readonly string[], index: number): boolean {
  return JOINERS.has(words[index - 1] ?? "");
}

type Voter = (rest: readonly string[], verb: string) => Vote | null;

/** A vote of weight 1 is a clear one. */
const VOTERS: Readonly<Record<PromptVerb, Voter>> = {
  make: (rest) => objectVote(rest, { intent: "generate", weight: 0.35 }),
  find: findVote,
  turn: turnVote,
  tell: tellVote,
  judge: judgeVote,
  validate: (rest, verb) => checkVote(verb, rest),
  generate: (rest, verb) => writeVote(verb, rest),
  extract: (rest, verb) => readVote(verb, rest),
  summarize: (rest, verb) => rateVote(verb, rest),
  send: () => null,
  transform: translateVote,
  conditional: () => ({ intent: "conditional", weight: 1 }),
};

function voteOf(verb: PromptVerb, words: readonly string[], at: number): Vote | null {
  return VOTERS[verb](words.slice(at + 1, at + (verb === "turn" ? 25 : 13)), words[at] ?? "");
}

/** "Write a summary" is a summary; "respond with yes or no" is no reply. */
function writeVote(verb: string, rest: readonly string[]): Vote | null {
  if (/^(?:rewrite|write|put)$/.test(verb) && rest.slice(0, 9).some((word) => FORMATS.has(word)) && rest.includes("in"))
    return { intent: "transform", weight: 0.8 };
  if (rest[0] === "up" && /^(?:write|sum)/.test(verb)) return { intent: "summarize", weight: 0.8 };
  const first = rest
    .slice(0, 7)
    .map((word) => OBJECTS.get(word))
    .find((object) => object !== undefined);
  if (/^(?:write|draft|schreib|ecri|escrib|escrev|scriv|redact|redig)/.test(verb) && first?.[0] === "summarize")
    return { intent: "summarize", weight: 1 };
  if (
    /^(?:respond|reply|answer|antwort|responde|repond|rispond)/.test(verb) &&
    ["with", "only", "in", "mit", "nur", "con", "avec", "yes", "solo", "uniquement"].includes(rest[0] ?? "")
  )
    return objectVote(rest, null);
  if (/^(?:help|assist|act|guide|plan|continue|engage|improve|enhance|refine|recommend|suggest)$/.test(verb))
    return { intent: "generate", weight: 0.6 };
  return { intent: "generate", weight: 1 };
}

const FORMATS = new Set(["syntax", "format", "json", "html", "markdown", "xml", "csv", "yaml", "mrkdwn", "uppercase", "lowercase"]);
const TRUTH_WORDS = new Set(["true", "false", "yes", "no", "boolean", "bool", "ja", "nein", "oui", "si", "sim"]);

/** JSON, tables and the like say how, not what. */
function isFormat([intent, weight]: readonly [IntentType, number]): boolean {
  return intent === "transform" && weight < 2;
}

function objectVote(rest: readonly string[], otherwise: Vote | null): Vote | null {
  const isTruth = rest.slice(0, 7).some((word) => TRUTH_WORDS.has(word));
  if (isTruth) return { intent: rest.some((word) => CRITERION_WORDS.has(word)) ? "validate" : "summarize", weight: 0.8 };
  for (const word of rest.slice(0, 9)) {
    const object = OBJECTS.get(word);
    if (object !== undefined && !isFormat(object)) return { intent: object[0], weight: object[1] / 2 };
  }
  return otherwise;
}

const WHETHER = new Set(["if", "whether", "ob", "si", "se"]);

/** "Identify the main themes" condenses, "identify the invoice number" copies, "find errors" checks. */
function findVote(rest: readonly string[]): Vote | null {
  if (WHETHER.has(rest[0] ?? "")) return judgeVote(rest);
  if (rest.slice(0, 9).some((word) => DEFECT_WORDS.has(word))) return { intent: "validate", weight: 0.9 };
  for (const word of rest.slice(0, 9)) {
    const object = OBJECTS.get(word);
    if (object === undefined || object[0] === "transform" || object[0] === "generate") continue;
    return { intent: object[0], weight: 0.8 };
  }
  return { intent: "summarize", weight: 0.45 };
}

/** "Turn it into a podcast script" creates, "convert it to JSON" reshapes. */
function turnVote(rest: readonly string[]): Vote {
  const into = rest.findIndex((word) => ["into", "to", "in", "en", "em", "a"].includes(word));
  const becomes = objectVote(into === -1 ? rest.slice(0, 9) : rest.slice(into + 1), null);
  return becomes !== null && becomes.intent !== "extract" ? becomes : { intent: "transform", weight: 1 };
}

/** Reading is the way to something, unless values are read off or a form is filled. */
function readVote(verb: string, rest: readonly string[]): Vote | null {
  if (verb === "fill" || verb === "populate")
    return rest.slice(0, 6).some((word) => /^(?:keys?|fields?|schema|json|form|values?)$/.test(word))
      ? { intent: "extract", weight: 0.9 }
      : null;
  if (verb === "read") return /^(?:off|out)$/.test(rest[0] ?? "") ? { intent: "extract", weight: 1 } : null;
  return { intent: "extract", weight: 1 };
}

/** A question put into SQL is new code. */
function translateVote(rest: readonly string[]): Vote {
  const becomesCode = rest.some(
    (word, index) =>
      /^(?:sql|query|queries|code|regex|cypher|python|formula)$/.test(word) &&
      ["into", "to", "in", "a", "an"].includes(rest[index - 1] ?? ""),
  );
  return becomesCode ? { intent: "generate", weight: 0.8 } : { intent: "transform", weight: 1 };
}

const GIVEN = new Set([
  "attached",
  "following",
  "below",
  "above",
  "document",
  "contract",
  "article",
  "text",
  "numbers",
  "data",
  "paper",
  "given",
  "provided",
  "folgende",
  "documento",
  "document",
]);
const ASIDE = new Set(["why", "reasoning", "reason", "choice", "choices", "your", "briefly", "warum", "porque", "pourquoi"]);

/** "Explain the attached contract" condenses, "tell whether" judges, "explain why" only adds to something else. */
function tellVote(rest: readonly string[]): Vote | null {
  if (rest.slice(0, 3).some((word) => WHETHER.has(word))) return judgeVote(rest);
  if (rest.slice(0, 2).some((word) => ASIDE.has(word))) return null;
  if (rest.slice(0, 5).some((word) => GIVEN.has(word)) || rest[0] === "me" || rest[0] === "what")
    return { intent: "summarize", weight: 0.6 };
  return { intent: "generate", weight: 0.7 };
}

function judgeVote(rest: readonly string[]): Vote {
  if (rest.some((word) => CRITERION_WORDS.has(word))) return { intent: "validate", weight: 0.75 };
  if (rest.slice(0, 4).some((word) => ["next", "worker", "agent", "route", "department"].includes(word)))
    return { intent: "conditional", weight: 1 };
  return { intent: "summarize", weight: 0.7 };
}

function checkVote(verb: string, rest: readonly string[]): Vote {
  if (rest.some((word) => RELEVANCE.has(word))) return { intent: "summarize", weight: 0.9 };
  if (verb === "review" && !rest.some((word) => CRITERION_WORDS.has(word)) && rest.length > 0) return { intent: "validate", weight: 0.5 };
  return { intent: "validate", weight: 0.9 };
}

/** How well something fits is a finding, not a verdict on correctness. */
const RELEVANCE = new Set(["relevant", "relevance", "relevancy", "fit", "fits", "interesting", "relevante", "pertinent", "passend"]);

/** "Score 1 if correct" checks, "score the lead" condenses. */
function rateVote(verb: string, rest: readonly string[]): Vote {
  const isRating = /^(?:score|rate|grade|bewerte|note|puntua)/.test(verb) && !rest.some((word) => RELEVANCE.has(word));
  const isCheck = isRating && rest.some((word) => CRITERION_WORDS.has(word));
  return { intent: isCheck ? "validate" : "summarize", weight: isCheck ? 0.75 : 1 };
}
