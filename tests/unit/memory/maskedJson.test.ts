import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskedJson } from "../../../lib/memory/maskedJson.ts";

describe("maskedJson", () => {
  test("hides what stands under the name of a secret, whatever it looks like", () => {
    expect(maskedJson('{"user":"ann","password":"hunter2","apiKey":"abc","nested":{"credentials":{"pin":"1234"}}}')).toBe(
      '{"user":"ann","password":"[masked]","apiKey":"[masked]","nested":{"credentials":"[masked]"}}',
    );
  });

  test.each([
    ['{"a":"x","password":"hunt', '{"a":"x","password":"[masked]"}'],
    ['{"a":"x","credentials":{"user":"ann","pin":"12', '{"a":"x","credentials":"[masked]"}'],
    ['{"text":"The shop was closed. Nobody ans', '{"text":"The shop was closed. Nobody ans"}'],
    ['["a\\\\', '["a\\\\"]'],
    ['["a\\', '["a"]'],
    ['["a\\u00', '["a"]'],
    ['"a, {b', '"a, {b"'],
    ['[{"total":5},{"total":12', '[{"total":5},{}]'],
    ['{"a":1,"pass', '{"a":1}'],
    ['{"a":tr', "{}"],
    ["", ""],
  ])("closes the beginning %s", (cut, whole) => {
    expect(maskedJson(cut)).toBe(whole);
  });

  test("reads any beginning of any JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
        const masked = maskedJson(text.slice(0, Math.ceil(text.length * share)));

        expect(masked === "" || (JSON.parse(masked) as unknown) !== undefined).toBe(true);
      }),
    );
  });

  test("never shows the value of a secret, wherever it is cut", () => {
    const text = JSON.stringify({ list: [{ name: "a", password: "ZZZ" }], more: { secret: { a: ["ZZZ"] } }, token: "ZZZ" });

    for (let end = 0; end <= text.length; end += 1) expect(maskedJson(text.slice(0, end))).not.toContain("Z");
  });
});
