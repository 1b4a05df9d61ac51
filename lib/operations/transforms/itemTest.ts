// The question a row is asked, shared by filter and partition: a structured condition, CEL text, or the short form {field, operator, value}.
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { conditionReferences, evaluateCondition, parseCondition, type Condition } from "../conditions.ts";
import { describeKeys } from "../describeValue.ts";
import { didYouMean } from "../didYouMean.ts";
import { atItem, itemScope, transformInvalid } from "./rows.ts";
import { anyJson, type TransformContext } from "./types.ts";

export const itemTestFields = {
  condition: anyJson.optional().describe("Structured condition or CEL text on `item`, `index` and the names outside."),
  expression: z.string().min(1).optional().describe("CEL that gives true or false."),
};

export interface ItemTestConfig {
  readonly condition?: JsonValue | undefined;
  readonly expression?: string | undefined;
}

const ITEM_NAMES = ["item", "index"];

/** @throws AppError `TRANSFORM_INVALID` when there is no single, well-formed condition */
export function compileItemTest(
  operation: string,
  config: ItemTestConfig,
  context: TransformContext,
): (item: JsonValue, index: number) => boolean {
  const condition = parse(operation, config);
  const { nowMs, timeZone } = context;
  checkRoots(operation, condition, context);
  const zone = timeZone === undefined ? {} : { timeZone };
  return (item, index) =>
    atItem(operation, index, () =>
      evaluateCondition(condition, itemScope(item, index, context), { nowMs, ...zone, perItem: { item, names: ITEM_NAMES } }),
    );
}

function parse(operation: string, config: ItemTestConfig): Condition {
  const source = config.condition ?? config.expression;
  if (source === undefined || (config.condition !== undefined && config.expression !== undefined)) {
    const got = source === undefined ? "neither" : "both";
    throw transformInvalid(operation, "condition", { expected: "either condition or expression", got });
  }
  try {
    return parseCondition(source, config.condition === undefined ? "expression" : "condition");
  } catch (cause) {
    if (!AppError.is(cause)) throw cause;
    const options = { cause, details: cause.details, hint: cause.hint };
    throw new AppError("TRANSFORM_INVALID", `transform ${operation}: config.${cause.message}`, options);
  }
}

/** A wrong name is found before the first row, so that it fails on an empty list too. */
function checkRoots(operation: string, condition: Condition, context: TransformContext): void {
  const known = [...ITEM_NAMES, ...(context.scope?.roots() ?? [])];
  for (const { root, isOuter } of conditionReferences(condition)) {
    if (!isOuter || known.includes(root)) continue;
    const suggestion = didYouMean(root, known);
    const hint = suggestion === undefined ? `write item.${root} for a field of the row` : `did you mean "${suggestion}"?`;
    throw transformInvalid(operation, "condition", { expected: describeKeys(known), got: root, hint });
  }
}
