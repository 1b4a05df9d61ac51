// `executions show ID`.
import type { ExecutionReport, StepReport } from "../../../systemApi.ts";
import { formatCount, formatMs, formatUsd, formatWhen, shortModel } from "../../text/amounts.ts";
import type { Cli } from "../../Cli.ts";
import { describeStatus } from "../../text/describeReport.ts";
import { showNextSteps, showValue } from "../../followExecution.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";
import type { Column } from "../../text/table.ts";

const STEP_COLUMNS: readonly Column<StepReport>[] = [
  { title: "STEP", value: ({ path }) => path, shrinkTo: 10, cutAt: "middle" },
  { title: "TYPE", value: ({ type }) => type, shrinkTo: 9 },
  { title: "STATUS", value: ({ status }) => status },
  { title: "MODEL", value: ({ model }) => shortModel(model), shrinkTo: 8 },
  { title: "TOKENS", align: "right", value: ({ tokens }) => (tokens.used === null ? "" : formatCount(tokens.used)) },
  { title: "COST", align: "right", value: ({ costUsd }) => (costUsd === null ? "" : formatUsd(costUsd)) },
  { title: "TOOK", align: "right", value: ({ ms }) => (ms === null ? "" : formatMs(ms)) },
];

export async function show(cli: Cli, id: string): Promise<void> {
  await cli.withSystem(async (system) => {
    const report = await system.api.report(await resolveExecutionId(system.api, id));
    if (cli.output.isJson) return cli.output.json(report);
    showFacts(cli, report);
    if (report.steps.length > 0) {
      cli.output.data("");
      cli.output.table(report.steps, STEP_COLUMNS, "");
    }
    if (report.output !== null) {
      cli.output.data(`\n${cli.output.paint("dim", "output")}`);
      showValue(cli, report.output);
    }
    if (report.error !== null) cli.output.error(report.error);
    await showNextSteps(cli, system, report);
  });
}

function showFacts({ output, clock }: Cli, report: ExecutionReport): void {
  const when = (at: string | null): string | null => (at === null ? null : `${at} (${formatWhen(at, clock.nowMs())})`);
  output.facts([
    ["execution", report.executionId],
    ["workflow", report.workflow],
    ["status", describeStatus(report)],
    ["cost", report.costUsd === null ? "unknown" : formatUsd(report.costUsd)],
    ["limit", describeLimit(report)],
    ["tokens", report.tokens.used === null ? "unknown" : formatCount(report.tokens.used)],
    ["started", when(report.startedAt)],
    ["finished", when(report.finishedAt)],
  ]);
}

function describeLimit({ limitUsd, limitTokens }: ExecutionReport): string | null {
  const parts = [limitUsd === null ? "" : formatUsd(limitUsd), limitTokens === null ? "" : `${formatCount(limitTokens)} tokens`].filter(
    (part) => part !== "",
  );
  return parts.length === 0 ? null : parts.join(", ");
}
