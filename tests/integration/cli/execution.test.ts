// The main job from outside: run, pause, answer, top up, go on; exit codes and JSON shapes that others script against.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../../lib/systemApi.ts";
import { finishCli, runCli, shown, startCli, type CliOptions, type CliProcess } from "./spawnCli.ts";

let cwd: string;
const run = async (args: readonly string[], options: Partial<CliOptions> = {}) => runCli(args, { cwd, ...options });

const SUMMARY = "Cats sleep a lot. They sleep 16 hours a day. Dogs bark at night.";
const FILES: Readonly<Record<string, string>> = {
  "digest.yaml": `name: digest
inputs:
  file: { type: string, default: out.txt }
steps:
  - { id: summary, type: ai_processing, prompt: "Summarize in one sentence.", input: "${SUMMARY}" }
  - { id: save, type: action, plugin: files, action: write, params: { path: "{{input.file}}", content: "{{summary}}" } }
`,
  "ask.yaml": `name: ask
steps:
  - { id: ask, type: human_approval, approvers: [anna], title: "Send it?", message: Please look. }
  - { id: save, type: action, plugin: files, action: write, params: { path: asked.txt, content: yes } }
`,
  // One call after the other, so that the first fit under a limit of about one worst case and a later one does not.
  "chain.yaml": `name: chain\nsteps:\n${Array.from({ length: 8 }, (_, index) => `  - { id: c${index}, type: ai_processing, prompt: Summarize., input: "${SUMMARY} ${index === 0 ? "" : `{{c${index - 1}}}`}" }`).join("\n")}\n`,
  "fails.yaml": `name: fails
steps:
  - { id: read, type: action, plugin: files, action: read, params: { path: nowhere.txt } }
`,
};

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-cli-run-"));
  for (const [name, text] of Object.entries(FILES)) await writeFile(path.join(cwd, name), text);
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

const REPORT_KEYS = [
  "executionId",
  "workflow",
  "status",
  "waitingFor",
  "output",
  "error",
  "tokens",
  "costUsd",
  "limitUsd",
  "limitTokens",
  "startedAt",
  "finishedAt",
  "waiting",
  "steps",
];
const STEP_KEYS = ["id", "path", "type", "intent", "status", "handler", "model", "tokens", "costUsd", "ms", "quality", "warnings", "error"];

describe("run as the owner of the folder", () => {
  test("prints the output alone on stdout, the talk on stderr, and no colour into a pipe", async () => {
    const { exitCode, stdout, stderr } = await run(["run", "digest.yaml"]);

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ path: "out.txt" });
    expect(stderr).toMatch(/^completed in .* · 2 steps · .* · model: offline\nexecution [0-9a-f-]{36}\n$/);
    expect(stdout + stderr).not.toContain("\u001b");
    expect(SUMMARY).toContain(await readFile(path.join(cwd, "out.txt"), "utf8"));
  });

  test("with --json the last line of stdout is the whole report, unknown as null", async () => {
    const result = await run(["run", "digest.yaml", "--json", "--quiet", "--input", "file=second.txt", "--tag", "nightly"]);
    const report: ExecutionReport = result.json();

    expect(result.exitCode).toBe(0);
    expect(result.stderr).toBe("");
    expect(Object.keys(report).sort()).toEqual([...REPORT_KEYS].sort());
    expect(Object.keys(report.steps[0] ?? {}).sort()).toEqual([...STEP_KEYS].sort());
    expect(report).toMatchObject({
      workflow: "digest",
      status: "completed",
      waitingFor: null,
      error: null,
      tokens: { saved: null, savedPercent: null },
      output: { path: "second.txt" },
    });
    expect(report.steps.map(({ id, model }) => [id, model])).toEqual([
      ["summary", "offline"],
      ["save", null],
    ]);
  });
});

describe("limits", () => {
  let limit = 0;

  test("nothing can start under a limit that is too small: exit 5, and nothing was called", async () => {
    const result = await run(["run", "chain.yaml", "--limit-tokens", "5", "--json"]);
    const refused = result.json() as { error: { code: string; details: { needTokens: number } } };

    expect(result.exitCode).toBe(5);
    expect(refused.error.code).toBe("BUDGET_EXCEEDED");
    // The least is told without input and frame (140 tokens here). Enough for the first call's worst case; what it uses is missing for the second's.
    limit = refused.error.details.needTokens + 180;
  });

  test("a pause at the cap exits with 8, names the top-up, and goes on after it", async () => {
    const paused = await run(["run", "chain.yaml", "--limit-tokens", String(limit)]);
    const id = /execution ([0-9a-f-]{36})/.exec(paused.stderr)?.[1] ?? "";
    const listed = await run(["executions", "ls", "--json"]);
    const topUp = /budgets topup (execution:\S+) --tokens (\d+)/.exec(paused.stderr);

    expect(paused.exitCode).toBe(8);
    expect(paused.stdout).toBe("");
    expect(paused.stderr).toMatch(/^waits at c[1-7] for budget/m);
    expect((listed.json() as { executionId: string; waitingFor: string }[]).find(({ executionId }) => executionId === id)?.waitingFor).toBe(
      "budget",
    );
    expect(topUp?.[1]).toBe(`execution:${id}`);

    expect((await run(["budgets", "topup", `execution:${id.slice(0, 18)}`, "--tokens", "5k"])).exitCode).toBe(0);
    const resumed = await run(["executions", "resume", id.slice(0, 18), "--json"]);

    expect(resumed.exitCode).toBe(0);
    expect(resumed.json()).toMatchObject({ executionId: id, status: "completed", limitTokens: limit + 5_000 });
    expect((resumed.json() as ExecutionReport).steps.map(({ path: at }) => at)).toEqual(["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"]);
  });

  test("with --on-limit fail the cap ends it: exit 5", async () => {
    const result = await run(["run", "chain.yaml", "--limit-tokens", String(limit), "--on-limit", "fail", "--json"]);

    expect(result.exitCode).toBe(5);
    expect(result.json()).toMatchObject({ status: "failed", error: { code: "BUDGET_EXCEEDED" } });
  });
});

