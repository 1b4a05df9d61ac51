// What the offline model is asked, taken from the request's facts or, without them, out of its messages. It answers nothing.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { ModelLabel, ModelRequest, ModelTask } from "../types.ts";
import { findJson } from "./findJson.ts";

export interface Brief {
  readonly kind: ModelTask;
  /** The instruction, without the content it is about. */
  readonly task: string;
  /** Structured input, or null. */
  readonly data: JsonValue;
  /** Unstructured input, or "". */
  readonly text: string;
  readonly labels: readonly ModelLabel[];
  readonly schema: JsonObject | null;
}

const KINDS: readonly (readonly [ModelTask, RegExp])[] = [
  ["classify", /\b(?:classif\w*|categori[sz]\w*|label (?:each|the|this|every|all)|tag each|triage|sentiment)\b/i],
  ["summarize", /\b(?:summar\w*|digest|tl;?dr|condense|recap|key points|overview|brief me)\b/i],
  ["extract", /\b(?:extract|parse|pull out|find all|list all|read out)\b/i],
  ["decide", /\b(?:decide|should (?:we|i|the)|approve or|choose between|is it true|yes or no)\b/i],
  ["generate", /\b(?:write|draft|compose|generate|create|reply|respond|prepare|word)\b/i],
];
const LABEL_LIST =
  /(?:one of(?: the following)?|into|labels?|categories|as either|as|between)\s*:?\s*((?:["'`]?[\w-]+(?: [\w-]+)?["'`]?\s*(?:,|\/|\||\bor\b|\band\b)\s*(?:or\s+|and\s+)?)+["'`]?[\w-]+["'`]?)/i;
const TAGGED = /<(data|input|document|documents|content|context|text|items)>([\s\S]*?)<\/\1>/gi;
const FENCED = /```(\w*)[^\S\n]*\n([\s\S]*?)```/g;
const MAX_TASK_CHARS = 2_000;

export function readBrief(request: ModelRequest): Brief {
  const { facts, system = "" } = request;
  const said = readMessages(request);
  const schema = request.outputSchema ?? null;
  const parts =
    facts?.data === undefined ? separate(said.user, said.results) : { task: said.user.slice(0, MAX_TASK_CHARS), ...asInput(facts.data) };
  const task = facts?.task ?? parts.task;
  const labels = facts?.labels ?? readLabels(task) ?? readLabels(system) ?? [];
  const kind = facts?.kind ?? detectKind(task) ?? detectKind(system) ?? guessKind(schema, parts.data, parts.text);
  return { kind, task, data: parts.data, text: parts.text, labels, schema };
}

function guessKind(schema: JsonObject | null, data: JsonValue, text: string): ModelTask {
  if (schema !== null) return "extract";
  return data !== null || text !== "" ? "summarize" : "generate";
}

/** The verb that comes first says what the rest is for. */
function detectKind(text: string): ModelTask | null {
  let best: ModelTask | null = null;
  let bestIndex = Number.POSITIVE_INFINITY;
  for (const [kind, pattern] of KINDS) {
    const index = text.search(pattern);
    if (index >= 0 && index < bestIndex) [best, bestIndex] = [kind, index];
  }
  return best;
}

function readLabels(text: string): ModelLabel[] | null {
  const list = LABEL_LIST.exec(text.slice(0, MAX_TASK_CHARS))?.[1];
  if (list === undefined) return null;
  const names = list.split(/\s*(?:,|\/|\||\bor\b|\band\b)\s*/i).map((name) => name.replaceAll(/["'`]/g, "").trim());
  const labels = names.filter((name) => name !== "").map((name) => ({ name }));
  return labels.length > 1 ? labels : null;
}

function readMessages(request: ModelRequest): { user: string; results: JsonValue[] } {
  const user: string[] = [];
  const results: JsonValue[] = [];
  for (const message of request.messages) {
    if (message.role === "user") user.push(textOf(message.content));
    if (message.role !== "tool") continue;
    for (const part of message.content) if (part.type === "tool-result") results.push(resultOf(part.output));
  }
  return { user: user.join("\n\n"), results };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: unknown) => (typeof part === "object" && part !== null && "text" in part && typeof part.text === "string" ? part.text : ""))
    .join("\n");
}

function resultOf(output: unknown): JsonValue {
  if (typeof output !== "object" || output === null || !("value" in output)) return null;
  return asJson(output.value as JsonValue);
}

/** Text that holds JSON is taken as JSON. */
function asJson(value: JsonValue): JsonValue {
  if (typeof value !== "string") return value;
  const found = findJson(value);
  return found !== null && found.start === 0 && found.end === value.trimEnd().length ? found.value : value;
}

function asInput(value: JsonValue): { data: JsonValue; text: string } {
  const parsed = asJson(value);
  if (typeof parsed === "string") return { data: null, text: parsed };
  // One long text in an envelope is a text; the envelope says nothing.
  const members = isJsonObject(parsed) ? Object.values(parsed).filter((member) => member !== undefined) : [];
  if (members.length === 1 && typeof members[0] === "string" && members[0].length > 200) return { data: null, text: members[0] };
  return { data: parsed, text: "" };
}

/** Instruction and content of a plain prompt: tool results, tags, fences, JSON, else what follows the first paragraph. */
function separate(user: string, results: readonly JsonValue[]): { task: string; data: JsonValue; text: string } {
  if (results.length > 0) return { task: user.slice(0, MAX_TASK_CHARS), ...asInput(results.length === 1 ? results[0]! : results) };
  const blocks: string[] = [];
  const rest = user
    .replaceAll(TAGGED, (_whole, _tag: string, body: string) => (blocks.push(body.trim()), "\n"))
    .replaceAll(FENCED, (_whole, _language: string, body: string) => (blocks.push(body.trim()), "\n"));
  if (blocks.length > 0) {
    const values = blocks.map((block) => asJson(block));
    return { task: rest.trim().slice(0, MAX_TASK_CHARS), ...asInput(values.length === 1 ? values[0]! : values) };
  }
  const found = findJson(user);
  if (found !== null) {
    const around = `${user.slice(0, found.start)} ${user.slice(found.end)}`.trim();
    return { task: around.slice(0, MAX_TASK_CHARS), ...asInput(found.value) };
  }
  return separateParagraphs(user);
}

function separateParagraphs(user: string): { task: string; data: JsonValue; text: string } {
  const trimmed = user.trim();
  const paragraph = /^([\s\S]{1,800}?)\n\s*\n([\s\S]+)$/.exec(trimmed);
  const inline = /^([^\n]{3,200}?):\s+([\s\S]{20,})$/.exec(trimmed);
  // `Summarize: long text` on one line; a short list after the colon still belongs to the instruction.
  const isInline =
    inline !== null && detectKind(inline[1]!) !== null && (paragraph === null || paragraph[1]!.length - inline[1]!.length > 200);
  const split = isInline ? inline : paragraph;
  if (split === null) return { task: trimmed, data: null, text: "" };
  return { task: split[1]!.trim(), data: null, text: split[2]!.trim() };
}
