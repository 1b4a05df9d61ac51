// `executions fork|rerun ID`: a new execution out of an old one. Writes are previewed unless they are allowed.
import type { Cli } from "../../Cli.ts";
import { followExecution } from "../../followExecution.ts";
import { parseLimits, parsePairs, type LimitOptions } from "../../input/parseOptions.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";
import type { ForkRequest } from "../../../systemApi.ts";

export interface ForkOptions extends LimitOptions {
  readonly from?: string;
  readonly input?: readonly string[];
  readonly allowEffects?: boolean;
  readonly sameConfig?: boolean;
  readonly detach?: boolean;
}

export async function fork(cli: Cli, id: string, options: ForkOptions): Promise<number> {
  return forkFrom(cli, id, options, options.from === undefined ? {} : { fromStep: options.from });
}

export async function rerun(cli: Cli, id: string, options: ForkOptions): Promise<number> {
  return forkFrom(cli, id, options, { fromStart: true });
}

async function forkFrom(cli: Cli, id: string, options: ForkOptions, from: Pick<ForkRequest, "fromStep" | "fromStart">): Promise<number> {
  const limits = parseLimits(options);
  const inputs = parsePairs(options.input ?? [], "--input");
  return cli.withSystem(async (system) => {
    const executionId = await resolveExecutionId(system.api, id);
    const forked = await system.api.fork({
      executionId,
      ...from,
      ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
      ...(options.allowEffects === true ? { allowEffects: true } : {}),
      ...(options.sameConfig === true ? { sameConfig: true } : {}),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    });
    if (forked.previewed.length > 0)
      cli.output.talk(`previewed, not performed: ${forked.previewed.join(", ")} (perform them with --allow-effects)`);
    if (options.detach !== true) return followExecution(cli, system, forked.executionId);
    if (cli.output.isJson) cli.output.json(forked);
    else cli.output.data(forked.executionId);
    return 0;
  });
}
