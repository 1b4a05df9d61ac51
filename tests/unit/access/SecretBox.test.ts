import { randomBytes } from "node:crypto";
import { assert, constantFrom, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretBox } from "../../../lib/access/SecretBox.ts";

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const place = ["w1", "github"];
const boxOf = (...keys: readonly Buffer[]): SecretBox => new SecretBox({ keys: () => keys });

describe("SecretBox", () => {
  test("opens what it sealed, whatever the text", () => {
    const box = boxOf(newKey);

    assert(
      property(string({ unit: "binary" }), (secret) => {
        expect(box.open(box.seal(secret, place), place)).toBe(secret);
      }),
    );
  });

  test("never seals the same text to the same bytes, and shows nothing of it", () => {
    const box = boxOf(newKey);

    const [one, two] = [box.seal("correct horse", place), box.seal("correct horse", place)];

    expect(one.equals(two)).toBe(false);
    expect(one.toString("latin1")).not.toContain("horse");
    expect(one.length).toBe(8 + 12 + 16 + "correct horse".length);
  });

  test("refuses bytes that were cut short, at every length", () => {
    const box = boxOf(newKey);
    const sealed = box.seal("correct horse", place);

    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.subarray(0, length), place)).toThrow(expect.objectContaining({ code: "SECRET_KEY_MISSING" }));
    }
  });

  test("refuses bytes that were changed anywhere", () => {
    const box = boxOf(newKey);
    const sealed = box.seal("correct horse", place);

    assert(
      property(integer({ min: 0, max: sealed.length - 1 }), constantFrom(1, 2, 4, 8, 16, 32, 64, 128), (at, bit) => {
        const changed = Buffer.from(sealed);
        changed[at] = changed[at]! ^ bit;
        expect(() => box.open(changed, place)).toThrow(expect.objectContaining({ code: "SECRET_KEY_MISSING" }));
      }),
    );
  });

  test.each([[["w2", "github"]], [["w1", "gitlab"]], [["w1g", "ithub"]], [["w1"]]])("does not open at the place %j", (other) => {
    const box = boxOf(newKey);

    expect(() => box.open(box.seal("x", place), other)).toThrow(/belongs to another workspace or name/);
  });

  test("opens old seals with an old key and seals with the newest", () => {
    const sealedBefore = boxOf(oldKey).seal("x", place);
    const rotated = boxOf(newKey, oldKey);

    expect(rotated.open(sealedBefore, place)).toBe("x");
    expect([rotated.isNewest(sealedBefore), rotated.isNewest(rotated.seal("x", place))]).toEqual([false, true]);
    expect(boxOf(newKey).open(rotated.seal("x", place), place)).toBe("x");
  });

  test("names the key that is missing and those that are there, and no key itself", () => {
    const sealed = boxOf(oldKey).seal("x", place);

    expect(() => boxOf(newKey).open(sealed, place)).toThrow(
      /^a stored secret was sealed with key [0-9a-f]{16}, but the keys there are [0-9a-f]{16}$/,
    );
    expect(() => boxOf().open(sealed, place)).toThrow(/but no key is there/);
    expect(() => boxOf().seal("x", place)).toThrow(expect.objectContaining({ code: "SECRET_KEY_MISSING" }));
  });

  test("asks for its keys once", () => {
    let asked = 0;
    const box = new SecretBox({
      keys: () => {
        asked += 1;
        return [newKey];
      },
    });

    box.open(box.seal("x", place), place);

    expect(asked).toBe(1);
  });
});
