// Reading dates in data. ISO first; slashed dates by their parts, then by the time zone's habit. A text that is no date is `undefined`, never a guess.
import type { JsonValue } from "../core/json.ts";
import { instantOf, isMonthFirstZone, type WallTime } from "./timeZones.ts";

export interface ReadDate {
  readonly ms: number;
  /** No time of day was given; `ms` is midnight in the zone. */
  readonly isDateOnly: boolean;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const NUMERIC = /^(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?)?$/i;
const DAY_MONTH =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4})(?:\s+(\d{2}):(\d{2})(?::(\d{2}))?\s*(Z|GMT|UTC|[+-]\d{4})?)?(?:\s+\([a-z ]{1,40}\))?$/i;
const MONTH_DAY = /^(?:[a-z]{3,9},?\s+)?([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$/i;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH_NAMES =
  /^(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)$/i;

const LONGEST_DATE = 60;
/** Epoch numbers from 2001 on: below this they are seconds, from it on milliseconds. */
const FIRST_EPOCH_MS = 100_000_000_000;

/**
 * Accepts ISO 8601, `31/12/2024` and its kin with dots or dashes, `5 Feb 2024`, `Feb 5, 2024`, the dates of e-mail headers, and
 * epoch seconds or milliseconds as numbers. Times without an offset are read in `timeZone`.
 */
export function readDate(value: JsonValue | undefined, timeZone = "UTC"): ReadDate | undefined {
  if (typeof value === "number") return readEpoch(value);
  if (typeof value !== "string" || value.length > LONGEST_DATE) return undefined;
  const text = value.trim();
  return readIso(text, timeZone) ?? readNumeric(text, timeZone) ?? readNamed(text, timeZone);
}

function readEpoch(value: number): ReadDate | undefined {
  if (!Number.isFinite(value) || value < 1_000_000_000 || value >= 100 * FIRST_EPOCH_MS) return undefined;
  return { ms: value < FIRST_EPOCH_MS ? Math.round(value * 1000) : Math.round(value), isDateOnly: false };
}

type Groups = readonly (string | undefined)[];

function readIso(text: string, timeZone: string): ReadDate | undefined {
  const match: Groups | null = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const ms = fraction === undefined ? 0 : Number(fraction.padEnd(3, "0").slice(0, 3));
  return toDate({ year, month, day, hour, minute, second, ms, offset }, timeZone);
}

function readNumeric(text: string, timeZone: string): ReadDate | undefined {
  const match: Groups | null = NUMERIC.exec(text);
  if (match === null) return undefined;
  const [, first = "", separator, second = "", third = "", hourText, minute, secondText, half] = match;
  const hour = to24Hours(hourText, half);
  const time = { hour, minute, second: secondText };
  if (first.length === 4) return third.length > 2 ? undefined : toDate({ year: first, month: second, day: third, ...time }, timeZone);
  if (first.length > 2 || (third.length !== 4 && third.length !== 2)) return undefined;
  const year = third.length === 2 ? `20${third}` : third;
  const isMonthFirst = isMonthFirstDate(Number(first), Number(second), separator !== "." && isMonthFirstZone(timeZone));
  return toDate({ year, month: isMonthFirst ? first : second, day: isMonthFirst ? second : first, ...time }, timeZone);
}

/** A part above 12 is the day whatever the habit; dotted dates have the day first everywhere. */
function isMonthFirstDate(first: number, second: number, isHabit: boolean): boolean {
  if (second > 12) return true;
  return first <= 12 && isHabit;
}

function to24Hours(hour: string | undefined, half: string | undefined): string | undefined {
  if (hour === undefined || half === undefined) return hour;
  const value = Number(hour);
  if (value < 1 || value > 12) return "99";
  return String((value % 12) + (half.toLowerCase() === "pm" ? 12 : 0));
}

function readNamed(text: string, timeZone: string): ReadDate | undefined {
  const dayFirst: Groups | null = DAY_MONTH.exec(text);
  if (dayFirst !== null) {
    const [, day, name = "", year, hour, minute, second, offset] = dayFirst;
    return toDate({ year, month: monthNumber(name), day, hour, minute, second, offset }, timeZone);
  }
  const monthFirst: Groups | null = MONTH_DAY.exec(text);
  if (monthFirst === null) return undefined;
  const [, name = "", day, year] = monthFirst;
  return toDate({ year, month: monthNumber(name), day }, timeZone);
}

function monthNumber(name: string): string {
  return MONTH_NAMES.test(name) ? String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1) : "0";
}

interface DateParts {
  readonly year: string | undefined;
  readonly month: string | undefined;
  readonly day: string | undefined;
  readonly hour?: string | undefined;
  readonly minute?: string | undefined;
  readonly second?: string | undefined;
  readonly ms?: number;
  readonly offset?: string | undefined;
}

function toDate(parts: DateParts, timeZone: string): ReadDate | undefined {
  const wall: WallTime = {
    year: Number(parts.year),
    month: Number(parts.month),
    day: Number(parts.day),
    hour: Number(parts.hour ?? 0),
    minute: Number(parts.minute ?? 0),
    second: Number(parts.second ?? 0),
    ms: parts.ms ?? 0,
  };
  if (!isRealDate(wall) || wall.hour > 23 || wall.minute > 59 || wall.second > 59) return undefined;
  const isDateOnly = parts.hour === undefined;
  if (parts.offset === undefined) return { ms: instantOf(wall, timeZone), isDateOnly };
  return { ms: instantOf(wall, "UTC") - offsetMs(parts.offset), isDateOnly };
}

/** 31 April is a typing error, not the first of May. */
function isRealDate(wall: WallTime): boolean {
  if (wall.month < 1 || wall.month > 12 || wall.day < 1) return false;
  const isLeap = wall.year % 4 === 0 && (wall.year % 100 !== 0 || wall.year % 400 === 0);
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return wall.day <= (lengths[wall.month - 1] ?? 0);
}

function offsetMs(offset: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(offset);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === "-" ? -minutes : minutes) * 60_000;
}
