// Judges what a language model is asked to deliver: verbs with their objects, roles, criteria, fields of the output, a small model. Asks no model.
import type { IntentType } from "../types.ts";
import { opinion } from "./effects.ts";
import { scoreIntents } from "./NgramModel.ts";
import { IMPERATIVE, readClause, scoreClauses } from "./promptClauses.ts";
import { OBJECTS, ROLES } from "./promptWords.ts";
import { keyScores } from "./outputKeyCues.ts";
import { phraseScores } from "./promptPhrases.ts";
import { INTENT_ORDER, noScores, type IntentScores } from "./scores.ts";
import type { Opinion, StepFacts } from "./types.ts";
import { UNSPACED_CUES } from "./unspacedCues.ts";
import { foldCase, hasUnspacedScript, splitWords } from "./words.ts";

const TEMPLATE = /\{\{[^{}]{0,400}\}\}|<[/a-zA-Z][^<>\n]{0,60}>/g;
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
const CLEAR_MARGIN = 4;

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
