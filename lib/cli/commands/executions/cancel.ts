// `executions cancel ID`.
import type { Cli } from "../../Cli.ts";
import { summarize } from "../../text/describeReport.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";

export async function cancel(cli: Cli, id: string): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const report = await api.cancel(await resolveExecutionId(api, id), cli.actor);
    if (cli.output.isJson) cli.output.json(report);
    else cli.output.data(`${summarize(report)}\nexecution ${report.executionId}`);
  });
}
