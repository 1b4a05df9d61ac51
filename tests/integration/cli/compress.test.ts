// `compress`: one content or many, without a database; what it prints for people and for scripts, and what it says to bad input.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, type CliResult } from "./spawnCli.ts";

let cwd: string;

const orders = Array.from({ length: 40 }, (_, index) => ({
  id: `ord_${index * 7_919}`,
  status: index === 11 ? "refunded" : "paid",
  amount: 10 + index,
}));
const log = Array.from({ length: 200 }, (_, index) =>
  index === 77 ? "2031-01-01 ERROR disk /dev/sd7 is full" : `2031-01-01 INFO request ${index} served in ${10 + (index % 7)} ms`,
).join("\n");

const compress = async (...args: readonly string[]): Promise<CliResult> => runCli(["compress", ...args], { cwd });

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-compress-"));
  await writeFile(path.join(cwd, "orders.json"), JSON.stringify(orders, null, 2));
  await writeFile(path.join(cwd, "app.log"), log);
  await writeFile(path.join(cwd, "latin1.txt"), Buffer.from([0x67, 0x6f, 0x6f, 0x64, 0x0a, 0xe9, 0x74, 0xe9]));
  await writeFile(path.join(cwd, "empty.txt"), "");
  const rows = [
    { id: "a", content: JSON.stringify(orders, null, 2) },
    { id: 2, content: log, task: "Find the error." },
    { id: "c", content: "short" },
  ];
  await writeFile(path.join(cwd, "many.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

describe("compress", () => {
  test("prints the view on stdout and one line of figures on stderr", async () => {
    const { exitCode, stdout, stderr } = await compress("app.log", "--task", "Find the error.");

    expect(exitCode).toBe(0);
    expect(stdout).toContain("ERROR disk /dev/sd7 is full");
    expect(stdout.length).toBeLessThan(log.length);
    expect(stderr).toMatch(/^[\d ]+ to [\d ]+ tokens, \d+\.\d % saved, Q \d\.\d\d.*\n$/);
  });

  test("with --json prints one document with all of its fields, facts adding up", async () => {
    const { exitCode, stdout, stderr } = await compress("orders.json", "--json");
    const document = JSON.parse(stdout);

    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(document).toMatchObject({
      view: expect.any(String),
      lossless: expect.any(Boolean),
      level: expect.any(Number),
      stages: expect.any(Array),
      handles: expect.any(Array),
      outcome: expect.stringMatching(/^(?:ok|cannot_fit|passthrough)$/),
    });
    expect(document.quality).toBeGreaterThanOrEqual(0);
    expect(document.quality).toBeLessThanOrEqual(5);
    expect(document.tokensOut).toBeLessThan(document.tokensIn);
    expect(document.facts.total).toBe(document.facts.retained + document.facts.recoverable + document.facts.lost);
  });

  test("at level 0 the view holds every value", async () => {
    const document = (await compress("orders.json", "--level", "0", "--json")).json() as { lossless: boolean; view: string; level: number };

    expect([document.lossless, document.level]).toEqual([true, 0]);
    for (const { id } of orders) expect(document.view).toContain(id.slice(4));
  });

  test("keeps to a target", async () => {
    const document = (await compress("app.log", "--target-tokens", "300", "--task", "Find the error.", "--json")).json() as {
      tokensOut: number;
      outcome: string;
    };

    expect(document.tokensOut).toBeLessThanOrEqual(300);
    expect(document.outcome).toBe("ok");
  });

  test("reads stdin", async () => {
    const { exitCode, stdout } = await runCli(["compress", "-", "--json"], { cwd, input: log });

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).tokensIn).toBeGreaterThan(1_000);
  });

  test("a .jsonl file gives a line for each content with its id, in order", async () => {
    const { exitCode, stdout, stderr } = await compress("many.jsonl", "--json");
    const documents = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(documents.map(({ id }) => id)).toEqual(["a", 2, "c"]);
    expect(documents[1].view).toContain("/dev/sd7");
    expect(documents[2]).toMatchObject({ view: "short", outcome: "passthrough" });
  });

  test("--diff marks what was cut and what the view says in its place", async () => {
    const { stdout } = await compress("app.log", "--task", "Find the error.", "--diff");
    const lines = stdout.trimEnd().split("\n");

    expect(lines.filter((line) => line.startsWith("- ")).length).toBeGreaterThan(50);
    expect(lines).toContain("  2031-01-01 ERROR disk /dev/sd7 is full");
    expect(stdout).not.toContain("\u001b[");
  });

  test("--diff paints where colour is asked for", async () => {
    const { stdout } = await runCli(["compress", "app.log", "--diff", "--target-tokens", "200"], { cwd, env: { FORCE_COLOR: "1" } });

    expect(stdout).toContain("\u001b[31m- ");
  });

  test("an empty file passes through", async () => {
    const { exitCode, stdout } = await compress("empty.txt", "--json");

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ view: "", tokensIn: 0, tokensOut: 0, outcome: "passthrough" });
  });

  test("makes no data folder", async () => {
    await compress("orders.json");

    expect(await readdir(cwd)).not.toContain(".neuronforge");
  });
});

