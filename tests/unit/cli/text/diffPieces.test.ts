// What is told of a content and its view: everything of both, in order, common pieces as kept.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffPieces } from "../../../../lib/cli/text/diffPieces.ts";

const shown = (from: string, to: string): readonly string[] =>
  diffPieces(from, to).map(({ kind, text }) => `${{ kept: " ", cut: "-", added: "+" }[kind]}${text}`);

describe("diffPieces", () => {
  test("marks what was cut and what stands in its place", () => {
    expect(shown("a\nb\nc\nd", "a\n[2 lines cut]\nd")).toEqual([" a", "-b", "-c", "+[2 lines cut]", " d"]);
  });

  test("takes a long line by its sentences", () => {
    const [first, second] = ["One sentence that is kept. ".repeat(6), "Another that is cut. ".repeat(6)];

    expect(shown(`${first}${second}`, first).filter((line) => line.startsWith("-")).length).toBe(6);
  });

  test("repeated lines keep their order", () => {
    expect(shown("x\nx\nfirst\nx\nlast", "x\nlast")).toEqual([" x", "-x", "-first", "-x", " last"]);
  });

  test("same texts differ in nothing", () => {
    expect(shown("a\n\nb", "a\n\nb")).toEqual([" a", " ", " b"]);
  });

  test("every piece of both texts is told once, in its own order", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "", "d e", "f"), { maxLength: 30 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, text, (from, to) => {
        const pieces = diffPieces(from, to);
        const told = (other: "cut" | "added"): readonly string[] =>
          pieces.filter(({ kind }) => kind !== other).map(({ text }) => text.trim());

        expect(told("added")).toEqual(from.split("\n").map((piece) => piece.trim()));
        expect(told("cut")).toEqual(to.split("\n").map((piece) => piece.trim()));
      }),
    );
  });
});
