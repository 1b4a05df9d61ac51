import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main as runAiSdkAgent } from "../../../examples/ai-sdk-agent.ts";
import { main as runHandler } from "../../../examples/handler.ts";
import { main } from "../../../examples/typescript.ts";
import type { ApprovalReport, ExecutionReport } from "../../../lib/systemApi.ts";
import { openExampleFolder, ROOT } from "./exampleFiles.ts";

const FILES = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" }).filter((file) => /\.(?:yaml|ts)$/.test(file));

const DIGEST = "The release is moved to Thursday because two checks fail. Support received forty tickets about the new login page.";

describe("examples/", () => {
  test("holds the examples that are run here or by the demo, each of at most 80 lines", () => {
    expect(FILES.toSorted()).toEqual([
      "ai-sdk-agent.ts",
      "approval.yaml",
      "demo/workflow.yaml",
      "first.yaml",
      "handler.ts",
      "scatter.yaml",
      "sub-workflow.yaml",
      "typescript.ts",
    ]);
    const lines = FILES.filter((file) => !file.startsWith("demo")).map(
      (file) => readFileSync(join(ROOT, "examples", file), "utf8").split("\n").length,
    );
    expect(Math.max(...lines)).toBeLessThanOrEqual(80);
  });

  test("are all valid where they are workflows", async () => {
    await using folder = await openExampleFolder();
    const workflows = FILES.filter((file) => file !== "ai-sdk-agent.ts");

    const { exitCode, stdout } = await folder.run("validate", "--json", ...workflows.map((file) => join("examples", file)));

    expect(exitCode, stdout).toBe(0);
    expect(stdout.match(/"valid":true/g)).toHaveLength(workflows.length);
  });
});

describe("examples/ai-sdk-agent.ts", () => {
  test("answers, saves on what the tool gave, and refuses what the smaller limit does not hold", async () => {
    const { answer, receipt, refusal } = await runAiSdkAgent();

    expect(answer).toBe("Order A-1007 is late.");
    expect(receipt).toMatch(/− smaller views +0\.\d+ {3}1 view, \d+ tokens/);
    expect(refusal).toMatch(/may need [\d.]+ USD, 0\.001 USD are left; it was not made/);
  });
});

describe("examples/handler.ts", () => {
  test("gives by its own handler what the direct path gives less well, and says who performed the step", async () => {
    const { off, on } = await runHandler();

    expect(off).toEqual({ status: "completed", output: { name: "Ada Byron", phone: "+44 (20) 7946-0018" }, handler: null });
    expect(on).toEqual({ status: "completed", output: { name: "Ada Byron", phone: "+442079460018" }, handler: "ContactHandler" });
  });
});

describe("examples/approval.yaml", { timeout: 180_000 }, () => {
  test("waits for a person, is approved by a second command, and then sends", async () => {
    await using folder = await openExampleFolder();

    const first = await folder.run("run", "examples/approval.yaml", "--json", "--input", "text=The office is closed on Friday.");
    const waiting: ExecutionReport = first.json();
    const [approval] = (await folder.run("approvals", "ls", "--json")).json() as readonly ApprovalReport[];
    const answer = await folder.run("approvals", "approve", approval?.id ?? "", "--as", "press", "--json");
    const last = await folder.run("executions", "resume", waiting.executionId, "--json");
    const report: ExecutionReport = last.json();

    expect([first.exitCode, waiting.status, waiting.waitingFor]).toEqual([8, "waiting", "approval"]);
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect([last.exitCode, report.status, report.output]).toEqual([0, "completed", "The office is closed on Friday."]);
    expect(
      readdirSync(join(folder.path, "data", "outbox"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json")),
    ).toHaveLength(1);
  });

  test("sends nothing when it is rejected", async () => {
    await using folder = await openExampleFolder();

    const waiting: ExecutionReport = (await folder.run("run", "examples/approval.yaml", "--json")).json();
    const [approval] = (await folder.run("approvals", "ls", "--json")).json() as readonly ApprovalReport[];
    await folder.run("approvals", "reject", approval?.id ?? "", "--as", "press");
    const last = await folder.run("executions", "resume", waiting.executionId, "--json");
    const report: ExecutionReport = last.json();

    expect([last.exitCode, report.status, report.error?.code]).toEqual([1, "failed", "APPROVAL_REJECTED"]);
    expect(report.steps.map(({ id }) => id)).not.toContain("send");
  });
});

describe("examples/scatter.yaml", () => {
  test("summarizes each of 100 items once and keeps their order", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stdout, stderr } = await folder.run("run", "examples/scatter.yaml", "--json");
    const report: ExecutionReport = JSON.parse(stdout) as ExecutionReport;

    expect(exitCode, stderr).toBe(0);
    expect(report.steps.filter(({ path, status }) => /^summaries\[\d+\]\.summary$/.test(path) && status === "completed")).toHaveLength(100);
    const lines = report.output as readonly string[];
    expect(lines[0]).toMatch(/^branch_protection_rule: /);
    expect(lines).toContain("check_run: Check run activity has occurred.");
    const names = lines.map((line) => line.split(":")[0] ?? "");
    expect(names).toEqual(names.toSorted((left, right) => (left < right ? -1 : 1)));
  });
});

describe("examples/sub-workflow.yaml", () => {
  test("prices each order in a run of its own; the one that fails is a value", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stdout, stderr } = await folder.run("run", "examples/sub-workflow.yaml", "--json");
    const report: ExecutionReport = JSON.parse(stdout) as ExecutionReport;

    expect(exitCode, stderr).toBe(0);
    expect(report.output).toEqual(["A-1: 100", "A-2: 250", "A-3: cannot be priced"]);
    expect(report.steps.find(({ path }) => path === "each[2].price")?.warnings.join()).toContain("TRANSFORM_FAILED");
  });
});

describe("examples/typescript.ts", () => {
  test("runs through the library under its limit", async () => {
    expect(await main()).toEqual({
      status: "completed",
      output: DIGEST,
      file: DIGEST,
      used: expect.toSatisfy((used: number) => used > 50 && used < 2_000),
      limit: 2_000,
    });
  });
});
