// Memory from outside: off as shipped, switched on, told to the next execution of another process, listed, exported, forgotten.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MemoryReport } from "../../../lib/memoryApi.ts";
import type { Receipt } from "../../../lib/receiptApi.ts";
import { runCli } from "./spawnCli.ts";

let cwd: string;
const run = async (...args: readonly string[]) => runCli(args, { cwd });
const json = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse((await run(...args, "--json")).stdout.trim().split("\n").at(-1) ?? "") as T;

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-cli-memory-"));
  const steps = `  - { id: summary, type: ai_processing, prompt: "Summarize in one sentence.", input: "{{input.text}}" }`;
  await writeFile(path.join(cwd, "digest.yaml"), `name: digest\ninputs:\n  text: { type: string }\nsteps:\n${steps}\n`);
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

describe("agents memory", () => {
  test("is off, then on, tells the next process's execution, and can be exported and forgotten", async () => {
    await run("run", "digest.yaml", "--input", "text=Cats sleep a lot.");
    const before = await json<{ readonly memory: string }>("agents", "show", "digest");
    const switched = await run("agents", "memory", "digest", "--set", "on");
    const first = await json<{ readonly executionId: string }>("run", "digest.yaml", "--input", "text=Cats sleep a lot.");
    const second = await json<{ readonly executionId: string }>("run", "digest.yaml", "--input", "text=Dogs bark at night.");
    const receipt = await json<Receipt>("executions", "receipt", second.executionId);
    const report = await json<MemoryReport>("agents", "memory", "digest");

    expect([before.memory, switched.exitCode, switched.stdout]).toEqual(["off", 0, "memory of digest: on\n"]);
    expect(report.memories.map(({ executionId, number }) => [executionId, number])).toEqual([
      [second.executionId, 2],
      [first.executionId, 1],
    ]);
    expect(report.memories[1]?.summary).toBe("digest completed: Cats sleep a lot.");
    expect(receipt.memory?.injectedTokens).toBeGreaterThan(20);

    const table = await run("agents", "memory", "digest");
    const asked = await run("agents", "memory", "digest", "--forget", "all");
    const one = await run("agents", "memory", "digest", "--forget", report.memories[1]?.id.slice(0, 20) ?? "", "--yes");
    const all = await run("agents", "memory", "digest", "--forget", "all", "--yes");

    expect(table.stdout).toContain("Cats sleep a lot.");
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining("2 would be forgotten for good")]);
    expect([one.stdout, all.stdout]).toEqual(["forgotten: 1 memory, 0 facts\n", "forgotten: 1 memory, 0 facts\n"]);
    expect((await json<MemoryReport>("agents", "memory", "digest")).memories).toEqual([]);
  });

  test.each([
    [["agents", "memory"], 2, "an agent, or --user ID"],
    [["agents", "memory", "digest", "--user", "x"], 2, "an agent, or --user ID"],
    [["agents", "memory", "digest", "--set", "loud"], 2, "off | on | user"],
    [["agents", "memory", "digest", "--set", "on", "--forget", "all"], 2, "--set or --forget"],
    [["agents", "memory", "nobody"], 4, "there is no agent nobody"],
    [["agents", "memory", "digest", "--forget", "zzz", "--yes"], 4, "no memory begins with zzz"],
    [["agents", "memory", "--user", "ann"], 2, "a UUID in lower case"],
    [["run", "digest.yaml", "--input", "text=x", "--user", "ann"], 2, "a UUID in lower case"],
  ])("%j ends with %d and says why", async (args, exitCode, text) => {
    const result = await run(...args);

    expect([result.exitCode, result.stdout]).toEqual([exitCode, ""]);
    expect(result.stderr).toContain(text);
  });
});
