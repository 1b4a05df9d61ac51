// A field of a step that names something: its kind, where it stands, what it may name. Shapes only.
import type { JsonValue } from "../../core/json.ts";
import type { PathSegment } from "../../operations/paths.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { ConditionSource } from "../types.ts";

/**
 * What a field may name besides what the step reads: nothing more, the step's own output (`own`), the element at hand
 * (`element`), the element and the result so far (`reduce`), the whole input (`whole`), any field of the input (`data`), or
 * the steps of a nested run (`inside`).
 */
export type FieldScope = "step" | "own" | "element" | "reduce" | "whole" | "data" | "inside";

interface Field {
  /** Below the step: `["params", "url"]`. */
  readonly path: readonly PathKey[];
  readonly scope: FieldScope;
}

export type StepField =
  | (Field & { readonly kind: "template"; readonly value: JsonValue })
  | (Field & { readonly kind: "condition"; readonly value: ConditionSource })
  | (Field & { readonly kind: "cel"; readonly value: string })
  /** A bare name and what is read below it. */
  | (Field & { readonly kind: "name"; readonly value: string; readonly below: readonly PathSegment[] });
