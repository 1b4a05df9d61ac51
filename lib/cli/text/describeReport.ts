// Words and exit codes for an execution's state. Pure; writes nothing.
import { ERROR_CATALOGUE, type ErrorCode } from "../../core/errorCatalogue.ts";
import type { ApprovalReport, ExecutionReport, ReportedStatus, WaitingReport } from "../../systemApi.ts";
import { formatCount, formatMs, formatTokens, formatUsd, formatWhen } from "./amounts.ts";

/** 0 completed or still going, 8 a person must act, 9 uncertain, 5 the budget ended it, 7 the other side is out of order, else 1. */
export function exitCodeOf({ status, error }: Pick<ExecutionReport, "status" | "error">): number {
  return status === "failed" && error !== null ? failedExitCode(error.code) : EXIT_CODES[status];
}

const EXIT_CODES: Readonly<Record<ReportedStatus, number>> = {
  completed: 0,
  queued: 0,
  running: 0,
  waiting: 8,
  uncertain: 9,
  cancelled: 1,
  failed: 1,
};

/** A template that fails at run time is a failed execution, not wrong usage: only configuration, budget and upstream keep their own code. */
function failedExitCode(code: ErrorCode): number {
  const { exitCode } = ERROR_CATALOGUE[code];
  return exitCode === 3 || exitCode === 5 || exitCode === 7 ? exitCode : 1;
}

/** `completed in 1.2 s · 3 steps · 1 234 tokens · $0.0031 of $0.05`. */
export function summarize(report: ExecutionReport): string {
  const parts = [describeStatus(report)];
  const tookMs =
    report.startedAt !== null && report.finishedAt !== null ? Date.parse(report.finishedAt) - Date.parse(report.startedAt) : null;
  if (tookMs !== null) parts[0] += ` in ${formatMs(tookMs)}`;
  parts.push(`${formatCount(report.steps.length)} ${report.steps.length === 1 ? "step" : "steps"}`);
  parts.push(
    report.limitTokens === null
      ? formatTokens(report.tokens.used)
      : `${formatCount(report.tokens.used)} of ${formatTokens(report.limitTokens)}`,
  );
  parts.push(
    report.limitUsd === null
      ? report.costUsd === null
        ? "cost unknown"
        : formatUsd(report.costUsd)
      : `${formatUsd(report.costUsd)} of ${formatUsd(report.limitUsd)}`,
  );
  const models = modelsOf(report);
  if (models !== "") parts.push(models);
  return parts.join(" · ");
}

/** The offline model computes its answers, and must never be taken for a language model. */
function modelsOf(report: ExecutionReport): string {
  const models = new Set(report.steps.map(({ model }) => model).filter((model) => model !== null));
  return models.size === 0 ? "" : `model: ${[...models].slice(0, 3).join(", ")}`;
}

export function describeStatus({ status, waitingFor }: Pick<ExecutionReport, "status" | "waitingFor">): string {
  if (status !== "waiting") return status;
  return waitingFor === null ? "waiting" : `waiting for ${waitingFor === "delay" ? "a delay" : waitingFor}`;
}

export interface NextStepsInput {
  readonly report: ExecutionReport;
  readonly approvals: readonly ApprovalReport[];
  readonly commandLine: (rest: string) => string;
  readonly nowMs: number;
}

/** What a person can do now: exact commands, one a line. */
export function describeNextSteps({ report, approvals, commandLine, nowMs }: NextStepsInput): readonly string[] {
  const { executionId } = report;
  const lines: string[] = [];
  for (const waiting of report.waiting) {
    const until = waiting.until === null ? "" : ` (until ${waiting.until}, ${formatWhen(waiting.until, nowMs)})`;
    lines.push(`waits at ${waiting.path} for ${waiting.for}${until}: ${waiting.message}`);
    lines.push(...actionsFor(waiting, { report, approvals, commandLine, nowMs }));
  }
  if (report.status === "waiting" || report.status === "queued" || report.status === "running")
    lines.push(`  then go on   ${commandLine(`executions resume ${executionId}`)}`);
  if (report.status === "uncertain" && report.waiting.length === 0) lines.push(...uncertainActions(report, commandLine));
  return lines;
}

function actionsFor(waiting: WaitingReport, { report, approvals, commandLine }: NextStepsInput): readonly string[] {
  if (waiting.for === "uncertain") return uncertainActions(report, commandLine, waiting.path);
  if (waiting.for === "budget") {
    return [
      `  top up       ${commandLine(topUpCommand(waiting))}`,
      `  or end here  ${commandLine(`executions resume ${report.executionId} --finish cheap`)}`,
    ];
  }
  if (waiting.for === "delay") return [];
  return approvals
    .filter((approval) => approval.path === waiting.path || report.waiting.length === 1)
    .flatMap(({ id, requireComment }) => {
      const comment = requireComment ? " --comment TEXT" : "";
      return [
        `  approve      ${commandLine(`approvals approve ${id}${comment}`)}`,
        `  or reject    ${commandLine(`approvals reject ${id}${comment}`)}`,
      ];
    });
}

/** Names the limit that has no room and brings what is missing, in each unit that it limits. */
function topUpCommand({ limit }: WaitingReport): string {
  if (limit === null) return "budgets topup SCOPE --usd AMOUNT";
  const usd = limit.missingUsd === null || limit.missingUsd === 0 ? "" : ` --usd ${plainAmount(limit.missingUsd)}`;
  const tokens = limit.missingTokens === null || limit.missingTokens === 0 ? "" : ` --tokens ${limit.missingTokens}`;
  const window = limit.window === "total" ? "" : ` --window ${limit.window}`;
  return `budgets topup ${limit.scope}${usd}${tokens}${window}`;
}

function uncertainActions({ executionId }: ExecutionReport, commandLine: (rest: string) => string, path?: string): readonly string[] {
  const at = path === undefined ? "" : ` --path '${path}'`;
  return [
    `  it happened  ${commandLine(`executions resume ${executionId}${at} --resolve done`)}`,
    `  it did not   ${commandLine(`executions resume ${executionId}${at} --resolve retry`)}`,
  ];
}

/** As the command line takes it: no exponent, rounded up to a nano-dollar. */
function plainAmount(usd: number): string {
  return (Math.ceil(usd * 1e9 - 1e-6) / 1e9).toFixed(9).replace(/\.?0+$/, "");
}
