// What the schema asked for, in words. What was found instead, and what to do, is told beside this file.
import type { z } from "zod";

export function expectation(issue: z.core.$ZodIssue): string {
  const custom = /^expected (.*)$/s.exec(issue.message)?.[1];
  if (custom !== undefined) return custom;
  if (issue.code === "invalid_type") return TYPE_NAMES[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(" | ");
  if (issue.code === "too_small" || issue.code === "too_big") return expectedSize(issue);
  if (issue.code === "invalid_union") return [...new Set(issue.errors.flat().map(expectation))].join(" or ") || "another value";
  return issue.message;
}

function expectedSize(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (issue.code === "too_big")
    return issue.origin === "string" ? `a text of at most ${issue.maximum} characters` : `at most ${issue.maximum}`;
  if (issue.origin === "string") return "a text that is not empty";
  return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "null",
};
