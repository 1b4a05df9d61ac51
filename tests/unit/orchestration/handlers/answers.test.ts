import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../../lib/core/json.ts";
import {
  checkAnswer,
  limitsIn,
  parseContract,
  type AnswerContract,
  type NamedLimits,
} from "../../../../lib/orchestration/handlers/answerContract.ts";
import { inventedFacts, mentions } from "../../../../lib/orchestration/handlers/answerFacts.ts";
import { findFaults } from "../../../../lib/orchestration/handlers/answerFaults.ts";
import type { IntentType } from "../../../../lib/orchestration/types.ts";

const told = (
  text: string,
  contract: AnswerContract = {},
  more: { given?: string; sourceCharacters?: number | null; value?: JsonValue; named?: NamedLimits } = {},
): string[] =>
  checkAnswer(
    { text, value: more.value ?? text, isCutOff: false },
    { intent: "generate", contract, named: more.named ?? {}, given: more.given ?? "", sourceCharacters: more.sourceCharacters ?? null },
  ).map(({ message, severity }) => `${severity}: ${message}`);

describe("limits in an instruction", () => {
  test.each<[string, AnswerContract]>([
    ["Summarize in three sentences.", { max_sentences: 3 }],
    ["Write at most 80 words, no more than 500 characters.", { max_words: 80, max_characters: 500 }],
    ["Up to TEN short words, and later under 20 words", { max_words: 10 }],
    ["max. 5 words", { max_words: 5 }],
    ["maximum of 1 sentence", { max_sentences: 1 }],
    ["within 0 words", {}],
    ["Write 80 words", {}],
    ["It took three sentences to say", {}],
    ["in 3 wordsmiths", {}],
    ["Summarize each order in at most ten words.", {}],
    ["Give it a title of up to 60 characters", {}],
    ["Write lines of at most 20 words", {}],
    ["Summarize the items in at most 20 words", { max_words: 20 }],
  ])("reads %s", (instruction, limits) => {
    expect(limitsIn(instruction)).toEqual(limits);
  });

  test("takes time in proportion to the instruction", () => {
    expect(limitsIn(`${"in at most ".repeat(100_000)}5 words`)).toEqual({});
  });
});

describe("contracts", () => {
  test("are none where nothing is declared, and refused with the field where they are malformed", () => {
    expect(parseContract("s", undefined)).toEqual({});
    expect(() => parseContract("s", { format: "poem" })).toThrow(/step s: metadata\.contract\.format: /);
    expect(() => parseContract("s", "short")).toThrow(/metadata\.contract: /);
    expect(() => parseContract("s", { maxWords: 3 })).toThrow(/metadata\.contract: .*maxWords/);
  });

  test.each<[string, string, AnswerContract, readonly string[]]>([
    ["a few words over", "one two three four five six", { max_words: 5 }, []],
    ["words", "one two three four five six seven", { max_words: 5 }, ["soft: has 7 words, at most 5 are asked for"]],
    [
      "ten times the words",
      "w1 ".repeat(30).replaceAll("w1", "word").replace("word", "first"),
      { max_words: 2 },
      ["hard: repeats", "hard: has 30 words"],
    ],
    ["sentences", "One is here. Two is here! Three is here?", { max_sentences: 2 }, ["soft: has 3 sentences, at most 2 are asked for"]],
    ["characters", "abcdefghijklm", { max_characters: 10 }, ["soft: has 13 characters, at most 10 are asked for"]],
    ["too few words", "one", { min_words: 2 }, ["soft: has 1 words, at least 2 are asked for"]],
    ["enough words", "one two", { min_words: 2 }, []],
    ["JSON that is none", "{", { format: "json" }, ["hard: is not JSON and nothing else"]],
    ["JSON", "[1]", { format: "json" }, []],
    ["HTML with a greeting", "Hi <p>x</p>", { format: "html" }, ["hard: is not HTML and nothing else"]],
    ["HTML without an end", "<p>x</p> bye", { format: "html" }, ["hard: is not HTML and nothing else"]],
    ["an empty list", "\n", { format: "list" }, ["hard: is not a list and nothing else"]],
    ["a numbered list", "1. a\n2) b\n\n• c", { format: "list" }, []],
    ["text with a fence", "x\n```\ny", { format: "text" }, ["hard: is not plain text without markup"]],
    ["markdown", "# x", { format: "markdown" }, []],
  ])("judge %s", (_what, text, contract, expected) => {
    const found = told(text, contract);
    expect(found).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) expect(found[index]).toContain(line.slice(0, 40));
  });

  test("name limits that only cost a warning, however far an answer is beyond them; declared ones stand before them", () => {
    const long = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");

    expect(told(long, {}, { named: { max_words: 2, max_characters: 9, max_sentences: 1 } })).toEqual([
      "soft: has 40 words, at most 2 are asked for",
      "soft: has 269 characters, at most 9 are asked for",
    ]);
    expect(told(long, { max_words: 3 }, { named: { max_words: 2 } })).toEqual(["hard: has 40 words, at most 3 are asked for"]);
  });

  test("take a value of a form of its own for JSON, and judge length by the source only where one is condensed", () => {
    expect(told("no JSON at all", { format: "json" }, { value: { a: 1 } })).toEqual([]);
    expect(told("x".repeat(399), {}, { sourceCharacters: 300 })).toEqual([]);
    expect(told("x y ".repeat(3).repeat(40), {}, { sourceCharacters: 400 }).some((line) => line.startsWith("soft: is longer (480"))).toBe(
      true,
    );
  });
});

