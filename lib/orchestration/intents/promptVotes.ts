// What a verb of a prompt votes for, together with its object: "write a summary" condenses, "score 1 if correct" checks. One clause at a time.
import type { IntentType } from "../types.ts";
import { CRITERION_WORDS, DEFECT_WORDS } from "./promptCriteria.ts";
import { OBJECTS, type PromptVerb } from "./promptWords.ts";

export interface Vote {
  readonly intent: IntentType;
  readonly weight: number;
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

/** @param at place of the verb */
export function voteOf(verb: PromptVerb, words: readonly string[], at: number): Vote | null {
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
