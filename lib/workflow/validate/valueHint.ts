// What to do about a value that does not fit the schema, or is missing.
import type { z } from "zod";
import { isJsonObject } from "../../core/json.ts";
import { readNumber } from "../../operations/numbers.ts";
import { findStep } from "../read/findStep.ts";
import type { PathKey } from "../read/SourceMap.ts";
import { expectation } from "./expectation.ts";
import { suggest } from "./suggest.ts";

export function missingHint(path: readonly PathKey[], root: unknown): string {
  const [parent, name] = [path.at(-2), String(path.at(-1))];
  if (parent === undefined) return `add \`${name}: …\` at the top level of the file`;
  if (findStep(root, path)?.path.length === path.length - 1) return `add \`${name}: …\` to the step`;
  return typeof parent === "number" ? `add \`${name}: …\` to this entry` : `add \`${name}: …\` below \`${parent}\``;
}

/** What helps depends on what was meant: a number in quotes is another slip than a name that does not exist. */
export function valueHint(issue: z.core.$ZodIssue, path: readonly PathKey[], value: unknown): string {
  const name = String(path.at(-1));
  if (issue.code === "invalid_value")
    return suggest(typeof value === "string" ? value : JSON.stringify(value), issue.values.map(String), "use one of the listed values");
  if (typeof path.at(-1) === "number" && path.at(-2) === "steps") return "write a step: `- id: …`, below it `type: …` and its fields";
  if (issue.code === "invalid_type") return TYPE_HINTS[issue.expected]?.(name, value) ?? `write ${expectation(issue)}`;
  if (issue.code === "too_small" || issue.code === "too_big") return sizeHint(issue, name, value);
  if (name === "id") return "rename the step; templates read it by this name, and a dot begins a field";
  return `give ${expectation(issue)}`;
}

function sizeHint(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, name: string, value: unknown): string {
  if (value === "") return `write something there, or take \`${name}\` out`;
  if (Array.isArray(value) && issue.code === "too_small") return `add an entry under \`${name}\``;
  return typeof value === "number" ? `give a number of ${expectation(issue)}` : `give ${expectation(issue)}`;
}

const TYPE_HINTS: Readonly<Record<string, (name: string, value: unknown) => string>> = {
  string: (name, value) =>
    typeof value === "object" ? `write a text for \`${name}\`` : `put it in quotes: \`${name}: "${JSON.stringify(value)}"\``,
  number: numberHint,
  int: numberHint,
  boolean: (name) => `write \`${name}: true\` or \`${name}: false\`, without quotes`,
  array: (name, value) =>
    isJsonObject(value)
      ? `begin each entry below \`${name}\` with a dash: \`- …\``
      : `write a list: \`${name}: [one, two]\`, or entries that begin with a dash`,
  object: (name) => `write fields with values below \`${name}\`, indented`,
  record: (name) => `write fields with values below \`${name}\`, indented`,
};

function numberHint(name: string, value: unknown): string {
  return typeof value === "string" && readNumber(value) !== undefined
    ? `take the quotes away: \`${name}: ${value.trim()}\``
    : `write digits without quotes, such as \`${name}: 3\``;
}
