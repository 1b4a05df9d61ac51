// Stays with an execution until it ends or a person must act, works on it meanwhile, then tells how it stands. Starts nothing.
import type { ExecutionReport } from "../systemApi.ts";
import { INTERRUPTED_EXIT_CODE, type Cli } from "./Cli.ts";
import { describeNextSteps, describeStatus, exitCodeOf, summarize } from "./text/describeReport.ts";
import { ProgressDisplay } from "./ProgressDisplay.ts";
import type { SharedSystem } from "./socket/SharedSystem.ts";

/** @returns the exit code: that of the execution, or 130 after Ctrl-C */
export async function followExecution(cli: Cli, system: SharedSystem, executionId: string): Promise<number> {
  cli.handlesInterrupt();
  const progress = new ProgressDisplay(cli.output);
  const unsubscribe = system.subscribe(executionId, (event) => progress.show(event));
  try {
    await system.work();
    const waited = system.api.wait(executionId);
    const report = await Promise.race([waited, aborted(cli.interrupted)]);
    if (report !== undefined) {
      await showOutcome(cli, system, report);
      return exitCodeOf(report);
    }
    // Closing ends the wait; its failure is nobody's concern any more.
    waited.catch(() => undefined);
    cli.output.warn(
      `stopped waiting. The execution is durable and keeps its state\n  go on    ${cli.commandLine(`executions resume ${executionId}`)}\n  cancel   ${cli.commandLine(`executions cancel ${executionId}`)}`,
    );
    if (cli.output.isJson) cli.output.json(await system.api.report(executionId));
    return INTERRUPTED_EXIT_CODE;
  } finally {
    unsubscribe();
  }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}

/** The output on stdout; how it went, and what to do next, on stderr. With `--json` the report alone. */
async function showOutcome(cli: Cli, system: SharedSystem, report: ExecutionReport): Promise<void> {
  const { output } = cli;
  if (report.status === "completed" && !output.isJson) showValue(cli, report.output);
  await showNextSteps(cli, system, report);
  if (output.isJson) output.json(report);
  else if (report.error !== null && report.status === "failed") output.error(report.error);
  const firstFailed = report.steps.find(({ error }) => error !== null);
  if (report.status === "failed" && firstFailed !== undefined) output.talk(`  failed at ${firstFailed.path} (${firstFailed.type})`);
  output.talk(`${summarize(report)}\nexecution ${report.executionId}`);
  showWarnings(cli, report);
}

/** Beyond this many nobody reads on; `executions show --json` has them all. */
const MAX_WARNINGS = 5;

function showWarnings(cli: Cli, { executionId, steps }: ExecutionReport): void {
  const warnings = steps.flatMap((step) => step.warnings.map((warning) => `${step.path}: ${warning}`));
  for (const warning of warnings.slice(0, MAX_WARNINGS)) cli.output.warn(warning);
  const hidden = warnings.length - MAX_WARNINGS;
  if (hidden > 0) cli.output.warn(`${hidden} more: ${cli.commandLine(`executions show ${executionId} --json`)}`);
}

export async function showNextSteps(cli: Cli, system: SharedSystem, report: ExecutionReport): Promise<void> {
  if (report.status !== "waiting" && report.status !== "uncertain") return;
  const approvals = report.waitingFor === "approval" ? await system.api.listApprovals({ executionId: report.executionId }) : [];
  const lines = describeNextSteps({ report, approvals, commandLine: (rest) => cli.commandLine(rest), nowMs: cli.clock.nowMs() });
  cli.output.talk(lines.length === 0 ? describeStatus(report) : lines.join("\n"));
}

export function showValue(cli: Cli, value: ExecutionReport["output"]): void {
  cli.output.value(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}
