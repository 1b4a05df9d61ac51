// Folding a list by a CEL expression with `acc` (also `accumulator`), `item` and `index`. For the reduce transform and for gather.
import type { JsonValue } from "../core/json.ts";
import { compileCel } from "./cel.ts";
import { evaluateCel } from "./celScope.ts";
import { scopeOf, type TemplateScope } from "./templates.ts";

const NAMES = ["acc", "accumulator", "item", "index"];

/**
 * Without `initial` the first item is the first `acc`; an empty list then gives null.
 *
 * @throws AppError `TRANSFORM_INVALID`, `TRANSFORM_FAILED`
 */
export function reduceByExpression(
  items: readonly JsonValue[],
  expression: string,
  initial: JsonValue | undefined,
  scope?: TemplateScope,
): JsonValue {
  const compiled = compileCel(expression, [...NAMES, ...(scope?.roots() ?? [])], "transform");
  const [first = null, ...rest] = items;
  const start = initial === undefined ? 1 : 0;
  const folded = initial === undefined ? rest : items;
  let accumulator = initial ?? first;
  for (const [position, item] of folded.entries()) {
    const names = { acc: accumulator, accumulator, item, index: position + start };
    accumulator = evaluateCel(compiled, scopeOf(names, scope), "transform");
  }
  return accumulator;
}
