import { describe, expect, test } from "vitest";
import { parseValue } from "../../../lib/cli/input/parseOptions.ts";

describe("parseValue", () => {
  test.each(["1.10", "1e5", "12345678901234567890", " 12", "-0", "007"])("leaves %j as it was typed", (text) => {
    expect(parseValue(text)).toBe(text);
  });

  test.each([
    ["12", 12],
    ["-1.5", -1.5],
    ["true", true],
    ['"12"', "12"],
    ["[1,2]", [1, 2]],
  ])("reads %j as JSON", (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });
});
