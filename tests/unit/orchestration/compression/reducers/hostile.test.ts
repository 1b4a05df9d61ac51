// Texts that make careless patterns and recursion take for ever: every reducer and detection must end soon. Limits are generous, growth would be not.
import { describe, expect, it } from "vitest";
import { detectPayloadType } from "../../../../../lib/orchestration/compression/detect.ts";
import { TEXT_REDUCERS } from "../../../../../lib/orchestration/compression/reducers/textReducers.ts";
import { contextOf } from "../reducing.ts";

const HOSTILE: Readonly<Record<string, string>> = {
  "an unbroken word of 1 MB": "a".repeat(1_000_000),
  "a number of 1 MB": "1".repeat(1_000_000),
  "white space of 1 MB": `${" ".repeat(1_000_000)}x`,
  "100 000 opening brackets": "<".repeat(100_000),
  "100 000 quote marks": ">".repeat(100_000),
  "100 000 nested elements": `${"<div>".repeat(100_000)}x${"</div>".repeat(100_000)}`,
  "elements that are never closed": "<b><i>".repeat(100_000),
  "100 000 attributes": `<a ${'b="c" '.repeat(100_000)}>`,
  "100 000 cells": `<table><tr>${"<td>a".repeat(100_000)}`,
  "brackets of links that never end": "[a](".repeat(50_000),
  "comments that never end": "/*\n".repeat(100_000),
  "texts in quotes that never end": '"""\n'.repeat(40_001),
  "300 000 empty lines": "\n".repeat(300_000),
  "50 000 headers": "From: x\n".repeat(50_000),
  "encoded words that never end": "=?utf-8?Q?".repeat(50_000),
  "30 000 heads of hunks": "@@ -1,1 +1,1 @@\n".repeat(30_000),
  "30 000 different lines": Array.from({ length: 30_000 }, (_, index) => `w${index} x y z ${index}`).join("\n"),
  "escape sequences that never end": "\u001B[".repeat(200_000),
  "JSON that is never closed": '{"a":'.repeat(100_000),
};
const MOST_MS = 4_000;

describe("hostile texts", () => {
  it.each(Object.entries(HOSTILE))(
    "are reduced and detected in bounded time: %s",
    (_, text) => {
      const task = "Give the links, ids and dates; who decided what?";
      const slow: string[] = [];
      for (const [name, run] of [
        ["detect", () => detectPayloadType(text)],
        ...TEXT_REDUCERS.map((reducer) => [reducer.types.join(), () => reducer.reduce(text, contextOf({ level: 2, task }))]),
      ] as const) {
        const start = performance.now();
        (run as () => unknown)();
        const ms = performance.now() - start;
        if (ms > MOST_MS) slow.push(`${String(name)}: ${Math.round(ms)} ms`);
      }
      expect(slow).toEqual([]);
    },
    60_000,
  );
});
