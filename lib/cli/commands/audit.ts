// `audit ls`.
import type { Command } from "commander";
import type { AuditReport } from "../../systemApi.ts";
import type { Action, Cli } from "../Cli.ts";
import { parseWholeNumber } from "../input/parseOptions.ts";
import { resolveExecutionId, shortId } from "../input/resolveId.ts";
import type { Column } from "../text/table.ts";

interface ListOptions {
  readonly execution?: string;
  readonly limit: string;
}

export function define(command: Command, action: Action): void {
  command
    .command("ls")
    .description("who did what, newest first")
    .option("--execution <id>", "of this execution only")
    .option("--limit <count>", "how many", "50")
    .action(action(list));
}

const COLUMNS: readonly Column<AuditReport>[] = [
  { title: "AT", value: ({ at }) => at.slice(0, 19).replace("T", " ") },
  { title: "ACTION", value: ({ action }) => action, shrinkTo: 30 },
  { title: "ACTOR", value: ({ actor }) => actor ?? "", shrinkTo: 6 },
  { title: "OF", value: ({ entityType, entityId }) => `${entityType} ${entityId === null ? "" : shortId(entityId)}`, shrinkTo: 12 },
  { title: "", value: ({ severity }) => (severity === "info" ? "" : severity) },
];

async function list(cli: Cli, { execution, limit }: ListOptions): Promise<void> {
  const count = parseWholeNumber(limit, "--limit", { min: 1, max: 10_000 });
  await cli.withSystem(async ({ api }) => {
    const executionId = execution === undefined ? undefined : await resolveExecutionId(api, execution);
    const rows = await api.listAudit({ limit: count, ...(executionId === undefined ? {} : { executionId }) });
    if (cli.output.isJson) cli.output.json(rows);
    // Rows commit out of order: the page is put in order of time for the eye.
    else
      cli.output.table(
        rows.toSorted((left, right) => right.at.localeCompare(left.at)),
        COLUMNS,
        "nothing is recorded yet",
      );
  });
}
