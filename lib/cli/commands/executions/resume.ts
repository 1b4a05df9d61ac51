// `executions resume ID`: answers an uncertain effect, wakes what waits, and stays with it.
import type { JsonValue } from "../../../core/json.ts";
import { AppError } from "../../../core/errors.ts";
import type { SystemApi } from "../../../systemApi.ts";
import type { Cli } from "../../Cli.ts";
import { followExecution } from "../../followExecution.ts";
import { parseChoice, parseValue, usage } from "../../input/parseOptions.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";

export interface ResumeOptions {
  readonly path?: string;
  readonly resolve?: string;
  readonly output?: string;
  readonly finish?: string;
  readonly detach?: boolean;
}

export async function resume(cli: Cli, id: string, options: ResumeOptions): Promise<number> {
  const resolve = options.resolve === undefined ? undefined : parseChoice(options.resolve, "--resolve", ["done", "retry"]);
  if (options.output !== undefined && resolve !== "done")
    throw usage("--output goes with --resolve done only", "--output", "--resolve done", options.resolve ?? "no --resolve");
  const finish = options.finish === undefined ? undefined : parseChoice(options.finish, "--finish", ["cheap"]);
  if (finish !== undefined && resolve !== undefined)
    throw usage("--finish and --resolve answer different questions", "--finish", "one of them", "both");
  const output: JsonValue | undefined = options.output === undefined ? undefined : parseValue(options.output);
  return cli.withSystem(async (system) => {
    const executionId = await resolveExecutionId(system.api, id);
    const answer = {
      actor: cli.actor,
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(resolve === undefined ? {} : { resolve }),
      ...(output === undefined ? {} : { output }),
      ...(finish === undefined ? {} : { finish }),
    };
    if (resolve !== undefined || finish !== undefined) await system.api.resume(executionId, answer);
    else await wake(system.api, executionId, answer);
    if (options.detach !== true) return followExecution(cli, system, executionId);
    if (cli.output.isJson) cli.output.json(await system.api.report(executionId));
    else cli.output.data(executionId);
    return 0;
  });
}

/** Nothing holds these back: whoever works goes on with it, or has finished it since the person was told to resume. */
const GOING = new Set(["queued", "running", "completed"]);

async function wake(api: SystemApi, executionId: string, answer: { readonly actor: string }): Promise<void> {
  if (GOING.has((await api.report(executionId)).status)) return;
  try {
    await api.resume(executionId, answer);
  } catch (thrown) {
    // A worker may have gone on between the look and the call.
    if (!AppError.is(thrown, "CONFLICT") || !GOING.has((await api.report(executionId)).status)) throw thrown;
  }
}
