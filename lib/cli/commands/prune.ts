// `prune --older-than-days N`: removes finished executions, and memories past their own time. Asks for --yes rather than prompting: scripts must not hang.
import type { Command } from "commander";
import { AppError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../text/amounts.ts";
import type { SystemApi } from "../../systemApi.ts";
import type { Action, Cli } from "../Cli.ts";
import { parseWholeNumber } from "../input/parseOptions.ts";

interface PruneOptions {
  readonly olderThanDays: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .requiredOption("--older-than-days <days>", "finished at least so long ago; executions that a live fork needs are kept")
    .option("--dry-run", "say what would go, and keep it")
    .option("--yes", "remove without asking")
    .action(action(prune));
}

async function prune(cli: Cli, options: PruneOptions): Promise<void> {
  const olderThanDays = parseWholeNumber(options.olderThanDays, "--older-than-days", { min: 0, max: 36_500 });
  await cli.withSystem(async ({ api }) => {
    const isDry = options.dryRun === true;
    const preview = options.yes === true && !isDry ? undefined : await api.prune({ olderThanDays, dryRun: true });
    if (preview !== undefined && !isDry && preview.executions + preview.memories > 0) {
      throw new AppError("USAGE", `${describe(preview)} would be removed for good`, {
        hint: "confirm with --yes, or look first with --dry-run",
      });
    }
    const result = preview ?? (await api.prune({ olderThanDays }));
    if (cli.output.isJson) cli.output.json({ ...result, dryRun: isDry });
    else cli.output.data(`${describe(result)} ${isDry ? "would be removed" : "removed"}`);
  });
}

function describe({ executions, bytes, memories }: Awaited<ReturnType<SystemApi["prune"]>>): string {
  const remembered = memories === 0 ? "" : `, ${formatCount(memories)} memories`;
  return `${formatCount(executions)} executions (${formatBytes(bytes)})${remembered}`;
}
