// `classify` as a person runs it: lines, workflow files, stdin, and what is said about bad lines.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./spawnCli.ts";

let cwd: string;

const WORKFLOW = `name: mail
steps:
  - id: read
    type: action
    plugin: gmail
    action: message.getAll
  - id: branch
    type: conditional
    condition: "true"
    then_steps:
      - id: answer
        type: ai_processing
        prompt: Write a reply to {{read.data}}
`;

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-classify-"));
  await writeFile(
    path.join(cwd, "steps.jsonl"),
    '{"id":"a","step":{"type":"action","plugin":"slack","action":"message.post"}}\n\n{"id":7,"type":"ai_processing","prompt":"Summarize {{x}}"}\n{"type":"conditional"}\n',
  );
  await writeFile(path.join(cwd, "mail.yaml"), WORKFLOW);
  await writeFile(path.join(cwd, "bad.jsonl"), '{"type":"conditional"}\n{"type":\n');
  await writeFile(path.join(cwd, "list.jsonl"), '{"type":"conditional"}\n[1]\n');
  await writeFile(
    path.join(cwd, "foreign.json"),
    '{"nodes":[{"id":"a","type":"n8n-nodes-base.scheduleTrigger"},{"id":"b","type":"n8n-nodes-base.set","parameters":{}}]}',
  );
  await writeFile(path.join(cwd, "empty.yaml"), "name: nothing\n");
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

const linesOf = (stdout: string): readonly unknown[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("classify --json", () => {
  test("prints a line a step, with ids as given or by place", async () => {
    const { exitCode, stdout, stderr } = await runCli(["classify", "steps.jsonl", "--json"], { cwd });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(linesOf(stdout)).toEqual([
      expect.objectContaining({ id: "a", intent: "send", effect: "destructive", estimatedTokens: 0, compressionRecommended: false }),
      expect.objectContaining({ id: "7", intent: "summarize", effect: "none" }),
      expect.objectContaining({ id: "line 4", intent: "conditional" }),
    ]);
    expect(Object.keys(linesOf(stdout)[0] as object)).toEqual([
      "id",
      "intent",
      "effect",
      "confidence",
      "source",
      "estimatedTokens",
      "compressionRecommended",
    ]);
  });

  test("reads a workflow file, nested steps included", async () => {
    const { stdout } = await runCli(["classify", "mail.yaml", "--json"], { cwd });

    expect(linesOf(stdout)).toMatchObject([
      { id: "read", intent: "extract", effect: "read" },
      { id: "branch", intent: "conditional", effect: "none" },
      { id: "answer", intent: "generate", effect: "none" },
    ]);
  });

  test("leaves out nodes of a foreign workflow that are no steps", async () => {
    const { stdout } = await runCli(["classify", "foreign.json", "--json"], { cwd });

    expect(linesOf(stdout)).toMatchObject([{ id: "b", intent: "transform" }]);
  });

  test("reads lines from stdin", async () => {
    const { stdout } = await runCli(["classify", "-", "--json"], { cwd, input: '{"id":"x","type":"transform","operation":"sort"}\n' });

    expect(linesOf(stdout)).toMatchObject([{ id: "x", intent: "transform", effect: "none" }]);
  });
});

describe("classify", () => {
  test("prints a table for people", async () => {
    const { exitCode, stdout } = await runCli(["classify", "mail.yaml"], { cwd });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ID +INTENT +EFFECT +SURE +TOKENS +BECAUSE$/m);
    expect(stdout).toMatch(/^read +extract +read /m);
  });

  test.each([
    ["bad.jsonl", /bad\.jsonl:2 is not JSON/],
    ["list.jsonl", /list\.jsonl:2 is a list; expected a step/],
    ["empty.yaml", /empty\.yaml holds no list of steps/],
    ["missing.jsonl", /there is no such file/],
  ])("says what is wrong with %s and exits with 2", async (file, message) => {
    const { exitCode, stdout, stderr } = await runCli(["classify", file], { cwd });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("opens no database", async () => {
    const { exitCode } = await runCli(["classify", "steps.jsonl", "--data", path.join(cwd, "steps.jsonl", "no-folder")], { cwd });

    expect(exitCode).toBe(0);
  });
});
