import { describe, expect, test } from "vitest";
import { codeText } from "../../../../../lib/orchestration/compression/reducers/html/codeText.ts";

describe("codeText", () => {
  test("drops indentation where brackets tell the structure", () => {
    expect(codeText('\nlet a = {\n    "b": [\n        1,\n    ],\n};\n\n')).toBe('let a = {\n"b": [\n1,\n],\n};');
  });

  test("keeps indentation where it may be the structure", () => {
    const code = "def add(a, b):\n    total = a + b\n    return total";

    expect(codeText(code)).toBe(code);
  });

  test("has nothing to say about nothing", () => {
    expect(codeText("\n\n")).toBe("");
  });
});
