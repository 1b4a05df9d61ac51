// Text of the command line into values, each fault named with its option. Reads no file and no environment.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { LimitInput } from "../../systemApi.ts";

/** For options that may be given again and again. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

export function usage(message: string, field: string, expected: string, got: string): AppError {
  return new AppError("USAGE", message, { details: { field, expected, got } });
}

/** `--input count=3`: JSON where the text reads as JSON other than a number with a leading zero; else the text itself. */
export function parsePairs(pairs: readonly string[], option: string): JsonObject {
  const object: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw usage(`${option} takes name=value`, option, "name=value", pair);
    object[pair.slice(0, at)] = parseValue(pair.slice(at + 1));
  }
  return { ...object };
}

/**
 * `true`, `12`, `[1,2]`, `{"a":1}`, `"12"` as JSON; anything else is text, and so is a number that would not come back as it
 * was typed: `1.10`, `1e5`, an id of twenty digits.
 */
export function parseValue(text: string): JsonValue {
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}

export function parseObject(text: string, option: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new AppError("USAGE", `${option} is not valid JSON: ${(cause as Error).message}`, { details: { field: option }, cause });
  }
  if (!isJsonObject(document))
    throw usage(`${option} must hold a JSON object`, option, "a JSON object", Array.isArray(document) ? "an array" : typeof document);
  return document;
}

/** `0.05`, `$0.05`. Stays text: money is never a float on its way in. */
export function parseMoney(text: string, option: string): string {
  const amount = /^\$?(\d{1,9}(?:\.\d{1,9})?)(?: ?USD)?$/i.exec(text.trim())?.[1];
  if (amount === undefined) throw usage(`${option} takes an amount in USD`, option, "an amount such as 0.05", text);
  return amount;
}

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1_000, m: 1_000_000 };

/** `5000`, `5k`, `1.5M`. */
export function parseTokens(text: string, option: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)([km]?)$/i.exec(text.trim().replaceAll("_", ""));
  const count = Number(match?.[1]) * (FACTORS[match?.[2]?.toLowerCase() ?? ""] ?? 1);
  if (!Number.isSafeInteger(count) || count < 1)
    throw usage(`${option} takes a whole number of tokens`, option, "a number such as 5000 or 5k", text);
  return count;
}

export function parseWholeNumber(text: string, option: string, range: { readonly min: number; readonly max: number }): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= range.min && number <= range.max))
    throw usage(`${option} takes a whole number`, option, `${range.min} to ${range.max}`, text);
  return number;
}

export function parseChoice<Choice extends string>(text: string, option: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usage(`${option} takes one of ${choices.join(", ")}`, option, choices.join(" | "), text);
  return found;
}

export interface LimitOptions {
  readonly limitUsd?: string;
  readonly limitTokens?: string;
  readonly onLimit?: string;
}

export function parseLimits({ limitUsd, limitTokens, onLimit }: LimitOptions): LimitInput {
  return {
    ...(limitUsd === undefined ? {} : { usd: parseMoney(limitUsd, "--limit-usd") }),
    ...(limitTokens === undefined ? {} : { tokens: parseTokens(limitTokens, "--limit-tokens") }),
    ...(onLimit === undefined ? {} : { onLimit: parseChoice(onLimit, "--on-limit", ["pause", "fail"]) }),
  };
}