describe("faults of any answer", () => {
  const faults = (text: string, given = "", value: JsonValue = text, isCutOff = false): string[] =>
    findFaults({ text, value, isCutOff }, { given, intent: "generate" }).map(({ message }) => message);

  test.each([
    "I'm sorry, but I cannot help with that.",
    "Sorry, I can’t do this",
    "I apologize, but I am unable to see the file.",
    "As an AI language model, I can't browse.",
    "Unfortunately I cannot answer that question.",
    "I won't write this.",
    "I cannot access the file you mention.",
    "We're sorry, but as an AI model, I must decline.",
  ])("are refusals: %s", (text) => {
    expect(faults(text)[0]).toMatch(/^refuses: /);
  });

  test.each([
    "I cannoned into him.",
    "Sorry is the hardest word.",
    "I'm sorry, but I cannot come on Monday.",
    "I cannot provide a refund before Friday.",
    "The pump cannot run.",
    `I cannot say it shorter: ${"the ward had free beds and so did others, ".repeat(20)}`.slice(0, 700),
  ])("are no refusals: %s", (text) => {
    expect(faults(text).filter((message) => message.startsWith("refuses"))).toEqual([]);
  });

  test.each<[string, string, IntentType, readonly string[]]>([
    ["a translation that says it", "I cannot open the file.", "transform", ["soft"]],
    ["a summary that says it", "I cannot open the file.", "summarize", ["hard"]],
    ["no help, whatever was asked for", "I'm sorry, but I can't help with that.", "transform", ["hard"]],
    ["words that were given", '"I cannot open the file!"', "generate", []],
    ["names that were to be redacted", "[REDACTED] met [REDACTED]", "transform", []],
    ["redacted names in a text of its own", "[REDACTED] met [REDACTED]", "generate", ["hard"]],
    ["another gap in a text that is brought over", "Dear [Your Name]", "transform", ["soft"]],
  ])("are told by what was asked for: %s", (what, text, intent, severities) => {
    const given = what === "words that were given" ? 'He wrote: "I CANNOT open the file!" and left.' : "";
    const found = findFaults({ text, value: text, isCutOff: false }, { given, intent });
    expect(found.map(({ severity }) => severity)).toEqual(severities);
  });

  test.each([
    ["Dear [Your Name]", ["[Your Name]"]],
    ["[INSERT DATE] and {{ x }} and <your city> and TBD", ["[INSERT DATE]", "{{ x }}", "<your city>", "TBD"]],
    ["[Link text](https://example.com) [NOTE](a)", []],
    ["As said [1], [a] and [Smith 2020]", []],
    ["A <b>bold</b> word and a < b", []],
  ])("leave gaps: %s", (text, gaps) => {
    const messages = faults(text);
    expect(messages).toHaveLength(gaps.length);
    for (const gap of gaps) expect(messages.join()).toContain(JSON.stringify(gap));
  });

  test("are emptiness, an end at the limit, and gaps that were not given", () => {
    expect(faults("")).toEqual(["is empty"]);
    expect(faults("", "", { a: 1 })).toEqual([]);
    expect(faults("", "", null)).toEqual(["is empty"]);
    expect(faults("half an ans", "", "half an ans", true)).toEqual(["was cut off at the output limit: be briefer"]);
    expect(faults("Keep {{name}}", "a template: {{name}}")).toEqual([]);
    expect(
      faults(Array.from({ length: 40 }, (_, index) => `{{gap${index}}}`).join(" ")).filter((message) => message.startsWith("leaves")),
    ).toHaveLength(10);
  });

  test("are words that come round and round, and lines that make up the text; tables and refrains are not", () => {
    expect(faults("It was good, it was good, it was good. ".repeat(8))[0]).toMatch(/^repeats itself/);
    expect(faults(`A fine start of the report, and then ${"on and ".repeat(30)}`)[0]).toMatch(/^repeats itself: "on and"/);
    expect(faults(Array.from({ length: 60 }, (_, index) => `| ${index} | paid | ok |`).join("\n"))).toEqual([]);
    expect(faults("| paid | paid |\n".repeat(40))).toEqual([]);
    expect(faults("<td>paid</td>\n".repeat(40))).toEqual([]);
    expect(faults("- paid in full and on time\n".repeat(9))).toEqual([]);
    expect(faults("0 0 1 ".repeat(40))).toEqual([]);
    expect(
      faults(
        "x",
        "",
        Array.from({ length: 30 }, () => ({ status: "paid in full" })),
      ),
    ).toEqual([]);
    const refrain = "Row, row, row your boat gently down the stream. ".repeat(8);
    expect(faults(refrain)[0]).toMatch(/^repeats itself/);
    expect(faults(refrain, "Der Kahn fährt leise den Bach hinab. ".repeat(8))).toEqual([]);
    expect(faults(`no no no no no and then something else entirely is said about the matter at hand`)).toEqual([]);
  });

  test("are found in bounded time, whatever the text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => void faults(text)));
    const evil = ["[", "[Your ", "{{", "<your ", "i am ", "1.", "a@", "\n"].map((piece) => piece.repeat(100_000));
    for (const text of evil) expect(faults(text)).toBeInstanceOf(Array);
  });
});

