// Says what zod found in words that name the fault, the expectation and the nearest right spelling.
import type { z } from "zod";
import { didYouMean } from "../../operations/didYouMean.ts";
import { describeValue } from "../../operations/describeValue.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { IssueList } from "./IssueList.ts";
import { FIELD_ALIASES } from "../normalise/fieldAliases.ts";
import { KNOWN_KEYS_PREFIX } from "../schema/fields.ts";
import type { PathKey } from "../read/SourceMap.ts";
import { STEP_TYPE_ALIASES, STEP_TYPES } from "../stepTypes.ts";

export function addSchemaIssues(found: readonly z.core.$ZodIssue[], root: unknown, issues: IssueList): void {
  const misspelt = new Set<string>();
  for (const issue of found) if (issue.code === "unrecognized_keys") addUnknownKeys(issue, root, { issues, misspelt });
  for (const issue of found)
    if (issue.code !== "unrecognized_keys" && !misspelt.has(JSON.stringify(issue.path))) addOne(issue, root, issues);
}

function addOne(issue: z.core.$ZodIssue, root: unknown, issues: IssueList): void {
  const path = issue.path as readonly PathKey[];
  const value = valueAt(root, path);
  if (issue.code === "invalid_union" && "discriminator" in issue) return addUnknownType(path, value, issues);
  if (value === undefined) {
    issues.add("WORKFLOW_INVALID", path, `${String(path.at(-1))} is missing`, { expected: expectation(issue), got: "nothing" });
    return;
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0] === undefined ? "a name" : expectation(issue.issues[0]);
    issues.add("WORKFLOW_INVALID", path, `${JSON.stringify(path.at(-1))} is not a valid name`, { expected });
    return;
  }
  const got = describeValue(value as JsonValue | undefined);
  const expected = expectation(issue);
  const suggestion = issue.code === "invalid_value" && typeof value === "string" ? didYouMean(value, issue.values.map(String)) : undefined;
  issues.add("WORKFLOW_INVALID", path, `${String(path.at(-1) ?? "the document")} is ${got}, expected ${expected}`, {
    expected,
    got,
    ...hint(suggestion),
  });
}

interface Found {
  readonly issues: IssueList;
  /** Paths of fields that are given under a wrong name: that they are missing is the same fault. */
  readonly misspelt: Set<string>;
}

function addUnknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, root: unknown, { issues, misspelt }: Found): void {
  const path = issue.path as readonly PathKey[];
  const known = issue.message.startsWith(KNOWN_KEYS_PREFIX) ? issue.message.slice(KNOWN_KEYS_PREFIX.length).split(", ") : [];
  const owner = valueAt(root, path);
  const type = isJsonObject(owner) && typeof owner["type"] === "string" && known.includes("type") ? owner["type"] : undefined;
  const aliases = type === undefined ? {} : (FIELD_ALIASES[type] ?? {});
  const absent = [...known, ...Object.keys(aliases)].filter((name) => !isJsonObject(owner) || owner[aliases[name] ?? name] === undefined);
  for (const key of issue.keys) {
    const suggestion = didYouMean(key, absent);
    if (suggestion !== undefined) misspelt.add(JSON.stringify([...path, aliases[suggestion] ?? suggestion]));
    const message = `unknown field ${JSON.stringify(key)}${type === undefined ? "" : ` in a step of type ${type}`}`;
    issues.add("WORKFLOW_INVALID", [...path, key], message, { expected: known.join(", "), got: key, ...hint(suggestion) });
  }
}

function hint(suggestion: string | undefined): { hint?: string } {
  return suggestion === undefined ? {} : { hint: `did you mean ${JSON.stringify(suggestion)}?` };
}

function addUnknownType(path: readonly PathKey[], value: unknown, issues: IssueList): void {
  const expected = STEP_TYPES.join(", ");
  if (typeof value !== "string") {
    issues.add(
      "WORKFLOW_INVALID",
      path,
      value === undefined
        ? "type is missing"
        : `type is ${describeValue(value as JsonValue | undefined)}, expected the name of a step type`,
      { expected, got: describeValue(value as JsonValue | undefined) },
    );
    return;
  }
  const suggestion = didYouMean(value, [...STEP_TYPES, ...Object.keys(STEP_TYPE_ALIASES)]);
  issues.add("WORKFLOW_INVALID", path, `unknown step type ${JSON.stringify(value)}`, {
    expected,
    got: value,
    ...hint(suggestion),
  });
}

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

export function valueAt(root: unknown, path: readonly PathKey[]): unknown {
  let node = root;
  for (const key of path)
    node =
      typeof node === "object" && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[String(key)] : undefined;
  return node;
}
