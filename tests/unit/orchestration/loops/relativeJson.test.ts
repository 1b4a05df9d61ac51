import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRelative, encodeRelative } from "../../../../lib/orchestration/loops/relativeJson.ts";

describe("encodeRelative", () => {
  test("says values only where keys are those of the other text, and = for what is the same", () => {
    const base = '{"id":"A1","user":"mia","legs":[{"from":"JFK","to":"SEA","price":120}],"insurance":"no"}';
    const content =
      '{"id":"B2","user":"mia","legs":[{"from":"SEA","to":"LAX","price":99.50},{"from":"LAX","to":"SEA","price":1e2}],"insurance":"yes"}';

    const text = encodeRelative(content, base);

    expect(text).toBe("[B2,=,[[SEA,LAX,99.50],[LAX,=,1e2]],yes]");
    expect(decodeRelative(text ?? "", base)).toBe(content);
  });

  test("keeps objects of other keys, and arrays where an object was", () => {
    const base = '{"a":{"x":1},"b":{"y":2},"c":[]}';
    const content = '{"a":{"z":1},"b":[1,2],"c":[{"q":"="}]}';

    expect(encodeRelative(content, base)).toBe('[{z:1},{"":[1,2]},[{q:"="}]]');
    expect(decodeRelative('[{z:1},{"":[1,2]},[{q:"="}]]', base)).toBe(content);
  });

  test("does not write a text whose own = would be taken for the mark", () => {
    expect(encodeRelative('{"v":"="}', '{"v":"x"}')).toBeNull();
  });

  test.each([
    ["text", "hello", "{}"],
    ["a number", "12", "13"],
    ["an object beside an array", "{}", "[]"],
    ["something deep", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "[]"],
    ["something long", JSON.stringify(["x".repeat(70_000)]), '["y"]'],
  ])("leaves %s alone", (_, content, base) => {
    expect(encodeRelative(content, base)).toBeNull();
  });

  test("comes back exactly or is not written, whatever the two texts", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const pair = fc.oneof(
      fc.tuple(value, value),
      fc.tuple(fc.array(fc.record({ a: value, b: value })), fc.array(fc.record({ a: value, b: value }))),
    );
    fc.assert(
      fc.property(pair, ([left, right]) => {
        const [content, base] = [JSON.stringify(left), JSON.stringify(right)];
        const text = encodeRelative(content, base);
        expect(text === null ? content : decodeRelative(text, base)).toBe(content);
      }),
      { numRuns: 1_000 },
    );
  });
});
