// Reads a bounded excerpt off any step, ours or foreign: at most some KB of text and a few levels of nesting. Judges nothing.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";
import { asRecord, clip, collectText, type LooseRecord } from "./looseValues.ts";
import { normaliseForeign } from "./normaliseForeign.ts";
import { pickTexts, type PickedTexts } from "./pickTexts.ts";
import { findBranches, outputKeysOf } from "./readOutput.ts";
import { INTENT_ORDER } from "./scores.ts";
import type { RequestFacts, StepFacts } from "./types.ts";

const EFFECTS: readonly Effect[] = ["none", "read", "write", "destructive"];
/** Their deed is a prompt. */
const MODEL_TYPES = new Set(["ai_processing", "llm_decision"]);
const BODY_KEYS = ["body", "jsonBody", "bodyParameters", "bodyParametersJson", "bodyParametersUi", "rawBody", "data", "json"];
const SQL_START =
  /^\s*=?\s*(?:--[^\n]*\n\s*|\/\*)?\s*(?:select|with|insert|update|delete|merge|create|alter|drop|truncate|explain|show|replace|upsert|grant|call|exec|copy)\b/i;
const GRAPHQL_START = /^\s*=?\s*(?:#[^\n]*\n\s*)*(?:query|mutation|subscription)\b|^\s*=?\s*\{\s*\w+\s*[({]/;
const START_LENGTH = 400;
const PROMPT_LENGTH = 3_000;
const CODE_LENGTH = 6_000;

export function readStep(step: unknown): StepFacts {
  return readRecord(normaliseForeign(asRecord(step)));
}

/** As {@link readStep}, for a record that is normalised already. */
export function readRecord(record: LooseRecord): StepFacts {
  const params = paramsOf(record);
  const config = asRecord(record["config"]);
  const type = clip(record["type"], 80).toLowerCase();
  const texts = pickTexts(config, params);
  const prompts = promptsOf(record, params, texts.prompt);
  const asksModel = MODEL_TYPES.has(type) || prompts.text !== "";
  const hints = asRecord(record["annotations"] ?? record["hints"]);
  return {
    type,
    name: clip(record["name"] ?? record["title"], 200),
    description: clip(record["description"], 1_200),
    plugin: clip(record["plugin"] ?? record["uses"], 120),
    action: clip(record["action"], 120),
    operation: clip(record["operation"], 120),
    prompt: prompts.text,
    ...(MODEL_TYPES.has(type) ? NO_DEED : deedOf(record, params, texts)),
    outputKeys: asksModel ? outputKeysOf(record, params, config) : [],
    params,
    hasBranches: asksModel && findBranches(record, params, config),
    hasTools: asksModel && [record, params, config].some((place) => isFilledList(place["tools"]) || isFilledList(place["plugins"])),
    declaredIntent: intentOf(record["intent"] ?? asRecord(record["metadata"])["intent"]),
    declaredEffect: effectOf(record["effect"]),
    readOnlyHint: claim(hints["readOnlyHint"]),
    destructiveHint: claim(hints["destructiveHint"]),
    promptLength: prompts.length,
  };
}

/** Inputs of published CI actions stand in `with`, beside or inside the parameters. */
function paramsOf(record: LooseRecord): LooseRecord {
  const params = asRecord(record["params"]);
  const inputs = record["with"] ?? params["with"];
  return inputs === undefined ? params : asRecord(inputs);
}

type Deed = Pick<StepFacts, "code" | "command" | "sql" | "graphql" | "request">;

const NO_DEED: Deed = { code: "", command: "", sql: "", graphql: "", request: null };

function deedOf(record: LooseRecord, params: LooseRecord, inside: PickedTexts): Deed {
  const outside = pickTexts(record);
  const query = outside.query === "" ? inside.query : outside.query;
  const start = query.slice(0, START_LENGTH);
  return {
    code: headAndTail(outside.code === "" ? inside.code : outside.code, CODE_LENGTH),
    command: clip(outside.command === "" ? inside.command : outside.command, 3_000),
    sql: SQL_START.test(start) ? clip(query, 4_000) : "",
    graphql: GRAPHQL_START.test(start) ? clip(query, 4_000) : "",
    request: requestOf(record, params, [inside, outside]),
  };
}

function requestOf(record: LooseRecord, params: LooseRecord, [inside, outside]: readonly [PickedTexts, PickedTexts]): RequestFacts | null {
  const url = inside.url === "" ? outside.url : inside.url;
  const method = inside.method === "" ? outside.method : inside.method;
  if (url === "" && method === "") return null;
  const bodies = [params, record].flatMap((place) => BODY_KEYS.map((key) => collectText(place[key], 2_000)));
  const body = bodies
    .filter((text) => text !== "")
    .join("\n")
    .trim();
  return { method: method.slice(0, 10).toUpperCase(), url: clip(url, 1_000), body: body.slice(0, 4_000) };
}

function promptsOf(record: LooseRecord, params: LooseRecord, inside: string): { readonly text: string; readonly length: number } {
  const prompt = record["prompt"];
  const own = typeof prompt === "string" ? prompt : collectText(prompt, 6_000);
  const found = own === "" ? inside : own;
  const text = found === "" ? collectText(record["messages"] ?? params["messages"], 6_000) : found;
  const { input } = record;
  const inputLength = typeof input === "string" ? input.length : collectText(input, 2_000).length;
  return { text: headAndTail(text, PROMPT_LENGTH), length: text.length + inputLength };
}

/** Instructions stand at the beginning, what is to be returned often at the end; so it is with code. */
function headAndTail(text: string, length: number): string {
  if (text.length <= length) return text;
  const tail = Math.round(length * 0.3);
  return `${text.slice(0, length - tail)}\n${text.slice(-tail)}`;
}

function intentOf(value: unknown): IntentType | null {
  return INTENT_ORDER.find((intent) => intent === value) ?? null;
}

function effectOf(value: unknown): Effect | null {
  return EFFECTS.find((effect) => effect === value) ?? null;
}

function claim(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
