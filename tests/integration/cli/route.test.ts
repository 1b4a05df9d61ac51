// `route` as a person runs it: lines, stdin, explanations, replay, and what is said about bad lines.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./spawnCli.ts";

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-route-"));
  const lines = [
    '{"id":"a","agent":{"ais":4.99},"step":{"type":"ai_processing"}}',
    '{"id":"b","agent":{"ais":5},"step":{}}',
    "",
    '{"id":3,"agent":{"ais":7.5}}',
    '{"id":"d","agent":{"ais":null},"step":{"id":"x","type":"ai_processing"}}',
    '{"agent":{"ais":"9"}}',
    '{"id":"f","agent":{"ais":1},"step":{"model":"o3"}}',
    '{"id":"g","agent":{"ais":9,"id":"a","model":"own","preference":{"tier":"fast","provider":"google","model":7},"history":[{"ais":1,"tier":"fast"},{"tier":"none"},3]}}',
    '{"id":"h","agent":{"ais":9,"preference":{"model":"gpt-4.1"},"history":[{"tier":"fast"}]}}',
    '{"id":"i","agent":null}',
  ];
  await writeFile(path.join(cwd, "routes.jsonl"), `\ufeff${lines.join("\n")}\n`);
  await writeFile(path.join(cwd, "tiers.json"), '{"tables":{"house":{"fast":["small"],"balanced":["middle"],"capable":["small"]}}}');
  await writeFile(path.join(cwd, "bad.jsonl"), '{"id":1}\n{"id":\n');
  await writeFile(path.join(cwd, "list.jsonl"), "[]\n");
  await writeFile(path.join(cwd, "agent.jsonl"), '{"agent":3}\n');
  await writeFile(path.join(cwd, "step.jsonl"), '{"step":[]}\n');
  await writeFile(path.join(cwd, "inputs.jsonl"), '{"inputs":{"ais":11}}\n');
  await writeFile(path.join(cwd, "empty.jsonl"), "\n");
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

const linesOf = (stdout: string): readonly Record<string, unknown>[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("route --json", () => {
  test("prints id, tier, model and reason, a line each", async () => {
    const { exitCode, stdout, stderr } = await runCli(["route", "routes.jsonl", "--json"], { cwd });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(linesOf(stdout)).toMatchObject([
      { id: "a", tier: "fast", model: "gpt-4o-mini" },
      { id: "b", tier: "balanced", model: "gpt-4o" },
      { id: "3", tier: "capable", model: "claude-sonnet" },
      { id: "d", tier: "balanced", model: "gpt-4o" },
      { id: "line 6", tier: "balanced", model: "gpt-4o" },
      { id: "f", tier: "capable", model: "o3" },
      { id: "g", tier: "fast", model: "own" },
      { id: "h", tier: "balanced", model: "gpt-4.1" },
      { id: "i", tier: "balanced", model: "gpt-4o" },
    ]);
    expect(Object.keys(linesOf(stdout)[0] ?? {})).toEqual(["id", "tier", "model", "reason"]);
  });

  test("decides a stored decision again, and says when it comes out otherwise", async () => {
    const { stdout } = await runCli(["route", "routes.jsonl", "--json", "--full"], { cwd });
    const again = await runCli(["route", "-", "--json", "--full"], { cwd, input: stdout });

    expect(again).toMatchObject({ exitCode: 0, stdout, stderr: "" });
    const forged = stdout.replaceAll('"tier":"fast","model":"gpt-4o-mini"', '"tier":"fast","model":"gpt-5"');
    const controlled = await runCli(["route", "-"], { cwd, input: forged.replace('"model":"gpt-5"', '"model":"gpt\\u001b[2J"') });
    expect(controlled.stderr).not.toContain("\u001b[2J");
    const { stderr } = await runCli(["route", "-"], { cwd, input: forged });
    expect(stderr).toContain("a was stored as fast gpt-5 and is now fast gpt-4o-mini");
  });

  test("adds the explanation where it is asked for", async () => {
    const { stdout } = await runCli(["route", "routes.jsonl", "--json", "--explain"], { cwd });

    expect(linesOf(stdout)[0]?.["explanation"]).toMatch(/^fast: gpt-4o-mini, because AIS 4.99 is below 5: fast tier\nrule {10}ais\n/);
  });
});

describe("route", () => {
  test("prints a table for people, and explanations", async () => {
    const { stdout } = await runCli(["route", "-"], { cwd, input: '{"id":"a","agent":{"ais":3}}' });
    expect(stdout).toMatch(/^ID +TIER +MODEL +BECAUSE$/m);
    expect(stdout).toMatch(/^a +fast +gpt-4o-mini +AIS 3 is below 5: fast tier$/m);

    const explained = await runCli(["route", "-", "--explain"], { cwd, input: '{"id":"a","agent":{"ais":3}}' });
    expect(explained.stdout).toMatch(/^a\nfast: gpt-4o-mini, because /);
  });

  test("takes other tier tables, and tells what is odd about them", async () => {
    const { stdout, stderr } = await runCli(["route", "routes.jsonl", "--tiers", "tiers.json", "--json"], { cwd });

    expect(linesOf(stdout)[1]).toMatchObject({ tier: "balanced", model: "middle" });
    expect(stderr).toContain("table house has small first in fast and in capable");
  });

  test("says that a file holds nothing", async () => {
    expect(await runCli(["route", "empty.jsonl"], { cwd })).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: "empty.jsonl holds no steps\n",
    });
  });

  test.each([
    ["bad.jsonl", /bad\.jsonl:2 is not JSON/],
    ["list.jsonl", /list\.jsonl:1 cannot be routed: expected \{"id", "agent"/],
    ["agent.jsonl", /"agent" should be an object/],
    ["step.jsonl", /"step" should be an object/],
    ["inputs.jsonl", /its inputs are not those of a decision \(ais: /],
    ["missing.jsonl", /there is no such file/],
  ])("says what is wrong with %s and exits with 2", async (file, message) => {
    const { exitCode, stdout, stderr } = await runCli(["route", file], { cwd });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("opens no database", async () => {
    expect((await runCli(["route", "routes.jsonl", "--data", path.join(cwd, "routes.jsonl", "no-folder")], { cwd })).exitCode).toBe(0);
  });
});
