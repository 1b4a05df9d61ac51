// Wall-clock time in named zones, by Intl. Nothing here reads the clock or the machine's own zone.
import { AppError } from "../core/errors.ts";

const MS_PER_DAY = 86_400_000;
/** Zones are a closed list of a few hundred, so the cache needs no bound beyond it. */
const formats = new Map<string, Intl.DateTimeFormat>();

export interface WallTime {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
    return format;
  } catch (cause) {
    const message = `"${timeZone}" is not a time zone: expected an IANA name such as Europe/Berlin`;
    throw new AppError("INPUT_INVALID", message, { cause, details: { field: "timeZone", expected: "an IANA time zone", got: timeZone } });
  }
}

function wallTimeAt(instantMs: number, timeZone: string): WallTime {
  const format = formatOf(timeZone);
  const parts: Record<string, string> = {};
  for (const part of format.formatToParts(instantMs)) parts[part.type] = part.value;
  const read = (name: string): number => Number(parts[name]);
  const year = parts["era"] === "BC" ? 1 - read("year") : read("year");
  const ms = ((instantMs % 1000) + 1000) % 1000;
  return { year, month: read("month"), day: read("day"), hour: read("hour"), minute: read("minute"), second: read("second"), ms };
}

/** The instant of a wall time. In the hour that is skipped or doubled by a clock change, the offset before the change is used. */
export function instantOf(wall: WallTime, timeZone: string): number {
  const asUtc = utcOf(wall);
  if (timeZone === "UTC") return asUtc;
  const before = asUtc - offsetAt(asUtc - MS_PER_DAY, timeZone);
  if (utcOf(wallTimeAt(before, timeZone)) === asUtc) return before;
  const after = asUtc - offsetAt(asUtc + MS_PER_DAY, timeZone);
  return utcOf(wallTimeAt(after, timeZone)) === asUtc ? after : before;
}

function utcOf(wall: WallTime): number {
  const date = new Date(0);
  // setUTCFullYear, because Date.UTC takes years below 100 for 1900 and later.
  date.setUTCFullYear(wall.year, wall.month - 1, wall.day);
  date.setUTCHours(wall.hour, wall.minute, wall.second, wall.ms);
  return date.getTime();
}

function offsetAt(instantMs: number, timeZone: string): number {
  return utcOf(wallTimeAt(instantMs, timeZone)) - instantMs;
}

/** Days since 1970-01-01 on the zone's calendar. */
export function calendarDayAt(instantMs: number, timeZone: string): number {
  const { year, month, day } = wallTimeAt(instantMs, timeZone);
  return utcOf({ year, month, day, hour: 0, minute: 0, second: 0, ms: 0 }) / MS_PER_DAY;
}

/** The inverse of {@link calendarDayAt}, as `YYYY-MM-DD`. */
export function isoDateOfDay(day: number): string {
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 10);
}

const MONTH_FIRST_ZONES = new Set(
  (
    "Adak Anchorage Boise Chicago Denver Detroit Juneau Los_Angeles Menominee Metlakatla New_York Nome Phoenix Shiprock Sitka Yakutat " +
    "Atikokan Cambridge_Bay Dawson Dawson_Creek Edmonton Fort_Nelson Glace_Bay Goose_Bay Halifax Inuvik Iqaluit Moncton Montreal " +
    "Nipigon Pangnirtung Rainy_River Rankin_Inlet Regina Resolute St_Johns Swift_Current Thunder_Bay Toronto Vancouver Whitehorse " +
    "Winnipeg Yellowknife Puerto_Rico Fort_Wayne Indianapolis Louisville"
  )
    .split(" ")
    .map((name) => `America/${name}`),
);

/** True for the zones of the United States and Canada, where 03/04 is the fourth of March. */
export function isMonthFirstZone(timeZone: string): boolean {
  return (
    MONTH_FIRST_ZONES.has(timeZone) ||
    /^(US|Canada)\//.test(timeZone) ||
    /^America\/(Indiana|Kentucky|North_Dakota)\//.test(timeZone) ||
    /^(Pacific\/Honolulu|EST|MST|HST|EST5EDT|CST6CDT|MST7MDT|PST8PDT)$/.test(timeZone)
  );
}
