// `executions ls`.
import type { ExecutionSummary } from "../../../systemApi.ts";
import { formatCount, formatUsd, formatWhen } from "../../text/amounts.ts";
import type { Cli } from "../../Cli.ts";
import { describeStatus } from "../../text/describeReport.ts";
import { parseChoice, parseWholeNumber } from "../../input/parseOptions.ts";
import { shortId } from "../../input/resolveId.ts";
import type { Column } from "../../text/table.ts";

export interface ListOptions {
  readonly status?: string;
  readonly agent?: string;
  readonly limit: string;
}

const STATUSES = ["queued", "running", "suspended", "completed", "failed", "cancelled", "uncertain"] as const;

export async function list(cli: Cli, options: ListOptions): Promise<void> {
  const limit = parseWholeNumber(options.limit, "--limit", { min: 1, max: 1_000 });
  const status =
    options.status === undefined
      ? undefined
      : parseChoice(options.status === "waiting" ? "suspended" : options.status, "--status", STATUSES);
  await cli.withSystem(async ({ api }) => {
    const filter = { limit, ...(status === undefined ? {} : { status }), ...(options.agent === undefined ? {} : { agent: options.agent }) };
    const executions = await api.listExecutions(filter);
    if (cli.output.isJson) return cli.output.json(executions);
    cli.output.table(executions, columns(cli.clock.nowMs()), "no executions yet: run one with `neuronforge run FILE`");
  });
}

function columns(nowMs: number): readonly Column<ExecutionSummary>[] {
  return [
    { title: "ID", value: ({ executionId }) => shortId(executionId) },
    { title: "WORKFLOW", value: ({ workflow }) => workflow, shrinkTo: 12 },
    { title: "STATUS", value: describeStatus },
    { title: "TOKENS", align: "right", value: ({ tokensUsed }) => (tokensUsed === null ? "?" : formatCount(tokensUsed)) },
    { title: "COST", align: "right", value: ({ costUsd }) => (costUsd === null ? "?" : formatUsd(costUsd)) },
    { title: "STARTED", value: ({ createdAt }) => formatWhen(createdAt, nowMs) },
  ];
}
