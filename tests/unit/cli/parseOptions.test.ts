import { describe, expect, test } from "vitest";
import { parseLimits, parseMoney, parsePairs, parseTokens, parseWholeNumber } from "../../../lib/cli/input/parseOptions.ts";
import { parseUsageRows } from "../../../lib/cli/input/readUsageRows.ts";

describe("parsePairs", () => {
  test("takes JSON where the text is JSON, else the text", () => {
    const pairs = ["a=1", "b=text", 'c=["x"]', 'd="1"', "e=", "f=a=b", "g=007"];

    expect(parsePairs(pairs, "--input")).toEqual({ a: 1, b: "text", c: ["x"], d: "1", e: "", f: "a=b", g: "007" });
  });

  test("refuses a pair without a name", () => {
    expect(() => parsePairs(["=1"], "--input")).toThrow("--input takes name=value");
  });

  test("takes __proto__ as a name like any other", () => {
    const parsed = parsePairs(['__proto__={"polluted":true}'], "--input");

    expect(Object.hasOwn(parsed, "__proto__")).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("amounts on the command line", () => {
  test.each([
    ["0.05", "0.05"],
    ["$5", "5"],
    ["5 USD", "5"],
  ])("reads %s as %s USD", (text, amount) => {
    expect(parseMoney(text, "--usd")).toBe(amount);
  });

  test.each(["", "-1", "1e3", "0,05", "five", "1.0000000001", "Infinity"])("refuses %j as an amount", (text) => {
    expect(() => parseMoney(text, "--usd")).toThrow("--usd takes an amount in USD");
  });

  test.each([
    ["5000", 5_000],
    ["5k", 5_000],
    ["1.5M", 1_500_000],
    ["20_000", 20_000],
  ])("reads %s as %i tokens", (text, tokens) => {
    expect(parseTokens(text, "--tokens")).toBe(tokens);
  });

  test.each(["0", "-5", "1.5", "k", "5kk", "99999999999999"])("refuses %j as tokens", (text) => {
    expect(() => parseTokens(text, "--tokens")).toThrow("--tokens takes a whole number of tokens");
  });

  test("refuses numbers outside their range and unknown choices", () => {
    expect(() => parseWholeNumber("0", "--limit", { min: 1, max: 10 })).toThrow("--limit takes a whole number");
    expect(() => parseLimits({ onLimit: "stop" })).toThrow("--on-limit takes one of pause, fail");
  });
});

describe("parseUsageRows", () => {
  const row = { attemptId: "a1", tokens: 120, usd: "0.000012" };

  test.each([
    ["a JSON array", JSON.stringify([row])],
    ["JSON lines", `${JSON.stringify(row)}\n\n`],
    ["CSV", "attemptId,tokens,usd,extra\na1,120,0.000012,x\n"],
    ["a JSON array with numbers", JSON.stringify([{ ...row, usd: 0.000012 }])],
  ])("reads %s", async (_name, text) => {
    const [read] = await parseUsageRows(text, "usage");

    expect({ ...read, usd: Number(read?.usd) }).toEqual({ ...row, usd: 0.000012 });
  });

  test("names the line of a bad row", async () => {
    await expect(parseUsageRows("attemptId,tokens,usd\na1,1,0.1\na2,many,0.1\n", "usage.csv")).rejects.toThrow(
      "row 3 of usage.csv is not a usage row",
    );
  });
});
