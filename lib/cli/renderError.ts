// An error as people read it: what, where, expected and got, what to do. Pure text; output.ts writes it.
import type { ErrorRecord } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { cutText, printable } from "./textWidth.ts";

const PLACED = new Set(["file", "line", "step", "field", "expected", "got"]);
const MAX_FACT_LENGTH = 2_000;
const MAX_ISSUES = 20;

/** The first line, without the code, is the message alone; the rest is where and what to do. */
export function renderError(error: ErrorRecord): readonly string[] {
  const { details } = error;
  const lines = [`error ${error.code}: ${printable(error.message)}`];
  const place = describePlace(details.file, details.line, details.step, details.field);
  if (place !== "") lines.push(`  at        ${place}`);
  if (details.expected !== undefined) lines.push(`  expected  ${fact(details.expected)}`);
  if (details.got !== undefined) lines.push(`  got       ${fact(details.got)}`);
  for (const [name, value] of Object.entries(details)) {
    if (!PLACED.has(name) && value !== undefined && value !== null) lines.push(...renderFact(name, value));
  }
  if (error.hint !== "") lines.push(`  hint      ${printable(error.hint)}`);
  return lines;
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

function renderFact(name: string, value: JsonValue): string[] {
  const label = `  ${name.padEnd(9)} `;
  if (name === "issues" && Array.isArray(value)) return renderIssues(value as readonly JsonValue[]);
  if (Array.isArray(value) && value.length > 0 && value.length <= 50)
    return value.map((item, index) => (index === 0 ? label : " ".repeat(label.length)) + fact(item as JsonValue));
  return [label + fact(value)];
}

/** Defects beyond the first, which the message tells already. */
function renderIssues(issues: readonly JsonValue[]): string[] {
  return issues.slice(1, MAX_ISSUES + 1).map((issue) => {
    if (!isJsonObject(issue)) return `  also      ${fact(issue)}`;
    const { line, path, message } = issue;
    const place = [typeof line === "number" ? `line ${line}` : "", typeof path === "string" ? path : ""]
      .filter((part) => part !== "")
      .join(", ");
    return `  also      ${place === "" ? "" : `${place}: `}${fact(message ?? issue)}`;
  });
}

function fact(value: JsonValue): string {
  return cutText(printable(typeof value === "string" ? value : JSON.stringify(value)), MAX_FACT_LENGTH);
}