describe("facts", () => {
  const given = "Order 1,240 of 3 March 2026 costs 1 240.50 EUR, 17.0 % off. Ada: ada@example.com, https://example.com/a?b=1.";

  test.each([
    ["1240 and 1,240.5 and 1'240.50", []],
    ["17% in 2026, on 03 of 12", []],
    ["ADA@example.com at https://example.com/a?b=1.", []],
    ["Costs 1,250 EUR", ["1,250"]],
    ["Mail eve@example.com", ["eve@example.com"]],
    ["See https://example.com/other, 99 times", ["https://example.com/other", "99"]],
    ["12 2026 and 2026 99", ["2026 99"]],
  ])("that were given or not: %s", (text, invented) => {
    expect(inventedFacts(text, given)).toEqual(invented);
  });

  test("are known however much was given, and looked for in bounded time", () => {
    const much = `${"The ward was full. ".repeat(50_000)} Order 98765 by eve@example.com`;
    expect(inventedFacts("Order 98765 by eve@example.com, not 98766", much)).toEqual(["98766"]);
    const links = Array.from({ length: 9_000 }, (_, index) => `https://example.com/${index}`);
    expect(inventedFacts(links.join(" ").slice(0, 190_000), `${"x ".repeat(2_000_000)}${links.join(" ")}`)).toEqual([]);
  });

  test("are told up to a bound, and found in bounded time", () => {
    expect(inventedFacts(Array.from({ length: 50 }, (_, index) => `${index + 500}`).join(" and "), "")).toHaveLength(20);
    for (const piece of ["1 ", "1.", "9'", "a@b.", "https://", "x@"])
      expect(inventedFacts(piece.repeat(60_000), piece)).toBeInstanceOf(Array);
  });

  test("are mentioned in whatever spelling", () => {
    expect(mentions("The  WARD had 1,240 beds", "ward had")).toBe(true);
    expect(mentions("1 240.50 EUR", "1240.5")).toBe(true);
    expect(mentions("1241", "1240")).toBe(false);
    expect(mentions("twelve", "12")).toBe(false);
    expect(mentions("x", "y")).toBe(false);
  });
});
