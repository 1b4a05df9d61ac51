import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { readDate } from "../../../lib/operations/dates.ts";
import { readNumber, sumExactly } from "../../../lib/operations/numbers.ts";
import { calendarDayAt, isoDateOfDay } from "../../../lib/operations/timeZones.ts";
import { errorOf } from "./errorOf.ts";

const iso = (value: JsonValue, timeZone?: string): string | undefined => {
  const date = readDate(value, timeZone);
  return date === undefined ? undefined : new Date(date.ms).toISOString();
};

describe("readDate", () => {
  it.each<[JsonValue, string | undefined, string | undefined]>([
    ["2024-03-05", undefined, "2024-03-05T00:00:00.000Z"],
    ["2024-03-05", "Europe/Berlin", "2024-03-04T23:00:00.000Z"],
    ["2024-03-05T10:20:30.5Z", "Europe/Berlin", "2024-03-05T10:20:30.500Z"],
    ["2024-07-05 10:20", "America/New_York", "2024-07-05T14:20:00.000Z"],
    ["2024-03-05T10:20:30+02:00", undefined, "2024-03-05T08:20:30.000Z"],
    ["31/12/2024", "America/New_York", "2024-12-31T05:00:00.000Z"],
    ["12/31/2024", undefined, "2024-12-31T00:00:00.000Z"],
    ["03/04/2024", undefined, "2024-04-03T00:00:00.000Z"],
    ["03/04/2024", "Canada/Pacific", "2024-03-04T08:00:00.000Z"],
    ["03/04/2024", "America/Sao_Paulo", "2024-04-03T03:00:00.000Z"],
    ["03.04.2024", "US/Eastern", "2024-04-03T04:00:00.000Z"],
    ["3/4/24 1:05 PM", undefined, "2024-04-03T13:05:00.000Z"],
    ["12/01/2024 12:00 am", undefined, "2024-01-12T00:00:00.000Z"],
    ["2024/03/05", undefined, "2024-03-05T00:00:00.000Z"],
    ["5 Feb 2024", undefined, "2024-02-05T00:00:00.000Z"],
    ["February 5th, 2024", undefined, "2024-02-05T00:00:00.000Z"],
    ["Mon, 5 Feb 2024 10:00:00 +0100", undefined, "2024-02-05T09:00:00.000Z"],
    [1_700_000_000, undefined, "2023-11-14T22:13:20.000Z"],
    [1_700_000_000_000, undefined, "2023-11-14T22:13:20.000Z"],
    ["2024-02-30", undefined, undefined],
    ["2023-02-29", undefined, undefined],
    ["13/13/2024", undefined, undefined],
    ["5 Foo 2024", undefined, undefined],
    ["2024", undefined, undefined],
    ["12", undefined, undefined],
    ["INV-2024-01-01", undefined, undefined],
    ["25:00", undefined, undefined],
    [5, undefined, undefined],
    [null, undefined, undefined],
  ])("reads %j in %s as %s", (value, timeZone, expected) => {
    expect(iso(value, timeZone)).toBe(expected);
  });

  it("keeps the calendar day across a clock change", () => {
    for (const date of ["2024-03-30", "2024-03-31", "2024-04-01", "2024-10-27", "2024-10-28"]) {
      const read = readDate(date, "Europe/Berlin");
      expect(isoDateOfDay(calendarDayAt(read?.ms ?? 0, "Europe/Berlin"))).toBe(date);
    }
  });

  it("refuses an unknown zone by name", () => {
    expect(errorOf(() => readDate("2024-01-01", "Mars/Olympus")).message).toContain("Mars/Olympus");
  });
});

describe("numbers", () => {
  it.each<[JsonValue, number | undefined]>([
    ["12", 12],
    [" -1.5e3 ", -1500],
    ["", undefined],
    ["12 kg", undefined],
    ["1,200", undefined],
    ["0x10", undefined],
    ["Infinity", undefined],
    [true, undefined],
    ["9007199254740993", undefined],
  ])("reads %j as %s", (value, expected) => {
    expect(readNumber(value)).toBe(expected);
  });

  it("adds without drift", () => {
    expect(sumExactly([0.1, 0.2])).toBe(0.3);
    expect(sumExactly(Array.from({ length: 1_000 }, () => 0.1))).toBe(100);
    expect(sumExactly([1e21, -1e21, 5])).toBe(5);
    expect(sumExactly([])).toBe(0);
  });
});
