// Says what zod found in words that name the fault, the expectation and the nearest right spelling.
import type { z } from "zod";
import { didYouMean } from "../operations/didYouMean.ts";
import { describeValue } from "../operations/describeValue.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import type { IssueList } from "./IssueList.ts";
import { FIELD_ALIASES } from "./fieldAliases.ts";
import { KNOWN_KEYS_PREFIX } from "./schema/fields.ts";
import type { PathKey } from "./SourceMap.ts";
import { STEP_TYPE_ALIASES, STEP_TYPES } from "./stepTypes.ts";

export function addSchemaIssues(found: readonly z.core.$ZodIssue[], root: unknown, issues: IssueList): void {
  for (const issue of found) addOne(issue, root, issues);
}

function addOne(issue: z.core.$ZodIssue, root: unknown, issues: IssueList): void {
  const path = issue.path as readonly PathKey[];
  const value = valueAt(root, path);
  if (issue.code === "unrecognized_keys") return addUnknownKeys(issue, root, issues);
  if (issue.code === "invalid_union" && "discriminator" in issue) return addUnknownType(path, value, issues);
  if (value === undefined) {
    issues.add("WORKFLOW_INVALID", path, `${String(path.at(-1))} is missing`, { expected: expectation(issue), got: "nothing" });
    return;
  }
  if (issue.code === "invalid_key") {
    issues.add("WORKFLOW_INVALID", path, `${JSON.stringify(path.at(-1))} is not a valid name`, {
      expected: issue.issues[0]?.message ?? "a name",
    });
    return;
  }
  const got = describeValue(value as JsonValue | undefined);
  const expected = expectation(issue);
  const suggestion = issue.code === "invalid_value" && typeof value === "string" ? didYouMean(value, issue.values.map(String)) : undefined;
  issues.add("WORKFLOW_INVALID", path, `${String(path.at(-1) ?? "the document")} is ${got}, expected ${expected}`, {
    expected,
    got,
    ...(suggestion !== undefined && { hint: `did you mean ${JSON.stringify(suggestion)}?` }),
  });
}

function addUnknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, root: unknown, issues: IssueList): void {
  const path = issue.path as readonly PathKey[];
  const known = issue.message.startsWith(KNOWN_KEYS_PREFIX) ? issue.message.slice(KNOWN_KEYS_PREFIX.length).split(", ") : [];
  const owner = valueAt(root, path);
  const type = isJsonObject(owner) && typeof owner["type"] === "string" ? owner["type"] : undefined;
  const aliases = type === undefined ? [] : Object.keys(FIELD_ALIASES[type] ?? {});
  for (const key of issue.keys) {
    const suggestion = didYouMean(key, [...known, ...aliases]);
    issues.add(
      "WORKFLOW_INVALID",
      [...path, key],
      `unknown field ${JSON.stringify(key)}${type === undefined ? "" : ` in a step of type ${type}`}`,
      {
        expected: known.join(", "),
        got: key,
        ...(suggestion !== undefined && { hint: `did you mean ${JSON.stringify(suggestion)}?` }),
      },
    );
  }
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
    ...(suggestion !== undefined && { hint: `did you mean ${JSON.stringify(suggestion)}?` }),
  });
}

function expectation(issue: z.core.$ZodIssue): string {
  const custom = /^expected (.*)$/s.exec(issue.message)?.[1];
  if (custom !== undefined) return custom;
  switch (issue.code) {
    case "invalid_type":
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" | ");
    case "too_small":
      return issue.origin === "string"
        ? "a text that is not empty"
        : `${issue.inclusive === false ? "more than" : "at least"} ${String(issue.minimum)}`;
    case "too_big":
      return issue.origin === "string" ? `a text of at most ${String(issue.maximum)} characters` : `at most ${String(issue.maximum)}`;
    case "invalid_union":
      return [...new Set(issue.errors.flat().map(expectation))].join(" or ") || "another value";
    case "invalid_format":
    case "not_multiple_of":
    case "unrecognized_keys":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return issue.message;
  }
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

function valueAt(root: unknown, path: readonly PathKey[]): unknown {
  let node = root;
  for (const key of path)
    node =
      typeof node === "object" && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[String(key)] : undefined;
  return node;
}
