// What an answer of a model must keep to: declared in `metadata.contract`, else as far as the instruction itself says it. Reading and checking only.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import type { AnswerDefect, IntentType, ModelAnswer } from "../types.ts";
import { inventedFacts, mentions } from "./answerFacts.ts";
import { findFaults } from "./answerFaults.ts";
import { settingError } from "./settingError.ts";

const contractSchema = z.strictObject({
  max_words: z.int().min(1).optional(),
  min_words: z.int().min(1).optional(),
  max_sentences: z.int().min(1).optional(),
  max_characters: z.int().min(1).optional(),
  format: z.enum(["text", "markdown", "html", "json", "list"]).optional(),
  /** Facts that must stand in the answer; those without a value are left out. */
  must_mention: z.array(z.union([z.string(), z.number(), z.null()])).optional(),
  /** Facts without which nothing may be written, by name. */
  requires: z.record(z.string(), z.json()).optional(),
  /** Figures, dates, addresses and links must stand in the data or the instruction. */
  only_given_facts: z.boolean().optional(),
});

export type AnswerContract = z.output<typeof contractSchema>;

/** @throws AppError `WORKFLOW_INVALID` naming the field */
export function parseContract(step: string, contract: JsonValue | undefined): AnswerContract {
  if (contract === undefined) return {};
  const parsed = contractSchema.safeParse(contract);
  if (parsed.success) return parsed.data;
  throw settingError(step, "metadata.contract", parsed.error);
}

const NUMBERS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
};
/** Bounded: an instruction is short, and each part of the pattern has an end. */
const LIMIT =
  /\b(?:in|within|at most|no more than|not more than|maximum(?: of)?|max\.?|under|fewer than|less than|up to)\s{1,3}(\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten)\s{1,3}(?:short\s{1,3})?(words?|sentences?|characters?)\b/gi;
const MAX_INSTRUCTION_CHARACTERS = 20_000;

/** Words for a part of an answer. Where one stands, a limit may be that of the part. */
const PART = /\b(?:each|every|per|titles?|headings?|headlines?|subjects?|lines?|bullets?|paragraphs?|item)\b/i;

export type NamedLimits = Pick<AnswerContract, "max_words" | "max_sentences" | "max_characters">;

/** Upper bounds of the whole answer that the instruction names in words. */
export function limitsIn(instruction: string): NamedLimits {
  const found: { max_words?: number; max_sentences?: number; max_characters?: number } = {};
  const read = instruction.slice(0, MAX_INSTRUCTION_CHARACTERS);
  if (PART.test(read)) return found;
  for (const [, amount = "", unit = ""] of read.matchAll(LIMIT)) {
    const limit = NUMBERS[amount.toLowerCase()] ?? Number(amount);
    const name = ({ w: "max_words", s: "max_sentences", c: "max_characters" } as const)[unit[0]?.toLowerCase() as "w" | "s" | "c"];
    if (limit > 0) found[name] ??= limit;
  }
  return found;
}

export interface AnswerAbout {
  readonly intent: IntentType;
  readonly contract: AnswerContract;
  /** Limits read from the instruction, which may mean something else: never a reason to take no answer. */
  readonly named: NamedLimits;
  /** Instruction and data, as far as they are known: what stands in them is not made up. */
  readonly given: string;
  /** Characters of what is to be condensed; null: nothing is. */
  readonly sourceCharacters: number | null;
}

/** Beyond a limit by less is how people count, too. */
const TOLERANCE = 1.2;
/** An answer so many times too long is no answer to this question. */
const FAR_TOO_LONG = 10;
/** Shorter than this, nothing is too long for its source. */
const MIN_SOURCE_CHARACTERS = 400;

/** Every defect, hard ones first. */
export function checkAnswer(answer: ModelAnswer, about: AnswerAbout): readonly AnswerDefect[] {
  const defects = [
    ...findFaults(answer, { given: about.given, intent: about.intent, mayRepeat: about.sourceCharacters === null }),
    ...checkLengths(answer.text, about),
    ...checkFormat(answer, about.contract),
    ...checkFacts(answer.text, about),
  ];
  return defects.toSorted((left, right) => (left.severity === right.severity ? 0 : left.severity === "hard" ? -1 : 1));
}

function checkLengths(text: string, { contract, named, sourceCharacters }: AnswerAbout): AnswerDefect[] {
  const words = countOf(text, /\S+/g);
  const sentences = countOf(text, /[^.!?]{2}[.!?]+(?=\s|$)/g);
  const defects = [
    ...tooLong(words, "words", [contract.max_words, named.max_words]),
    ...tooLong(sentences, "sentences", [contract.max_sentences, named.max_sentences]),
    ...tooLong(text.length, "characters", [contract.max_characters, named.max_characters]),
  ];
  const least = contract.min_words;
  if (least !== undefined && words < least)
    defects.push({ message: `has ${words} words, at least ${least} are asked for`, severity: "soft" });
  if (sourceCharacters !== null && sourceCharacters >= MIN_SOURCE_CHARACTERS && text.length > sourceCharacters) {
    const severity = text.length > sourceCharacters * FAR_TOO_LONG ? "hard" : "soft";
    defects.push({ message: `is longer (${text.length} characters) than what it condenses (${sourceCharacters})`, severity });
  }
  return defects;
}

function tooLong(
  count: number,
  unit: string,
  [declared, named]: readonly [declared: number | undefined, named: number | undefined],
): AnswerDefect[] {
  const limit = declared ?? named;
  if (limit === undefined || count <= limit * TOLERANCE) return [];
  const severity = declared !== undefined && count > limit * FAR_TOO_LONG ? "hard" : "soft";
  return [{ message: `has ${count} ${unit}, at most ${limit} are asked for`, severity }];
}

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

const LIST_LINE = /^\s{0,8}(?:[-*•]|\d{1,3}[.)])\s/;

function checkFormat({ text, value }: ModelAnswer, { format }: AnswerContract): AnswerDefect[] {
  if (format === "json") return typeof value !== "string" || isJson(text) ? [] : wrong("JSON and nothing else");
  if (format === "html") return /^<[a-z!]/i.test(text) && text.endsWith(">") ? [] : wrong("HTML and nothing else");
  if (format === "list") {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.length > 0 && lines.every((line) => LIST_LINE.test(line) || /^\s/.test(line)) ? [] : wrong("a list and nothing else");
  }
  if (format === "text" && /^(?:#{1,6} |```|<[a-z]{1,10}>)/m.test(text)) return wrong("plain text without markup");
  return [];
}

function wrong(expected: string): AnswerDefect[] {
  return [{ message: `is not ${expected}`, severity: "hard" }];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkFacts(text: string, { contract, given }: AnswerAbout): AnswerDefect[] {
  const wanted = (contract.must_mention ?? []).flatMap((fact) => (fact === null || fact === "" ? [] : [String(fact)]));
  const missing = wanted.filter((fact) => !mentions(text, fact));
  const invented = contract.only_given_facts === true ? inventedFacts(text, given) : [];
  return [
    ...missing.map((fact): AnswerDefect => ({ message: `does not mention ${JSON.stringify(fact.slice(0, 80))}`, severity: "hard" })),
    ...invented.map((fact): AnswerDefect => ({ message: `says ${JSON.stringify(fact)}, which nobody gave it`, severity: "hard" })),
  ];
}
