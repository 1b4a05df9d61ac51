// A summary without a model: status, error, and the sentences of the output that say most. It invents nothing and finds no patterns.
import { decodeJson, encodeJson, isJsonObject } from "../core/json.ts";
import { summarize } from "../models/offline/summarize.ts";
import type { EndedExecution } from "./EndedExecution.ts";
import { memoryLine } from "./memoryLine.ts";
import type { Summary } from "./types.ts";

const SUMMARY_CHARACTERS = 300;
const OUTCOME_CHARACTERS = 200;
const MAX_OUTCOMES = 3;
const MAX_TEXT_CHARACTERS = 4_000;

export function extractSummary({ workflow, status, output, error, comments }: EndedExecution): Summary {
  const said = sentencesOf(output).map((sentence) => memoryLine(sentence, OUTCOME_CHARACTERS));
  const outcomes = said.filter((line) => line !== "").slice(0, MAX_OUTCOMES);
  const what = error ?? outcomes[0] ?? "no output";
  const [opinion] = comments;
  const comment = opinion === undefined ? "" : ` A person said: ${memoryLine(opinion, OUTCOME_CHARACTERS)}`;
  return {
    summary: memoryLine(`${workflow} ${status}: ${memoryLine(what, SUMMARY_CHARACTERS)}${comment}`, SUMMARY_CHARACTERS * 2),
    outcomes: error === null ? outcomes.slice(1) : [],
    patterns: [],
    suggestions: [],
  };
}

function sentencesOf(output: string): readonly string[] {
  const value = output === "" ? null : decodeJson(output);
  if (value === null || value === "") return [];
  if (typeof value === "string") return summarize(null, value.slice(0, MAX_TEXT_CHARACTERS), "three sentences").sentences;
  if (isJsonObject(value) || Array.isArray(value)) return summarize(value, "", "three sentences").sentences;
  return [encodeJson(value)];
}
