import { describe, expect, test } from "vitest";
import { describeNextSteps, exitCodeOf, summarize } from "../../../lib/cli/text/describeReport.ts";
import { AppError, toErrorRecord } from "../../../lib/core/errors.ts";
import type { ErrorCode } from "../../../lib/core/errorCatalogue.ts";
import type { ApprovalReport, ExecutionReport, ReachedLimit } from "../../../lib/systemApi.ts";
import { EMPTY_REPORT } from "./MemorySystem.ts";

const commandLine = (rest: string): string => `neuronforge ${rest}`;
const nowMs = Date.parse("2026-01-01T00:00:00Z");

describe("exitCodeOf", () => {
  test.each([
    ["completed", null, 0],
    ["waiting", null, 8],
    ["uncertain", null, 9],
    ["cancelled", null, 1],
    ["failed", null, 1],
    ["failed", "BUDGET_EXCEEDED", 5],
    ["failed", "UPSTREAM_UNAVAILABLE", 7],
    ["failed", "CONNECTION_MISSING", 3],
    ["failed", "TEMPLATE_INVALID", 1],
    ["failed", "STEP_FAILED", 1],
  ] satisfies readonly [ExecutionReport["status"], ErrorCode | null, number][])("%s with %s exits with %i", (status, code, exitCode) => {
    const error = code === null ? null : toErrorRecord(new AppError(code, "x"));

    expect(exitCodeOf({ status, error })).toBe(exitCode);
  });
});

describe("summarize", () => {
  test("tells time, steps, tokens, money against its limit, and the model", () => {
    const step = {
      id: "s",
      path: "s",
      type: "ai_processing",
      intent: null,
      status: "completed",
      handler: null,
      model: "offline",
      tokens: { baseline: null, allocated: null, used: 1_200 },
      costUsd: 0,
      ms: 1,
      quality: null,
      warnings: [],
      error: null,
    };

    expect(summarize({ ...EMPTY_REPORT, status: "completed", steps: [step] })).toBe(
      "completed in 1.2 s · 1 step · 1 200 tokens · $0.0031 of $0.05 · model: offline",
    );
  });
});

describe("describeNextSteps", () => {
  const paused = (limit: ReachedLimit | null): ExecutionReport => ({
    ...EMPTY_REPORT,
    status: "waiting",
    waitingFor: "budget",
    waiting: [{ path: "s2", for: "budget", until: null, message: "the next call needs $0.0123", needUsd: 0.0123, needTokens: 900, limit }],
  });

  test("gives the exact top-up, with what is missing for the next call, and how to go on", () => {
    const report = paused({ scope: "execution:e-1", window: "total", missingUsd: 0.0023, missingTokens: null });

    expect(describeNextSteps({ report, approvals: [], commandLine, nowMs })).toEqual([
      "waits at s2 for budget: the next call needs $0.0123",
      "  top up       neuronforge budgets topup execution:e-1 --usd 0.0023",
      `  or end here  neuronforge executions resume ${report.executionId} --finish cheap`,
      `  then go on   neuronforge executions resume ${report.executionId}`,
    ]);
  });

  test("names the limit that has no room, whoever set it, in the unit and window that it limits", () => {
    const report = paused({ scope: "agent:a-1", window: "day", missingUsd: 0, missingTokens: 400 });

    expect(describeNextSteps({ report, approvals: [], commandLine, nowMs })[1]).toContain(
      "budgets topup agent:a-1 --tokens 400 --window day",
    );
  });

  test("gives both answers of an approval, with its comment where one is required", () => {
    const report: ExecutionReport = {
      ...EMPTY_REPORT,
      status: "waiting",
      waitingFor: "approval",
      waiting: [
        { path: "ask", for: "approval", until: "2026-01-01T02:00:00Z", message: "Send?", needUsd: null, needTokens: null, limit: null },
      ],
    };
    const approval = { id: "a-1", executionId: report.executionId, path: "ask", requireComment: true } as ApprovalReport;
    const lines = describeNextSteps({ report, approvals: [approval], commandLine, nowMs });

    expect(lines[0]).toBe("waits at ask for approval (until 2026-01-01T02:00:00Z, in 2 h): Send?");
    expect(lines).toContain("  approve      neuronforge approvals approve a-1 --comment TEXT");
    expect(lines).toContain("  or reject    neuronforge approvals reject a-1 --comment TEXT");
  });

  test("asks what happened to an uncertain effect", () => {
    const lines = describeNextSteps({
      report: { ...EMPTY_REPORT, status: "uncertain", waitingFor: "uncertain" },
      approvals: [],
      commandLine,
      nowMs,
    });

    expect(lines.map((line) => line.trim().split("  ")[0])).toEqual(["it happened", "it did not"]);
  });
});
