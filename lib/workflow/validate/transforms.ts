// Checks transforms as far as they are written out: the operation exists, its settings fit, and they fit together.
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { describeValue } from "../../operations/describeValue.ts";
import { didYouMean } from "../../operations/didYouMean.ts";
import { findTransform, requireTransform } from "../../operations/transforms/registry.ts";
import { settingsHint } from "../../operations/transforms/rows.ts";
import type { Transform } from "../../operations/transforms/types.ts";
import type { IssueList } from "./IssueList.ts";
import { walkSteps } from "../nestedSteps.ts";
import { findReferences } from "../names/references.ts";
import { expectation } from "./expectation.ts";
import { valueAt } from "./schemaIssues.ts";
import { keysOf } from "../read/findStep.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { StepOf, WorkflowDefinition } from "../types.ts";
import { holdsTemplate } from "./holdsTemplate.ts";
import { suggest } from "./suggest.ts";

export function checkTransforms(definition: WorkflowDefinition, issues: IssueList): void {
  for (const { step, path } of walkSteps(definition)) if (step.type === "transform") checkTransform(step, path, issues);
}

function checkTransform(step: StepOf<"transform">, path: readonly PathKey[], issues: IssueList): void {
  const { operation, expression, config } = step;
  const transform = findTransform(operation ?? "expression");
  if (transform === undefined) {
    const error = catchAppError(() => requireTransform(operation ?? ""));
    if (error !== null) addError(error, [...path, "operation"], issues);
    return;
  }
  // Refused by checkStructure already.
  if (operation === undefined && expression === undefined) return;
  const settings: JsonObject = { ...(expression !== undefined && { expression }), ...config };
  const parsed = transform.configSchema.safeParse(settings);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) addConfigIssue(issue, { settings, path, issues, transform });
    return;
  }
  // What cannot be read is told where names are checked.
  if (findReferences(step).faults.length === 0) tryOnNothing(step, transform, { settings, data: parsed.data, path, issues });
}

interface Context {
  readonly settings: JsonObject;
  readonly path: readonly PathKey[];
  readonly issues: IssueList;
}

function addConfigIssue(issue: z.core.$ZodIssue, { settings, path, issues, transform }: Context & { readonly transform: Transform }): void {
  const at = issue.path as readonly PathKey[];
  const value = valueAt(settings, at) as JsonValue | undefined;
  if (issue.code === "unrecognized_keys") {
    const known = "shape" in transform.configSchema ? Object.keys(transform.configSchema.shape as object) : [];
    for (const key of issue.keys) {
      const suggestion = at.length === 0 ? didYouMean(key, known) : undefined;
      const otherwise = key === "custom_code" ? "code is not run; write CEL in `expression`" : settingsHint(transform.name);
      const hint = suggestion === undefined ? otherwise : `did you mean ${JSON.stringify(suggestion)}?`;
      const message = `the transform ${transform.name} has no setting ${JSON.stringify(key)}`;
      issues.add("TRANSFORM_INVALID", [...path, "config", ...at, key], message, {
        expected: known.join(", "),
        got: key,
        hint,
      });
    }
    return;
  }
  if (holdsTemplate(value)) return;
  const expected = expectation(issue);
  const got = describeValue(value);
  const name = String(at.at(-1) ?? "config");
  const message =
    value === undefined ? `${name} is missing for the transform ${transform.name}` : `${name} is ${got}, expected ${expected}`;
  issues.add("TRANSFORM_INVALID", [...path, "config", ...at], message, {
    expected,
    got,
    hint:
      issue.code === "invalid_value" && typeof value === "string"
        ? suggest(value, issue.values.map(String), settingsHint(transform.name))
        : settingsHint(transform.name),
  });
}

/** Settings that fit one by one may exclude each other. Only the operation knows; on an empty list it finds out without doing anything. */
function tryOnNothing(
  step: StepOf<"transform">,
  transform: Transform,
  { settings, data, path, issues }: Context & { readonly data: unknown },
): void {
  const isOpen = Object.entries(settings).some(([key, value]) => !transform.perItemFields.includes(key) && holdsTemplate(value));
  if (isOpen || DEPEND_ON_INPUT.has(transform.name)) return;
  const roots = findReferences(step).references.map(({ root }) => root);
  const scope = { get: () => ({ found: true, value: null }) as const, roots: () => roots };
  const error = catchAppError(() => transform.apply([], data, { nowMs: 0, scope }));
  if (error?.code !== "TRANSFORM_INVALID") return;
  addError(error, [...path, "config", ...placeIn(settings, error.details.field ?? "")], issues);
}

/** Of `condition.operator`, what the author wrote: in the short form there is only `operator`. */
function placeIn(settings: JsonObject, field: string): readonly PathKey[] {
  const keys = keysOf(field.replace(/^config\./, ""));
  const found = keys.map((_, start) => keys.slice(start)).find((path) => valueAt(settings, path) !== undefined);
  return found ?? keys.slice(0, 1).filter((key) => Object.hasOwn(settings, key));
}

/** Their input may bring what the settings leave out. */
const DEPEND_ON_INPUT: ReadonlySet<string> = new Set(["join", "set_difference", "expression"]);

function addError(error: AppError, path: readonly PathKey[], issues: IssueList): void {
  const { expected, got } = error.details;
  issues.add("TRANSFORM_INVALID", path, error.message, {
    expected: expected ?? "settings that the transform takes",
    got: got ?? "others",
    hint: error.hint,
  });
}

function catchAppError(action: () => unknown): AppError | null {
  try {
    action();
    return null;
  } catch (thrown) {
    if (AppError.is(thrown)) return thrown;
    throw thrown;
  }
}