describe("bad input to compress", () => {
  test.each([
    ["a file that is not there", ["nowhere.txt"], "FILE_UNREADABLE: nowhere.txt could not be read: there is no such file"],
    ["a folder", ["."], "FILE_UNREADABLE: . could not be read: it is a folder"],
    ["bytes that are no UTF-8", ["latin1.txt"], "SYNTAX_INVALID: latin1.txt is not UTF-8 text: line 2 holds bytes that are no character"],
    ["a negative target", ["app.log", "--target-tokens=-5"], "USAGE: --target-tokens takes a whole number of tokens"],
    ["a target that is no number", ["app.log", "--target-tokens", "NaN"], "USAGE: --target-tokens takes a whole number of tokens"],
    ["a target of nothing", ["app.log", "--target-tokens", "0"], "USAGE: --target-tokens takes a whole number of tokens"],
    ["a level beyond 3", ["app.log", "--level", "4"], "USAGE: --level takes a whole number"],
    ["a quality beyond 5", ["app.log", "--quality", "5.1"], "USAGE: --quality takes a number from 0 to 5"],
    ["a negative quality", ["app.log", "--quality=-1"], "USAGE: --quality takes a number from 0 to 5"],
    ["a quality that is no number", ["app.log", "--quality", "NaN"], "USAGE: --quality takes a number from 0 to 5"],
    ["--diff of many", ["many.jsonl", "--diff"], "USAGE: --diff shows one content to a person"],
  ])("%s exits with 2 and is named", async (_name, args, message) => {
    const { exitCode, stdout, stderr } = await compress(...args);

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  test.each([
    ["no JSON", "{oops", "SYNTAX_INVALID: line 2 of rows.jsonl is not JSON"],
    ["no object", "[1]", "USAGE: line 2 of rows.jsonl cannot be compressed: it is not a JSON object"],
    ["no id", '{"content":"x"}', "USAGE: line 2 of rows.jsonl cannot be compressed: id is missing"],
    ["no content", '{"id":1}', "USAGE: line 2 of rows.jsonl cannot be compressed: content is missing"],
    [
      "a negative target",
      '{"id":1,"content":"x","targetTokens":-1}',
      "USAGE: line 2 of rows.jsonl cannot be compressed: targetTokens is -1",
    ],
    [
      "a broken target",
      '{"id":1,"content":"x","targetTokens":1.5}',
      "USAGE: line 2 of rows.jsonl cannot be compressed: targetTokens is 1.5",
    ],
    ["a task that is no text", '{"id":1,"content":"x","task":7}', "USAGE: line 2 of rows.jsonl cannot be compressed: task is not a text"],
    ["an id again", '{"id":"first","content":"y"}', 'USAGE: line 2 of rows.jsonl cannot be compressed: the id "first" stands twice'],
  ])("a line with %s is named before anything is compressed", async (_name, line, message) => {
    await writeFile(path.join(cwd, "rows.jsonl"), `{"id":"first","content":"fine"}\n${line}\n`);
    const { exitCode, stdout, stderr } = await compress("rows.jsonl");

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});
