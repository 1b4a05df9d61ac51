// The table of transforms and the one way to apply one: find it, check its configuration, run it. The operations are one file each beside this one.
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { describeKeys, describeValue } from "../describeValue.ts";
import { didYouMean } from "../didYouMean.ts";
import { aggregate } from "./aggregate.ts";
import { deduplicate } from "./deduplicate.ts";
import { expand } from "./expand.ts";
import { expression } from "./expression.ts";
import { filter } from "./filter.ts";
import { flatten } from "./flatten.ts";
import { group } from "./group.ts";
import { join } from "./join.ts";
import { map } from "./map.ts";
import { partition } from "./partition.ts";
import { pivot } from "./pivot.ts";
import { projectColumn } from "./projectColumn.ts";
import { reduce } from "./reduce.ts";
import { renderTable } from "./renderTable.ts";
import { settingsHint } from "./rows.ts";
import { rowsToObjects } from "./rowsToObjects.ts";
import { select, set } from "./set.ts";
import { setDifference } from "./setDifference.ts";
import { sort } from "./sort.ts";
import { split } from "./split.ts";
import type { Transform, TransformContext } from "./types.ts";
import { withFields } from "./withFields.ts";

export const TRANSFORMS: readonly Transform[] = [
  set,
  select,
  map,
  filter,
  reduce,
  sort,
  group,
  aggregate,
  deduplicate,
  flatten,
  partition,
  pivot,
  split,
  expand,
  rowsToObjects,
  withFields,
  projectColumn,
  setDifference,
  renderTable,
  join,
  expression,
];

const BY_NAME = new Map(
  TRANSFORMS.flatMap((transform) => [transform.name, ...transform.aliases].map((name) => [name, transform] as const)),
);

/** Names and aliases. */
export function transformNames(): string[] {
  return [...BY_NAME.keys()];
}

export function findTransform(operation: string): Transform | undefined {
  return BY_NAME.get(operation);
}

/** @throws AppError `TRANSFORM_INVALID` with the nearest name */
export function requireTransform(operation: string): Transform {
  const transform = findTransform(operation);
  if (transform !== undefined) return transform;
  const names = TRANSFORMS.map(({ name }) => name);
  const suggestion = didYouMean(operation, transformNames());
  const hint =
    operation === "fetch_content"
      ? "fetching is no transform: use an action step of the plugin that holds the content"
      : suggestion === undefined
        ? undefined
        : `did you mean "${suggestion}"?`;
  throw new AppError(
    "TRANSFORM_INVALID",
    `there is no transform "${operation}": expected one of ${names.join(", ")}${hint === undefined ? "" : `; ${hint}`}`,
    {
      details: { field: "operation", expected: names.join(", "), got: operation },
      ...(hint !== undefined && { hint }),
    },
  );
}

/** The configuration as the operation takes it. @throws AppError `TRANSFORM_INVALID` that lists every wrong field */
export function checkTransformConfig(operation: string, config: JsonValue | undefined): unknown {
  const transform = requireTransform(operation);
  const result = transform.configSchema.safeParse(config ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const defects = result.error.issues.map((issue) => describeIssue(issue, transform));
  const [first] = defects;
  const text = defects.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`).join("; ");
  const hint = defects.find((defect) => defect.hint !== undefined)?.hint;
  throw new AppError("TRANSFORM_INVALID", `transform ${transform.name}: ${text}${hint === undefined ? "" : `; ${hint}`}`, {
    details: { field: first?.field ?? "config", expected: first?.expected ?? "", got: first?.got ?? "" },
    hint: hint ?? settingsHint(transform.name),
  });
}

/**
 * Templates in `config` must be filled already, except in the fields that the transform lists as `perItemFields`.
 *
 * @throws AppError `TRANSFORM_INVALID` for the configuration, `TRANSFORM_FAILED` for the data
 */
export function applyTransform(operation: string, input: JsonValue, config: JsonValue | undefined, context: TransformContext): JsonValue {
  const transform = requireTransform(operation);
  return transform.apply(input, checkTransformConfig(operation, config), context);
}

interface ConfigDefect {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
}

function describeIssue(issue: z.core.$ZodIssue, transform: Transform): ConfigDefect {
  const field = ["config", ...issue.path.map(String)].join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]");
  if (issue.code === "unrecognized_keys") return describeUnknownKey(field, issue.keys[0] ?? "", transform);
  const got = describeValue(issue.input as JsonValue | undefined);
  if (issue.code === "invalid_union") return { field, expected: unionText(issue), got };
  if (issue.code === "invalid_value") return { field, expected: issue.values.map(String).join(" | "), got };
  if (issue.code === "invalid_type") return { field, expected: issue.expected, got };
  if (issue.code === "custom") return { field, expected: "a value", got };
  return { field, expected: issue.message.replace(/^(Too small|Too big|Invalid input): expected /, ""), got };
}

function unionText(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors.flat().flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : []));
  return kinds.length === 0 ? "a value of one of the known forms" : [...new Set(kinds)].join(" or ");
}

function describeUnknownKey(field: string, key: string, transform: Transform): ConfigDefect {
  const known = transform.configSchema instanceof z.ZodObject ? Object.keys(transform.configSchema.shape) : [];
  const base = { field: `${field}.${key}`, expected: field === "config" ? describeKeys(known) : "no such field", got: key };
  if (key === "custom_code") return { ...base, hint: "code is not run; write CEL in `expression`" };
  const suggestion = field === "config" ? didYouMean(key, known) : undefined;
  return suggestion === undefined ? base : { ...base, hint: `did you mean "${suggestion}"?` };
}
