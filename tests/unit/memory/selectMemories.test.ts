import { describe, expect, test } from "vitest";
import { findRelevant, searchWords, selectMemories } from "../../../lib/memory/selectMemories.ts";
import { fact, memory } from "./memories.ts";

const lines = (recall: Parameters<typeof selectMemories>[0], query = ""): string[] =>
  selectMemories(recall, query).map(({ title, line }) => `${title[0]} ${line}`);

describe("selectMemories", () => {
  test("gives facts first, the most important ones, ten at most", () => {
    const facts = Array.from({ length: 12 }, (_, index) => fact(`k${index}`, `value ${index}`, index / 20));

    expect(lines({ facts, memories: [] })).toEqual(Array.from({ length: 10 }, (_, index) => `P k${11 - index}: value ${11 - index}`));
  });

  test("gives the two newest executions, then what answers the inputs, then more of the newest up to five", () => {
    const memories = [1, 2, 3, 4, 5, 6, 7, 8].map((number) =>
      memory(number, number === 2 ? "invoice of the Rotterdam harbour was late" : `ordinary day number ${number}x`),
    );

    expect(lines({ facts: [], memories }, "harbour invoice from Rotterdam")).toEqual([
      "H 2025-03-08, completed: ordinary day number 8x",
      "H 2025-03-07, completed: ordinary day number 7x",
      "L invoice of the Rotterdam harbour was late",
      "H 2025-03-06, completed: ordinary day number 6x",
      "H 2025-03-05, completed: ordinary day number 5x",
      "H 2025-03-04, completed: ordinary day number 4x",
    ]);
  });

  test("shows the patterns of a relevant memory, and its summary where it has none", () => {
    const memories = [
      memory(1, "Rotterdam invoices, paid twice", { patterns: ["Rotterdam bills in advance", "always two copies"] }),
      memory(2, "x"),
      memory(3, "y"),
    ];

    expect(lines({ facts: [], memories }, "Rotterdam invoice")).toContain("L Rotterdam bills in advance; always two copies");
  });

  test("tells how often a pattern of merged memories came back", () => {
    const counts = { ended: { completed: 30 }, patterns: [26, 1], suggestions: [] };
    const memories = [
      memory(1, "Rotterdam invoices", { patterns: ["Rotterdam bills first", "two copies"], counts }),
      memory(2, "x"),
      memory(3, "y"),
    ];

    expect(lines({ facts: [], memories }, "Rotterdam invoice")).toContain("L Rotterdam bills first (26 times); two copies");
  });

  test("leaves out what the inputs say, and what an earlier line says", () => {
    const recall = {
      facts: [fact("city", "Lives in Delft"), fact("tone", "short answers, please")],
      memories: [memory(1, "same outcome"), memory(2, "Same  outcome!")],
    };

    expect(lines(recall, '{"note":"Short answers please"}')).toEqual(["P city: Lives in Delft", "H 2025-03-02, completed: Same  outcome!"]);
  });

  test("tells short facts unless the inputs say what they are about", () => {
    const facts = [fact("language", "Dutch", 0.9), fact("nationality", "Dutch", 0.8), fact("reply_language", "in Dutch", 0.7)];

    expect(lines({ facts, memories: [] }, "a Dutch invoice")).toEqual([
      "P language: Dutch",
      "P nationality: Dutch",
      "P reply_language: in Dutch",
    ]);
    expect(lines({ facts, memories: [] }, "my language is Dutch, reply in Dutch please")).toEqual(["P nationality: Dutch"]);
  });

  test("takes a learned pattern whole, whatever colons are in it", () => {
    const patterns = ["orders: ask for the serial number"];
    const memories = [memory(1, "pump orders of Delft", { patterns }), memory(2, "x"), memory(3, "y")];

    expect(lines({ facts: [], memories }, "pump orders from Delft: ask for the serial number")).toContain(`L ${patterns[0]}`);
    expect(lines({ facts: [], memories }, "pump orders from Delft. Orders: ask for the serial number")).not.toContain(`L ${patterns[0]}`);
  });

  test("adds what to do next time", () => {
    expect(lines({ facts: [], memories: [memory(1, "too slow", { suggestions: ["ask for fewer rows"] })] })).toEqual([
      "H 2025-03-01, completed: too slow Next time: ask for fewer rows",
    ]);
  });

  test("gives the same order however the rows come", () => {
    const memories = [1, 2, 3, 4].map((number) => memory(number, `summary ${number}`));
    const facts = [fact("b", "two"), fact("a", "one")];

    expect(lines({ facts: facts.toReversed(), memories: memories.toReversed() })).toEqual(lines({ facts, memories }));
  });
});

describe("findRelevant", () => {
  const memories = [
    memory(1, "Reklamation von Kunde Meyer wegen defekter Pumpe bearbeitet"),
    memory(2, "weekly digest sent to the board"),
    memory(3, "東京支社の請求書を処理しました"),
    memory(4, "nothing of note"),
  ];

  test("finds by stems, in other languages too", () => {
    expect(findRelevant(memories, "Kunde Meyer fragt nach der Pumpe").map(({ number }) => number)).toEqual([1]);
    expect(findRelevant(memories, "sending weekly digests").map(({ number }) => number)).toEqual([2]);
  });

  test("finds in scripts without spaces", () => {
    expect(findRelevant(memories, "大阪支社の請求書").map(({ number }) => number)).toEqual([3]);
  });

  test("does not take one shared word for relevance", () => {
    expect(findRelevant(memories, "the board of Utrecht university")).toEqual([]);
  });

  test("overlooks words that most memories share", () => {
    const alike = [1, 2, 3, 4, 5].map((number) => memory(number, `daily order import finished ${number}`));

    expect(findRelevant(alike, "daily order import")).toEqual([]);
  });

  test.each(["", "   ", "???", "the of and"])("finds nothing for %j", (query) => {
    expect(findRelevant(memories, query)).toEqual([]);
  });
});

describe("searchWords", () => {
  test("pairs characters where no spaces are", () => {
    expect(searchWords("請求書")).toEqual(["請求", "求書"]);
  });
});
