// Says what zod found in words that name the fault, the expectation and the nearest right spelling.
import type { z } from "zod";
import { didYouMean } from "../../operations/didYouMean.ts";
import { describeValue } from "../../operations/describeValue.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { IssueList } from "./IssueList.ts";
import { FIELD_ALIASES } from "../normalise/fieldAliases.ts";
import { commonFields, KNOWN_KEYS_PREFIX } from "../schema/fields.ts";
import { joinPath, type PathKey } from "../read/SourceMap.ts";
import { STEP_TYPE_ALIASES, STEP_TYPES } from "../stepTypes.ts";
import { expectation } from "./expectation.ts";
import { suggest } from "./suggest.ts";
import { missingHint, valueHint } from "./valueHint.ts";

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
    const name = String(path.at(-1));
    issues.add("WORKFLOW_INVALID", path, `${name} is missing`, {
      expected: expectation(issue),
      got: "nothing",
      hint: missingHint(path, root),
    });
    return;
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0] === undefined ? "a name" : expectation(issue.issues[0]);
    issues.add("WORKFLOW_INVALID", path, `${JSON.stringify(path.at(-1))} is not a valid name`, {
      expected,
      got: String(path.at(-1)),
      hint: "rename it to letters, digits, _ and -",
    });
    return;
  }
  const expected = expectation(issue);
  if (path.length === 0) return addWholeDocument(value, expected, issues);
  const got = describeValue(value as JsonValue | undefined);
  issues.add("WORKFLOW_INVALID", path, `${subjectOf(path)} is ${got}, expected ${expected}`, {
    expected,
    got,
    hint: valueHint(issue, path, value),
  });
}

function addWholeDocument(value: unknown, expected: string, issues: IssueList): void {
  const isEmpty = value === null;
  const got = describeValue(value as JsonValue | undefined);
  issues.add("WORKFLOW_INVALID", [], `the document is ${isEmpty ? "empty" : got}, expected ${expected}`, {
    expected,
    got: isEmpty ? "nothing" : got,
    hint: "begin the file with `name: …`, then `steps:` with a list of steps",
  });
}

/** The key; of an entry without one, the list's key and its position. */
function subjectOf(path: readonly PathKey[]): string {
  const [list, last] = [path.at(-2), path.at(-1) ?? ""];
  return typeof last === "number" ? joinPath(String(list ?? ""), last) : last;
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
    const otherwise =
      type === undefined ? "take it out, or use one of the listed fields" : "take it out, move it to `metadata`, or use a listed field";
    issues.add("WORKFLOW_INVALID", [...path, key], message, {
      expected: (type === undefined ? known : ownFirst(known)).join(", "),
      got: key,
      hint: suggestion === undefined ? otherwise : `did you mean ${JSON.stringify(suggestion)}?`,
    });
  }
}

function isCommon(name: string): boolean {
  return Object.hasOwn(commonFields, name) || name === "type";
}

/** The fields of the step's type before those that every step has: the wanted one is more often among them. */
function ownFirst(known: readonly string[]): readonly string[] {
  return [...known.filter((name) => !isCommon(name)), ...known.filter(isCommon)];
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
      {
        expected,
        got: describeValue(value as JsonValue | undefined),
        hint: "say what kind of step it is, such as `type: ai_processing` for one model call",
      },
    );
    return;
  }
  issues.add("WORKFLOW_INVALID", path, `unknown step type ${JSON.stringify(value)}`, {
    expected,
    got: value,
    hint: suggest(value, [...STEP_TYPES, ...Object.keys(STEP_TYPE_ALIASES)], "use one of the listed types; `action` calls a plugin"),
  });
}

export function valueAt(root: unknown, path: readonly PathKey[]): unknown {
  let node = root;
  for (const key of path)
    node =
      typeof node === "object" && node !== null && Object.hasOwn(node, key) ? (node as Record<string, unknown>)[String(key)] : undefined;
  return node;
}
