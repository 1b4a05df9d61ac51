// What a step's own fields name: read out of templates, conditions and CEL by operations, with a fault for each field that cannot be read.
import { AppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { compileCel } from "../../operations/cel.ts";
import { conditionReferences, parseCondition } from "../../operations/conditions.ts";
import type { PathSegment } from "../../operations/paths.ts";
import { templateReferences } from "../../operations/templates.ts";
import type { PathKey } from "../read/SourceMap.ts";
import { stepFields } from "./stepFields.ts";
import type { FieldScope, StepField } from "./StepField.ts";
import type { WorkflowStep } from "../types.ts";

export interface FieldReference {
  readonly root: string;
  /** What is read below the root. */
  readonly path: readonly PathSegment[];
  /** Below the step: `["params", "url"]`. */
  readonly field: readonly PathKey[];
  readonly kind: StepField["kind"];
  readonly scope: FieldScope;
}

interface FieldFault {
  readonly field: readonly PathKey[];
  readonly error: AppError;
}

export interface StepReferences {
  readonly references: readonly FieldReference[];
  readonly faults: readonly FieldFault[];
}

/** Nested steps are not looked into. Never throws for a bad field. */
export function findReferences(step: WorkflowStep): StepReferences {
  const references: FieldReference[] = [];
  const faults: FieldFault[] = [];
  for (const entry of stepFields(step)) {
    const { kind, path, scope } = entry;
    const add = (field: readonly PathKey[], read: () => readonly { root: string; path: readonly PathSegment[] }[]): void => {
      collect(field, faults, () => {
        for (const { root, path: below } of read()) references.push({ root, path: below, field, kind, scope });
      });
    };
    if (entry.kind === "template") visitTexts(entry.value, path, (text, field) => add(field, () => templateReferences(text)));
    else if (entry.kind === "name") add(path, () => [{ root: entry.value, path: entry.below }]);
    else if (entry.kind === "cel") add(path, () => compileCel(entry.value, undefined, "transform").paths);
    else
      add(path, () =>
        conditionReferences(parseCondition(entry.value)).filter(({ isOuter }) => isOuter || (scope !== "element" && scope !== "data")),
      );
  }
  return { references, faults };
}

/** The same for a value that belongs to no step, such as the definition's `output`. */
export function findTemplateReferences(value: JsonValue, path: readonly PathKey[]): StepReferences {
  const references: FieldReference[] = [];
  const faults: FieldFault[] = [];
  visitTexts(value, path, (text, field) => {
    collect(field, faults, () => {
      for (const { root, path: below } of templateReferences(text))
        references.push({ root, path: below, field, kind: "template", scope: "step" });
    });
  });
  return { references, faults };
}

function collect(field: readonly PathKey[], faults: FieldFault[], read: () => void): void {
  try {
    read();
  } catch (thrown) {
    if (!AppError.is(thrown)) throw thrown;
    faults.push({ field, error: thrown });
  }
}

function visitTexts(value: JsonValue, path: readonly PathKey[], see: (text: string, path: readonly PathKey[]) => void): void {
  if (typeof value === "string") {
    if (value.includes("{{")) see(value, path);
  } else if (Array.isArray(value)) {
    for (const [index, member] of (value as readonly JsonValue[]).entries()) visitTexts(member, [...path, index], see);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) if (member !== undefined) visitTexts(member, [...path, key], see);
  }
}
