import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatBytes, formatCount, formatMs, formatTokens, formatUsd, formatWhen } from "../../../lib/cli/text/amounts.ts";
import { layOutTable } from "../../../lib/cli/text/table.ts";
import { cutText, printable, textWidth, wrapText } from "../../../lib/cli/text/textWidth.ts";

describe("amounts", () => {
  test.each([
    [null, "unknown"],
    [0, "$0"],
    [5, "$5.00"],
    [1.239, "$1.24"],
    [0.5, "$0.50"],
    [0.05, "$0.05"],
    [0.0312, "$0.0312"],
    [0.000004, "$0.000004"],
    [0.000000001, "$0.000000001"],
    [-0.25, "-$0.25"],
  ])("shows %s USD as %s", (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });

  test("never shows a positive amount as nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), (nano) => {
        expect(formatUsd(nano / 1e9)).toMatch(/[1-9]/);
      }),
    );
  });

  test("shows unknown counts as unknown, not as zero", () => {
    expect(formatTokens(null)).toBe("unknown tokens");
    expect(formatTokens(1)).toBe("1 token");
    expect(formatCount(1_234_567)).toBe("1 234 567");
  });

  test("gives lengths of time and sizes a unit", () => {
    expect([0.2, 999, 1_500, 61_000, 3_660_000, 90_000_000].map(formatMs)).toEqual([
      "<1 ms",
      "999 ms",
      "1.5 s",
      "1 min 1 s",
      "1 h 1 min",
      "1 d 1 h",
    ]);
    expect([12, 1_500, 32_000_000].map(formatBytes)).toEqual(["12 B", "1.5 KB", "32.0 MB"]);
  });

  test("tells the past from the future", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");

    expect(formatWhen("2026-01-01T11:57:00Z", now)).toBe("3 min ago");
    expect(formatWhen("2026-01-01T14:00:00Z", now)).toBe("in 2 h");
    expect(formatWhen(null, now)).toBe("");
  });
});

describe("layOutTable", () => {
  const columns = [
    { title: "NAME", value: (row: { name: string; count: number }) => row.name, shrinkTo: 6 },
    { title: "N", align: "right" as const, value: (row: { name: string; count: number }) => String(row.count) },
  ];

  test("aligns columns, numbers to the right", () => {
    const { head, lines } = layOutTable(
      [
        { name: "a", count: 5 },
        { name: "long name", count: 100 },
      ],
      columns,
    );

    expect([head, ...lines]).toEqual(["NAME         N", "a            5", "long name  100"]);
  });

  test("cuts the shrinkable column to fit the screen, and nothing when piped", () => {
    const rows = [{ name: "x".repeat(200), count: 1 }];

    expect(layOutTable(rows, columns, 40).lines[0]).toBe(`${"x".repeat(36)}…  1`);
    expect(layOutTable(rows, columns).lines[0]).toContain("x".repeat(200));
  });

  test("fits every table with a shrinkable column into 80 columns, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string({ unit: "grapheme", maxLength: 300 }), count: fc.nat() }), { minLength: 1, maxLength: 5 }),
        (rows) => {
          const { head, lines } = layOutTable(rows, columns, 80);
          expect([head, ...lines].filter((line) => textWidth(line) > 80 || line.includes("\n"))).toEqual([]);
        },
      ),
    );
  });
});

describe("text", () => {
  test("makes escape sequences visible instead of sending them to the screen", () => {
    expect(printable("a\u001b[31mred\u0007\u202e\nnext")).toBe(String.raw`a\u001b[31mred\u0007\u202e⏎next`);
  });

  test("counts wide characters as two columns and marks as none", () => {
    expect([textWidth("日本"), textWidth("e\u0301"), textWidth("🙂")]).toEqual([4, 1, 2]);
  });

  test("never cuts wider than asked", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom("end" as const, "middle" as const),
        (text, width, at) => {
          expect(textWidth(cutText(text, width, at))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test("keeps both ends when it cuts in the middle", () => {
    expect(cutText("summarize_all[12].each", 13, "middle")).toBe("summar…].each");
  });

  test("keeps a long word whole when it wraps, so that it can be copied", () => {
    expect(wrapText(`run ${"x".repeat(50)} now`, 20).split("\n")).toEqual(["run", "x".repeat(50), "now"]);
  });
});
