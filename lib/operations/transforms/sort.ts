// sort: stable, by one or more fields. A column is compared as numbers, dates or texts by what all its values are, so that the order is total.
import { z } from "zod";
import { canonicalJson, type JsonValue } from "../../core/json.ts";
import { readDate } from "../dates.ts";
import { readNumber } from "../numbers.ts";
import { isBlank, readField, requireList, transformInvalid } from "./rows.ts";
import { defineTransform, fieldName, type FieldName } from "./types.ts";

const order = z.enum(["asc", "desc", "ascending", "descending"]);
const sortKey = z.union([fieldName, z.strictObject({ field: fieldName, order: order.optional() })]);
const sortKeys = z.union([sortKey, z.array(sortKey).min(1)]);

export const sort = defineTransform({
  name: "sort",
  aliases: ["sort_by", "order_by"],
  summary: "Stable order by one or more fields; blank values come last.",
  configSchema: z.strictObject({
    sort_by: sortKeys.optional().describe("Field, {field, order}, or a list of these. Without it items themselves are compared."),
    field: sortKeys.optional().describe("The same as `sort_by`."),
    by: sortKeys.optional().describe("The same as `sort_by`."),
    order: order.optional().describe("For fields without their own order."),
  }),
  apply: (input, config, context) => {
    const given = [config.sort_by, config.field, config.by].filter((value) => value !== undefined);
    if (given.length > 1) throw transformInvalid("sort", "field", { expected: "one of sort_by, field, by", got: "several" });
    const items = requireList("sort", input);
    const keys = toSortKeys(given[0], config.order);
    const columns = keys.map(({ field, isDescending }) => {
      const values = items.map((item) => (field === undefined ? item : readField(item, field)));
      return toComparator(values, isDescending, context.timeZone);
    });
    const positions = items.map((_, position) => position);
    positions.sort((left, right) => {
      for (const compare of columns) {
        const result = compare(left, right);
        if (result !== 0) return result;
      }
      return left - right;
    });
    return positions.map((position) => items[position] ?? null);
  },
});

interface SortKey {
  readonly field: FieldName | undefined;
  readonly isDescending: boolean;
}

function isDescending(order: string | undefined): boolean {
  return order?.startsWith("desc") === true;
}

function toSortKeys(given: z.output<typeof sortKeys> | undefined, common: string | undefined): SortKey[] {
  if (given === undefined) return [{ field: undefined, isDescending: isDescending(common) }];
  return (Array.isArray(given) ? given : [given]).map((key) =>
    typeof key === "object"
      ? { field: key.field, isDescending: isDescending(key.order ?? common) }
      : { field: key, isDescending: isDescending(common) },
  );
}

const collator = new Intl.Collator("en", { sensitivity: "variant" });

/** Compares two positions of a column. Blank values are last in both directions. */
export function toComparator(
  values: readonly (JsonValue | undefined)[],
  isDescending: boolean,
  timeZone?: string,
): (left: number, right: number) => number {
  const keys = toSortable(values, timeZone);
  return (left, right) => {
    const [first, second] = [keys[left], keys[right]];
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    const result = typeof first === "number" && typeof second === "number" ? first - second : compareTexts(String(first), String(second));
    return isDescending ? -result : result;
  };
}

function compareTexts(first: string, second: string): number {
  const result = collator.compare(first, second);
  if (result !== 0 || first === second) return result;
  return first < second ? -1 : 1;
}

function toSortable(values: readonly (JsonValue | undefined)[], timeZone: string | undefined): (number | string | undefined)[] {
  const filled = values.map((value) => (isBlank(value) ? undefined : value));
  const asAll = (read: (value: JsonValue) => number | undefined): (number | undefined)[] | undefined => {
    const keys = filled.map((value) => (value === undefined ? undefined : read(value)));
    return keys.every((key, index) => key !== undefined || filled[index] === undefined) ? keys : undefined;
  };
  return (
    asAll((value) => (typeof value === "boolean" ? Number(value) : undefined)) ??
    asAll(readNumber) ??
    asAll((value) => (typeof value === "string" ? readDate(value, timeZone)?.ms : undefined)) ??
    filled.map((value) => (value === undefined ? undefined : typeof value === "string" ? value : canonicalJson(value)))
  );
}
