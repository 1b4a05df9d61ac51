// Joins CEL expressions to the scope that templates read: unknown names get the same answer, and `.data` of a step stays optional.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import type { CelPurpose, CompiledCel } from "./cel.ts";
import { describeKeys } from "./describeValue.ts";
import { didYouMean } from "./didYouMean.ts";
import type { TemplateScope } from "./templates.ts";

/** @throws AppError `CONDITION_FAILED` or `TRANSFORM_FAILED` when the expression names what the scope does not have */
export function evaluateCel(compiled: CompiledCel, scope: TemplateScope, purpose: CelPurpose): JsonValue {
  const bindings: [string, JsonValue][] = [];
  for (const root of compiled.references) {
    const lookup = scope.get(root);
    if (!lookup.found) throw unknownRoot(root, compiled.source, scope, purpose);
    bindings.push([root, lookup.isStep === true ? withOptionalData(compiled, root, lookup.value) : lookup.value]);
  }
  return compiled.evaluate(Object.fromEntries(bindings));
}

/** An object also shows itself as its own `data`; a list or a plain value does so when the expression reads it that way only. */
function withOptionalData(compiled: CompiledCel, root: string, value: JsonValue): JsonValue {
  const reads = compiled.paths.filter((reference) => reference.root === root);
  const readsData = (path: (typeof reads)[number]["path"]): boolean => path[0]?.kind === "key" && path[0].key === "data";
  if (!reads.some((reference) => readsData(reference.path))) return value;
  if (isJsonObject(value)) return Object.hasOwn(value, "data") ? value : { ...value, data: value };
  return reads.every((reference) => readsData(reference.path)) ? { data: value } : value;
}

function unknownRoot(root: string, source: string, scope: TemplateScope, purpose: CelPurpose): AppError {
  const roots = scope.roots();
  const suggestion = didYouMean(root, roots);
  const shown = source.length > 80 ? `${source.slice(0, 80)}…` : source;
  const tail = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  const message = `expression "${shown}" uses the unknown name "${root}" (expected ${describeKeys(roots)})${tail}`;
  return new AppError(purpose === "condition" ? "CONDITION_FAILED" : "TRANSFORM_FAILED", message, {
    details: { expected: describeKeys(roots), got: root },
  });
}
