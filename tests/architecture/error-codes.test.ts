import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ERROR_CATALOGUE } from "../../lib/core/errorCatalogue.ts";
import { checkCodes, CODES_TO_COME, findThrownCodes } from "./errorCodes.ts";
import { parseSource, readSources, ROOT } from "./sourceTree.ts";

const codes = Object.keys(ERROR_CATALOGUE);

describe("the error catalogue", () => {
  const page = readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8");
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1] ?? "");

  test("is documented whole, and nothing else is", () => {
    expect(documented.length).toBeGreaterThan(40);
    expect(documented.toSorted()).toEqual(codes.toSorted());
  });

  test("holds no code that nobody throws", () => {
    expect(checkCodes(codes, findThrownCodes(readSources("lib")), CODES_TO_COME)).toEqual([]);
  });

  test("tells for each code what it means and what to do, in words", () => {
    const weak = Object.entries(ERROR_CATALOGUE).filter(([, { meaning, hint }]) => !/^[A-Z].+ .+\.$/.test(meaning) || hint.length < 10);

    expect(weak.map(([code]) => code)).toEqual([]);
  });
});

describe("the checker", () => {
  const thrown = findThrownCodes([parseSource("lib/a.ts", 'throw new AppError("NOT_FOUND", "no such thing as CONFLICT"); // "USAGE"')]);

  test("takes only texts that are a code, outside comments", () => {
    expect([...thrown]).toEqual(["NOT_FOUND"]);
  });

  test("finds a code that is thrown nowhere, one that is by now, and one that does not exist", () => {
    expect(checkCodes(["NOT_FOUND", "CONFLICT", "USAGE"], thrown, { NOT_FOUND: 2, USAGE: 2, GONE: 3 })).toEqual([
      expect.stringMatching(/^CONFLICT is thrown nowhere/),
      expect.stringMatching(/^NOT_FOUND is thrown: take it out/),
      expect.stringMatching(/^GONE is in CODES_TO_COME, but not/),
    ]);
  });
});
