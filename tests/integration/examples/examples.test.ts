import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main as runAiSdkAgent } from "../../../examples/ai-sdk-agent.ts";
import { run as runAiSdkSystem } from "../../../examples/ai-sdk-system.ts";
import { main as runHandler } from "../../../examples/handler.ts";
import { main } from "../../../examples/typescript.ts";
import type { ApprovalReport, ExecutionReport } from "../../../lib/systemApi.ts";
import { openExampleFolder, ROOT } from "./exampleFiles.ts";

const FILES = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" }).filter((file) => /\.(?:yaml|ts)$/.test(file));

const DIGEST = "The release is moved to Thursday because two checks fail. Support received forty tickets about the new login page.";

/** What the example gives on the offline model, by its default inputs and these. */
async function outputOf(name: string, ...args: readonly string[]): Promise<unknown> {
  await using folder = await openExampleFolder();
  const { exitCode, stdout, stderr } = await folder.run("run", `examples/${name}.yaml`, ...args, "--json");
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as ExecutionReport).output;
}

describe("examples/", () => {
  test("holds the examples that are run here or by the demo, each of at most 80 lines", () => {
    expect(FILES.toSorted()).toEqual([
      "ai-sdk-agent.ts",
      "ai-sdk-system.ts",
      "approval.yaml",
      "change-summary.yaml",
      "demo/workflow.yaml",
      "first.yaml",
      "handler.ts",
      "inbox-digest.yaml",
      "log-review.yaml",
      "meeting-minutes.yaml",
      "overdue-invoices.yaml",
      "page-brief.yaml",
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
    const workflows = FILES.filter((file) => !file.startsWith("ai-sdk-"));

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

describe("examples/ai-sdk-system.ts", () => {
  test("goes on after a restart with what is left of the limit, and has a receipt in the database", async () => {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-example-"));
    try {
      const [first, second] = [await runAiSdkSystem(folder), await runAiSdkSystem(folder)];

      expect([first.answers, first.refusal, first.paidUsd]).toEqual([3, "nothing was refused", first.spentUsd]);
      expect([second.answers, second.spentUsd <= 0.001]).toEqual([2, true]);
      expect(second.refusal).toMatch(/may need [\d.]+ USD, [\d.]+ USD are left of the limit on agent:.* \(total\); it was not made/);
      expect(second.spentUsd).toBeCloseTo(first.spentUsd + (second.paidUsd ?? 0), 9);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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

describe("examples/change-summary.yaml", () => {
  test("counts the lines of each file and tells what the messages say, not the code", async () => {
    const { summary, files } = (await outputOf("change-summary")) as { summary: string; files: readonly object[] };

    expect(files).toHaveLength(9);
    expect(files).toContainEqual({ file: "src/upload/QuotaStore.ts", added: 18, removed: 0 });
    expect(files).toContainEqual({ file: "package-lock.json", added: 14, removed: 14 });
    expect(summary).toContain("Needs migration 0042 before the new version starts.");
    expect(summary).not.toMatch(/[{}]|diff --git/);
  });
});

describe("examples/inbox-digest.yaml", () => {
  test("quotes sentences of the mails, none of their headers, quotations and signatures", async () => {
    const { agreed, open } = (await outputOf("inbox-digest")) as { agreed: string; open: string };

    expect(agreed).toContain("we agreed on a discount of 8 %");
    expect(`${agreed} ${open}`).not.toMatch(/^>|wrote:|DKIM|Message-ID|T 0555/m);
  });
});

describe("examples/log-review.yaml", () => {
  test("reports the runs that failed, each with its error, and delivers them once", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stdout, stderr } = await folder.run("run", "examples/log-review.yaml", "--json");
    const report: ExecutionReport = JSON.parse(stdout) as ExecutionReport;

    expect(exitCode, stderr).toBe(0);
    const incidents = report.output as readonly { run: string; outcome: string; summary: string }[];
    expect(incidents.map(({ run, outcome }) => `${run} ${outcome}`)).toEqual([
      "invoice-export#771 failed",
      "search-index#218 failed",
      "stock-sync#60412 failed",
    ]);
    expect(incidents.map(({ summary }) => summary).join("\n")).toMatch(
      /240 invoices not delivered[^]*heap out of memory[^]*certificate stock-sync expired/,
    );
    expect(report.steps.filter(({ path, status }) => path === "tell" && status === "completed")).toHaveLength(1);
  });
});

describe("examples/meeting-minutes.yaml", () => {
  test("quotes what was decided and what was put off", async () => {
    const { decisions, tasks } = (await outputOf("meeting-minutes")) as { decisions: string; tasks: string };

    expect(decisions).toContain("returns under 50 euros that are older than 12 days are refunded without inspection");
    expect(decisions).toContain("that stays open until the 20th");
    expect(tasks).toContain("I will do both together, the banner and the promise, until the 25th of April");
  });
});

describe("examples/overdue-invoices.yaml", () => {
  test("reminds who owes, of what is due before the day that is given, the largest debt first", async () => {
    const reminders = (await outputOf("overdue-invoices", "--input", "today=2025-03-04")) as readonly {
      customer: string;
      total_eur: number;
    }[];

    expect(reminders.map(({ customer, total_eur: total }) => [customer, total])).toEqual([
      ["Lumen Event Technics", 481.35],
      ["Harbour Street Bakery", 155.3],
      ["Pilgrim Cycles", 92.82],
    ]);
    expect(JSON.stringify(reminders[0])).toMatch(/number: 2024-1158, due: 2025-01-02, open_eur: 481\.35, reason: insufficient_funds/);
  });
});

describe("examples/page-brief.yaml", () => {
  test("quotes the article and nothing that stands around it", async () => {
    const brief = await outputOf("page-brief");

    expect(brief).toContain("Applications are open from 1 April 2025 and close on 30 September 2025");
    expect(brief).not.toMatch(/[<>{}]|cookie|All rights reserved/i);
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
