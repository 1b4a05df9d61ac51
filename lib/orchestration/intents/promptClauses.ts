// Adds up what the clauses of a prompt say: verbs that open them, roles, and how often the same is said. Knows no phrases and no fields.
import type { IntentType } from "../types.ts";
import { NEGATIONS, SKIP_WORDS } from "./promptCriteria.ts";
import { voteOf, type Vote } from "./promptVotes.ts";
import { ROLES, VERBS_IN_PROMPTS, type PromptVerb } from "./promptWords.ts";
import { noScores, type IntentScores } from "./scores.ts";
import { splitClauses } from "./splitClauses.ts";

const CLAUSE_LIMIT = 110;
/** Points of a clear vote whose verb opens its clause. */
export const IMPERATIVE = 3;
const MENTION = 0.6;

/** A clause that opens like this asks for a verdict on what is given. */
const QUESTIONS = new Set(["does", "is", "are", "did", "has", "was", "were", "ist", "sind", "hat", "wurde", "estce", "esta"]);

export interface ClauseReading {
  readonly votes: readonly Vote[];
}

/** Clauses that begin with a verb count most, later ones slightly more: the last deliverable is the step's. */
export function scoreClauses(folded: string): IntentScores {
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

export function readClause(words: readonly string[], mayLead: boolean): ClauseReading {
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
