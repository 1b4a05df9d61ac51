// `executions resume ID`: answers an uncertain effect, wakes what waits, and stays with it.
import type { JsonValue } from "../../../core/json.ts";
import type { Cli } from "../../Cli.ts";
import { followExecution } from "../../followExecution.ts";
import { parseChoice, parseValue, usage } from "../../parseOptions.ts";
import { resolveExecutionId } from "../../resolveId.ts";

export interface ResumeOptions {
  readonly path?: string;
  readonly resolve?: string;
  readonly output?: string;
  readonly detach?: boolean;
}

export async function resume(cli: Cli, id: string, options: ResumeOptions): Promise<number> {
  const resolve = options.resolve === undefined ? undefined : parseChoice(options.resolve, "--resolve", ["done", "retry"]);
  if (options.output !== undefined && resolve !== "done")
    throw usage("--output goes with --resolve done only", "--output", "--resolve done", options.resolve ?? "no --resolve");
  const output: JsonValue | undefined = options.output === undefined ? undefined : parseValue(options.output);
  return cli.withSystem(async (system) => {
    const executionId = await resolveExecutionId(system.api, id);
    const { status } = await system.api.report(executionId);
    // Queued or running means that nothing holds it back: whoever works goes on with it.
    if (status !== "queued" && status !== "running") {
      await system.api.resume(executionId, {
        actor: cli.actor,
        ...(options.path === undefined ? {} : { path: options.path }),
        ...(resolve === undefined ? {} : { resolve }),
        ...(output === undefined ? {} : { output }),
      });
    }
    if (options.detach !== true) return followExecution(cli, system, executionId);
    if (cli.output.isJson) cli.output.json(await system.api.report(executionId));
    else cli.output.data(executionId);
    return 0;
  });
}
