// Letters and notes out of given facts: subject, greeting and signature only if they are given. No sentence that claims more than the input.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeData } from "./describeData.ts";
import { scalarText } from "./scalarText.ts";
import { summarize } from "./summarize.ts";

const MAIL = /\b(?:e-?mail|letter|reply|respond|response|newsletter)\b/i;
const TOPIC =
  /\b(?:about|regarding|concerning|on the subject of)\s+(?:the\s+|our\s+|a\s+|an\s+)?([^.,;:\n{}]{3,80}?)(?=\s+(?:to|for|from|with|in|using|based)\b|[.,;:\n]|$)/i;
const SUBJECT_KEYS = ["subject", "title", "headline", "topic"];
const RECIPIENT_KEYS = [
  "recipient",
  "recipient_name",
  "to_name",
  "customer_name",
  "customer",
  "contact_name",
  "contact",
  "first_name",
  "name",
  "to",
];
const SENDER_KEYS = ["sender", "sender_name", "signature", "from_name", "signed_by", "author"];
const MAX_LINES = 20;
const MAX_CELLS = 6;
const MAX_CELL_CHARS = 120;

export const NOTHING_GIVEN = "The offline model writes only from what it is given, and no facts were given.";

/** @returns lines; a line break between two of them is kept */
export function compose(data: JsonValue, text: string, task: string): { lines: string[]; notice: string } {
  const facts = isJsonObject(data) ? data : {};
  const isMail = MAIL.test(task);
  const subject = named(facts, SUBJECT_KEYS) ?? (isMail ? (TOPIC.exec(task)?.[1]?.trim() ?? null) : null);
  const recipient = isMail ? named(facts, RECIPIENT_KEYS) : null;
  const sender = isMail ? named(facts, SENDER_KEYS) : null;
  const { body, notice } = bodyOf(data, text, task, [subject, recipient, sender]);
  if (body.length === 0) return { lines: [NOTHING_GIVEN], notice: "" };
  const lines: string[] = [];
  if (subject !== null) lines.push(isMail ? `Subject: ${subject}` : subject, "");
  if (recipient !== null) lines.push(`Hello ${recipient},`, "");
  lines.push(...body);
  if (sender !== null) lines.push("", sender);
  return { lines, notice };
}

function bodyOf(data: JsonValue, text: string, task: string, used: readonly (string | null)[]): { body: string[]; notice: string } {
  if (data === null) {
    const { sentences, notice } = text === "" ? { sentences: [], notice: "" } : summarize(null, text, task);
    return { body: [...sentences], notice };
  }
  if (Array.isArray(data)) return { body: listOf(data as readonly JsonValue[], "", task), notice: "" };
  if (!isJsonObject(data)) return { body: [scalarText(data)], notice: "" };
  const body = Object.entries(data).flatMap(([key, value]): string[] => {
    if (value === undefined || value === null || (typeof value === "string" && used.includes(value))) return [];
    if (Array.isArray(value)) return listOf(value as readonly JsonValue[], key, task);
    return isJsonObject(value) ? describeData({ [key]: value }, task) : [`${key}: ${scalarText(value ?? null)}`];
  });
  return { body, notice: "" };
}

/** Few items are listed one by one; many are described. */
function listOf(list: readonly JsonValue[], name: string, task: string): string[] {
  const title = name === "" ? [] : [`${name}: ${list.length} ${list.length === 1 ? "item" : "items"}.`];
  if (list.length === 0) return title;
  if (list.length > MAX_LINES) return describeData(name === "" ? list : { [name]: list }, task);
  return [...title, ...list.map((item) => `- ${lineOf(item)}`)];
}

function lineOf(item: JsonValue): string {
  if (!isJsonObject(item)) return typeof item === "string" ? item : JSON.stringify(item);
  const cells = Object.entries(item).filter(
    ([, value]) => value !== undefined && value !== null && typeof value !== "object" && String(value).length <= MAX_CELL_CHARS,
  );
  return cells
    .slice(0, MAX_CELLS)
    .map(([key, value]) => `${key}: ${scalarText(value ?? null)}`)
    .join(", ");
}

function named(facts: JsonObject, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = facts[key] ?? facts[camel(key)];
    // An address is no name.
    if (typeof value === "string" && value !== "" && value.length <= MAX_CELL_CHARS && !value.includes("@")) return value;
  }
  return null;
}

function camel(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
