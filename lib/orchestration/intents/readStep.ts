// Reads a bounded excerpt off any step, ours or foreign: at most some KB of text and a few levels of nesting. Judges nothing.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";
import { findBranches, outputKeysOf } from "./readOutput.ts";
import { asRecord, clip, collectText, firstText, type LooseRecord } from "./looseValues.ts";
import { normaliseForeign } from "./normaliseForeign.ts";
import type { RequestFacts, StepFacts } from "./types.ts";

const INTENTS: ReadonlySet<string> = new Set<IntentType>([
  "extract",
  "summarize",
  "generate",
  "validate",
  "send",
  "transform",
  "conditional",
]);
const EFFECTS: ReadonlySet<string> = new Set<Effect>(["none", "read", "write", "destructive"]);

const PROMPT_KEYS = [
  "prompt",
  "instruction",
  "instructions",
  "text",
  "systemMessage",
  "systemPrompt",
  "system_prompt",
  "systemMessagePrompt",
];
const CODE_KEYS = ["jsCode", "functionCode", "pythonCode", "code", "script", "javascriptFunction"];
const COMMAND_KEYS = ["run", "command", "cmd"];
const SQL_KEYS = ["query", "sql", "sqlQuery", "rawQuery", "statement"];
const BODY_KEYS = ["body", "jsonBody", "bodyParameters", "bodyParametersJson", "bodyParametersUi", "rawBody", "data", "json"];
const SQL_START =
  /^\s*=?\s*(?:--[^\n]*\n\s*|\/\*)?\s*(?:select|with|insert|update|delete|merge|create|alter|drop|truncate|explain|show|replace|upsert|grant|call|exec|copy)\b/i;
const GRAPHQL_START = /^\s*=?\s*(?:#[^\n]*\n\s*)*(?:query|mutation|subscription)\b|^\s*=?\s*\{\s*\w+\s*[({]/;

export function readStep(step: unknown): StepFacts {
  const record = normaliseForeign(asRecord(step));
  const params = { ...asRecord(record["params"]), ...asRecord(record["with"]) };
  const config = asRecord(record["config"]);
  const places = [record, params, config];
  const query = firstText(places, SQL_KEYS);
  const prompts = promptsOf(record, params, config);
  const hints = asRecord(record["annotations"] ?? record["hints"]);
  return {
    type: clip(record["type"], 80).toLowerCase(),
    name: clip(record["name"] ?? record["title"], 200),
    description: clip(record["description"], 1_200),
    plugin: clip(record["plugin"] ?? record["uses"], 120),
    action: clip(record["action"], 120),
    operation: clip(record["operation"], 120),
    prompt: prompts.text,
    code: clip(firstText(places, CODE_KEYS), 6_000),
    command: clip(firstText(places, COMMAND_KEYS), 3_000),
    sql: SQL_START.test(query.slice(0, 400)) ? clip(query, 4_000) : "",
    graphql: GRAPHQL_START.test(query.slice(0, 400)) ? clip(query, 4_000) : "",
    request: requestOf(record, params),
    outputKeys: outputKeysOf(record, params, config),
    paramKeys: Object.keys(params).slice(0, 60),
    params,
    hasBranches: findBranches(record, params, config),
    hasTools: places.some((place) => isFilledList(place["tools"]) || isFilledList(place["plugins"])),
    declaredIntent: memberOf<IntentType>(INTENTS, record["intent"] ?? asRecord(record["metadata"])["intent"]),
    declaredEffect: memberOf<Effect>(EFFECTS, record["effect"]),
    readOnlyHint: claim(hints["readOnlyHint"]),
    destructiveHint: claim(hints["destructiveHint"]),
    promptLength: prompts.length,
  };
}

function promptsOf(record: LooseRecord, params: LooseRecord, config: LooseRecord): { readonly text: string; readonly length: number } {
  const own = typeof record["prompt"] === "string" ? record["prompt"] : collectText(record["prompt"], 6_000);
  const found = own === "" ? firstText([config, params], PROMPT_KEYS) : own;
  const messages = found === "" ? collectText(record["messages"] ?? params["messages"], 6_000) : "";
  const text = found === "" ? messages : found;
  const input = record["input"];
  const inputLength = typeof input === "string" ? input.length : collectText(input, 2_000).length;
  return { text: headAndTail(text), length: text.length + inputLength };
}

/** Instructions stand at the beginning, what is to be returned often at the end. */
function headAndTail(text: string): string {
  return text.length <= 3_000 ? text : `${text.slice(0, 2_100)}\n${text.slice(-900)}`;
}

function requestOf(record: LooseRecord, params: LooseRecord): RequestFacts | null {
  const places = [params, record];
  const url = firstText(places, ["url", "endpoint", "uri", "requestUrl"]);
  const method = firstText(places, ["method", "requestMethod", "httpMethod"]);
  if (url === "" && method === "") return null;
  const bodies = places.flatMap((place) => BODY_KEYS.map((key) => collectText(place[key], 2_000)));
  return {
    method: method.slice(0, 10).toUpperCase(),
    url: clip(url, 1_000),
    body: bodies.join("\n").trim().slice(0, 4_000),
  };
}

function memberOf<Member extends string>(members: ReadonlySet<string>, value: unknown): Member | null {
  return typeof value === "string" && members.has(value) ? (value as Member) : null;
}

function claim(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
