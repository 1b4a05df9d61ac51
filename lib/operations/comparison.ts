// Comparing two values: equal, different where, containing, part of. What a comparison step runs.
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { equalValues, OPERATORS } from "./conditionOperators.ts";
import { describeValue } from "./describeValue.ts";
import { isList } from "./lists.ts";
import { formatPath, type PathSegment } from "./paths.ts";

/**
 * `equals`: as `==` in conditions, so 1 equals "1". `deep_equals`: same types throughout; key order does not matter. `diff`: as deep_equals,
 * listing differences. `contains`: left contains right. `subset`: every part of left is in right.
 */
export type ComparisonOperation = "equals" | "deep_equals" | "diff" | "contains" | "subset";
export type ComparisonFormat = "boolean" | "diff" | "detailed";

export interface Difference {
  readonly path: string;
  /** Seen from left to right. */
  readonly kind: "added" | "removed" | "changed";
  readonly left?: JsonValue;
  readonly right?: JsonValue;
}

const MAX_DIFFERENCES = 1_000;

/** `boolean`: the answer (for diff: whether nothing differs). `diff`: the differences. `detailed`: both, with what was compared. */
export function compareValues(left: JsonValue, right: JsonValue, operation: ComparisonOperation, format: ComparisonFormat): JsonValue {
  const result = decide(left, right, operation);
  if (format === "boolean") return result;
  const differences = findDifferences(left, right);
  const shown: JsonValue = differences.slice(0, MAX_DIFFERENCES).map((difference) => ({ ...difference }));
  if (format === "diff") return shown;
  return {
    result,
    operation,
    left: describeValue(left),
    right: describeValue(right),
    differenceCount: differences.length,
    differences: shown,
  };
}

function decide(left: JsonValue, right: JsonValue, operation: ComparisonOperation): boolean {
  if (operation === "equals") return equalValues(left, right);
  if (operation === "contains") return OPERATORS.contains.compare(left, right, { nowMs: 0, timeZone: "UTC" }) === true;
  if (operation === "subset") return isSubset(left, right);
  return canonicalJson(left) === canonicalJson(right);
}

function isSubset(part: JsonValue, whole: JsonValue): boolean {
  if (isList(part) && isList(whole)) {
    const members = new Set(whole.map(canonicalJson));
    return part.every((element) => members.has(canonicalJson(element)));
  }
  if (isJsonObject(part) && isJsonObject(whole)) {
    return Object.entries(part).every(([key, member]) => {
      if (member === undefined) return true;
      const other = Object.hasOwn(whole, key) ? whole[key] : undefined;
      return other !== undefined && isSubset(member, other);
    });
  }
  if (isList(whole)) return whole.some((element) => canonicalJson(element) === canonicalJson(part));
  return canonicalJson(part) === canonicalJson(whole);
}

/** Leaves that differ; lists are compared position by position. */
export function findDifferences(left: JsonValue, right: JsonValue): Difference[] {
  const differences: Difference[] = [];
  collect(left, right, [], differences);
  return differences;
}

function collect(left: JsonValue, right: JsonValue, path: readonly PathSegment[], differences: Difference[]): void {
  if (isList(left) && isList(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      collectMember(left[index], right[index], [...path, { kind: "index", index }], differences);
    }
  } else if (isJsonObject(left) && isJsonObject(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      collectMember(own(left, key), own(right, key), [...path, { kind: "key", key }], differences);
    }
  } else if (canonicalJson(left) !== canonicalJson(right)) {
    differences.push({ path: formatPath(path), kind: "changed", left, right });
  }
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

// oxlint-disable-next-line max-params -- two sides, their place and the list that is filled
function collectMember(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  path: readonly PathSegment[],
  differences: Difference[],
): void {
  if (left !== undefined && right !== undefined) collect(left, right, path, differences);
  else if (left !== undefined) differences.push({ path: formatPath(path), kind: "removed", left });
  else if (right !== undefined) differences.push({ path: formatPath(path), kind: "added", right });
}