describe("served by a worker that owns the folder", () => {
  const env = { NEURONFORGE_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"), GITHUB_TOKEN: "ghp_very_secret_value" };
  let worker: CliProcess;

  beforeAll(async () => {
    worker = startCli(["worker"], { cwd, env });
    await shown(worker.stderr, "working");
  });

  afterAll(async () => {
    worker.kill("SIGTERM");
    await finishCli(worker);
  });

  describe("run", () => {
    test("takes a workflow from stdin, inputs from a file, and a stored agent by name", async () => {
      await writeFile(path.join(cwd, "inputs.json"), '{"file":"third.txt"}');

      const piped = await run(["run", "-", "--inputs", "@inputs.json"], { input: FILES["digest.yaml"] ?? "" });
      const stored = await run(["run", "digest", "--inputs", '{"file":"fourth.txt"}']);

      expect([piped.exitCode, JSON.parse(piped.stdout).path]).toEqual([0, "third.txt"]);
      expect([stored.exitCode, JSON.parse(stored.stdout).path]).toEqual([0, "fourth.txt"]);
    });

    test("starts once under one key", async () => {
      const [first, second] = [
        await run(["run", "digest.yaml", "--key", "k1", "--json"]),
        await run(["run", "digest.yaml", "--key", "k1", "--json"]),
      ];

      expect((second.json() as ExecutionReport).executionId).toBe((first.json() as ExecutionReport).executionId);
      expect(second.stderr).toContain("already started under this key");
    });

    test("--dry previews effects", async () => {
      const result = await run(["run", "digest.yaml", "--dry", "--input", "file=never.txt"]);

      expect(result.exitCode).toBe(0);
      await expect(readFile(path.join(cwd, "never.txt"))).rejects.toMatchObject({ code: "ENOENT" });
    });

    test("a failing step exits with 1 and tells the error once", async () => {
      const text = await run(["run", "fails.yaml"]);
      const json = await run(["run", "fails.yaml", "--json"]);

      expect([text.exitCode, json.exitCode]).toEqual([1, 1]);
      expect(text.stderr.match(/^error /gm)).toHaveLength(1);
      expect(text.stderr).toContain("failed at read (action)");
      expect(json.json()).toMatchObject({ status: "failed", error: { code: expect.any(String), hint: expect.any(String) } });
    });

    test("an unknown input, an unknown agent and an invalid file say so before anything starts", async () => {
      const input = await run(["run", "digest.yaml", "--input", "fil=x", "--json"]);
      const agent = await run(["run", "nobody", "--json"]);
      await writeFile(path.join(cwd, "invalid.yaml"), "name: x\nsteps:\n  - { id: a, type: acton }\n");
      const file = await run(["run", "invalid.yaml", "--json"]);

      expect([input.exitCode, agent.exitCode, file.exitCode]).toEqual([2, 4, 2]);
      expect([input, agent, file].map((result) => (result.json() as { error: { code: string } }).error.code)).toEqual([
        "INPUT_INVALID",
        "NOT_FOUND",
        "WORKFLOW_INVALID",
      ]);
    });
  });

  describe("approvals", () => {
    test("wait with exit 8, take an answer by prefix, and go on", async () => {
      const asked = await run(["run", "ask.yaml"]);
      const approval = /approvals approve ([0-9a-f-]{36})/.exec(asked.stderr)?.[1] ?? "";
      const id = /execution ([0-9a-f-]{36})/.exec(asked.stderr)?.[1] ?? "";

      expect(asked.exitCode).toBe(8);
      const stranger = await run(["approvals", "approve", approval, "--as", "bob"]);
      const answered = await run(["approvals", "approve", approval.slice(0, 18), "--as", "anna", "--comment", "fine"]);
      const again = await run(["approvals", "reject", approval, "--as", "anna"]);
      const resumed = await run(["executions", "resume", id]);

      expect([stranger.exitCode, answered.exitCode, again.exitCode, resumed.exitCode]).toEqual([2, 0, 6, 0]);
      expect(answered.stderr).toContain(`executions resume ${id}`);
      expect(await readFile(path.join(cwd, "asked.txt"), "utf8")).toBe("yes");
    });
  });

  describe("looking and governing", () => {
    test.each([
      [["executions", "ls", "--json"], "array"],
      [["approvals", "ls", "--all", "--json"], "array"],
      [["agents", "ls", "--json"], "array"],
      [["agents", "show", "digest", "--json"], "object"],
      [["flags", "ls", "--json"], "array"],
      [["budgets", "ls", "--json"], "array"],
      [["connections", "ls", "--json"], "array"],
      [["plugins", "ls", "--json"], "array"],
      [["plugins", "ls", "files", "--json"], "object"],
      [["audit", "ls", "--json"], "array"],
      [["doctor", "--json"], "array"],
      [["migrate", "--status", "--json"], "array"],
      [["plan", "digest.yaml", "--json"], "object"],
      [["prune", "--older-than-days", "1", "--dry-run", "--json"], "object"],
    ])("%j prints one JSON document and nothing else", async (args, kind) => {
      const { exitCode, stdout } = await run(args);
      const document: unknown = JSON.parse(stdout);

      expect(exitCode).toBe(0);
      expect(stdout.trimEnd()).not.toContain("\n");
      expect(Array.isArray(document) ? "array" : typeof document).toBe(kind);
    });

    test("plan tells each step's envelope and price, as if on a named model", async () => {
      const plan = (await run(["plan", "digest.yaml", "--as", "openai/gpt-4o-mini", "--json"])).json() as {
        pricedAs: string;
        steps: object[];
        total: { costUsd: number };
      };

      expect(plan.pricedAs).toBe("openai/gpt-4o-mini");
      for (const step of plan.steps)
        expect(step).toMatchObject({
          id: expect.any(String),
          envelope: { q90: expect.toSatisfy((value) => value === null || typeof value === "number") },
        });
      expect(plan.total.costUsd).toBeGreaterThan(0);
    });

    test("fork previews writes, compare and receipt and export tell about both", async () => {
      const original = (await run(["run", "digest.yaml", "--json", "--input", "file=orig.txt"])).json() as ExecutionReport;
      const forked = await run(["executions", "rerun", original.executionId, "--json", "--input", "file=again.txt"]);
      const fork = forked.json() as ExecutionReport;
      const compared = (await run(["executions", "compare", original.executionId, fork.executionId, "--json"])).json() as {
        outputDifferences: string[];
      };
      const receipt = (await run(["executions", "receipt", original.executionId, "--json"])).json() as { calls: object[]; paidUsd: number };
      const exported = await run(["executions", "export", original.executionId, "--out", "export.json"]);

      expect(forked.stderr).toContain("previewed, not performed: save");
      await expect(readFile(path.join(cwd, "again.txt"))).rejects.toMatchObject({ code: "ENOENT" });
      expect(compared.outputDifferences.length).toBeGreaterThan(0);
      expect([receipt.calls.length, receipt.paidUsd]).toEqual([1, 0]);
      expect(exported.exitCode).toBe(0);
      expect(JSON.parse(await readFile(path.join(cwd, "export.json"), "utf8"))).toMatchObject({
        report: { executionId: original.executionId },
      });
    });

    test("a connection comes from a variable, and its secret is never shown nor stored readable", async () => {
      const set = await run(["connections", "set", "github", "--from-env", "GITHUB_TOKEN"], { env });
      const listed = await run(["connections", "ls", "--json"], { env });

      expect([set.exitCode, listed.exitCode]).toEqual([0, 0]);
      expect(listed.json()).toMatchObject([{ name: "github" }]);
      expect(set.stdout + set.stderr + listed.stdout).not.toContain("ghp_very");
    });

    test("flags and budgets change by command, and refuse what does not exist", async () => {
      const set = await run(["flags", "set", "ais_routing_enabled", "observe", "--json"]);
      const unknown = await run(["flags", "set", "ais_routing", "on"]);
      const budget = await run(["budgets", "set", "workspace", "--usd", "5", "--window", "month", "--json"]);
      const missing = await run(["budgets", "set", "workspace"]);

      expect(set.json()).toEqual({ key: "ais_routing_enabled", value: "observe" });
      expect(budget.json()).toMatchObject({ scope: "workspace", window: "month", limitUsd: 5 });
      expect([set.exitCode, unknown.exitCode, budget.exitCode, missing.exitCode]).toEqual([0, 2, 0, 2]);
    });

    test("prune removes nothing without --yes", async () => {
      const refused = await run(["prune", "--older-than-days", "0"]);
      const pruned = await run(["prune", "--older-than-days", "0", "--yes", "--json"]);

      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain("confirm with --yes");
      expect(pruned.exitCode).toBe(0);
      expect((pruned.json() as { executions: number }).executions).toBeGreaterThan(0);
    });
  });
});
