// An error as people read it: what, where, expected and got, what to do. Pure text; output.ts writes it.
import type { ErrorRecord } from "../../core/errors.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { cutText, printable } from "./textWidth.ts";

const PLACED = new Set(["file", "line", "step", "field", "expected", "got"]);
const MAX_FACT_LENGTH = 2_000;
const MAX_ITEMS = 20;

/** A label and what stands beside it; several texts stand under each other. */
type Fact = readonly [label: string, ...texts: readonly string[]];

/** The first line is the message; the rest is where and what to do. */
export function renderError(error: ErrorRecord): readonly string[] {
  const { details } = error;
  const facts: Fact[] = [];
  const place = describePlace(details.file, details.line, details.step, details.field);
  if (place !== "") facts.push(["at", place]);
  if (details.expected !== undefined) facts.push(["expected", factText(details.expected)]);
  if (details.got !== undefined) facts.push(["got", factText(details.got)]);
  for (const [name, value] of Object.entries(details)) {
    if (!PLACED.has(name) && value !== undefined && value !== null) facts.push(otherFact(name, value));
  }
  if (error.hint !== "") facts.push(["hint", printable(error.hint)]);
  const width = Math.max(...facts.map(([label]) => label.length), 0);
  const lines = facts.flatMap(([label, ...texts]) => texts.map((text, index) => `  ${(index === 0 ? label : "").padEnd(width)}  ${text}`));
  return [`error ${error.code}: ${printable(error.message)}`, ...lines];
}

export function describePlace(
  file: string | undefined,
  line: number | undefined,
  step: string | undefined,
  field: string | undefined,
): string {
  const parts: string[] = [];
  if (file !== undefined) parts.push(line === undefined ? file : `${file}:${line}`);
  else if (line !== undefined) parts.push(`line ${line}`);
  if (step !== undefined) parts.push(`step ${step}`);
  if (field !== undefined) parts.push(field);
  return printable(parts.join(", "));
}

function otherFact(name: string, value: JsonValue): Fact {
  if (!Array.isArray(value)) return [name, factText(value)];
  const items = value as readonly JsonValue[];
  // The message tells the first defect already.
  if (name === "issues") return ["also", ...items.slice(1, MAX_ITEMS + 1).map(describeIssue)];
  return items.length > MAX_ITEMS ? [name, factText(value)] : [name, ...items.map(factText)];
}

function describeIssue(issue: JsonValue): string {
  if (!isJsonObject(issue)) return factText(issue);
  const { line, path, message } = issue;
  const place = [typeof line === "number" ? `line ${line}` : "", typeof path === "string" ? path : ""]
    .filter((part) => part !== "")
    .join(", ");
  return `${place === "" ? "" : `${place}: `}${factText(message ?? issue)}`;
}

function factText(value: JsonValue): string {
  return cutText(printable(typeof value === "string" ? value : JSON.stringify(value)), MAX_FACT_LENGTH);
}
