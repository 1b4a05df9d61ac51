// `run FILE|AGENT`: starts an execution under its limits and stays with it.
import type { Command } from "commander";
import { randomId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RunRequest } from "../../systemApi.ts";
import type { Action, Cli } from "../Cli.ts";
import { followExecution } from "../followExecution.ts";
import { collect, parseLimits, parseObject, parsePairs, usage, type LimitOptions } from "../input/parseOptions.ts";
import { readTarget, readText } from "../input/readWorkflowFile.ts";
import type { SharedSystem } from "../socket/SharedSystem.ts";

export interface RunOptions extends LimitOptions {
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly tag?: readonly string[];
  readonly flags?: readonly string[];
  readonly key?: string;
  readonly user?: string;
  readonly as?: string;
  readonly detach?: boolean;
  readonly dry?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .argument("<file|agent>", "workflow file (.yaml, .json, .ts), - for stdin, or a stored agent")
    .option("--input <name=value>", "one input; JSON where it reads as JSON (repeatable)", collect)
    .option("--inputs <json|@file>", "all inputs as a JSON object, or @file.json")
    .option("--limit-usd <amount>", "hard limit in USD, such as 0.05")
    .option("--limit-tokens <count>", "hard limit in tokens, such as 20k")
    .option("--on-limit <what>", "at the limit: pause (default) or fail")
    .option("--tag <name>", "for budgets and reports (repeatable)", collect)
    .option("--flags <key=value>", "a flag for this execution only (repeatable)", collect)
    .option("--as <model>", "book the offline model's calls as if on provider/model")
    .option("--user <id>", "whom it is for (UUID): agents may remember facts about people")
    .option("--key <text>", "idempotency key: starting twice is starting once")
    .option("--detach", "return at once; a worker runs it")
    .option("--dry", "preview effects instead of performing them")
    .addHelpText(
      "after",
      "\nExit codes: 0 completed, 1 failed, 5 ended by its budget, 8 a person must act,\n9 uncertain effect, 130 Ctrl-C (the execution keeps its state).",
    )
    .action(action(run));
}

async function run(cli: Cli, target: string, options: RunOptions): Promise<number> {
  const request = await buildRequest(target, options);
  return cli.withSystem(async (system) => {
    const { executionId, isNew } = await system.api.start(withKey(request, system));
    if (!isNew) cli.output.talk(`already started under this key: execution ${executionId}`);
    return options.detach === true ? detach(cli, system, executionId) : followExecution(cli, system, executionId);
  });
}

/** If the folder's owner dies before it answers, a request with a key may be sent again without starting twice. */
function withKey(request: RunRequest, { role }: SharedSystem): RunRequest {
  return role === "client" && request.idempotencyKey === undefined ? { ...request, idempotencyKey: randomId() } : request;
}

export async function buildRequest(target: string, options: RunOptions): Promise<RunRequest> {
  const limits = parseLimits(options);
  const flags = parseFlags(options.flags ?? []);
  return {
    ...(await readTarget(target)),
    inputs: await readInputs(options),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
    ...(flags === undefined ? {} : { flags }),
    ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
    ...(options.user === undefined ? {} : { userId: options.user }),
    mode: options.dry === true ? "dry" : "production",
    ...(options.as === undefined ? {} : { pricedAs: options.as }),
  };
}

async function readInputs({ input, inputs }: RunOptions): Promise<JsonObject> {
  const all = inputs === undefined ? {} : parseObject(inputs.startsWith("@") ? await readText(inputs.slice(1)) : inputs, "--inputs");
  return { ...all, ...parsePairs(input ?? [], "--input") };
}

const FLAG_WORDS: Readonly<Record<string, boolean>> = { on: true, off: false };

function parseFlags(pairs: readonly string[]): JsonObject | undefined {
  if (pairs.length === 0) return undefined;
  const flags = parsePairs(pairs, "--flags");
  return Object.fromEntries(
    Object.entries(flags).map(([key, value]) => {
      const flag = typeof value === "string" ? (FLAG_WORDS[value] ?? value) : value;
      if (typeof flag === "string" && flag !== "observe")
        throw usage(`--flags ${key} takes off, observe, on or a JSON value`, "--flags", "off | observe | on", flag);
      return [key, flag];
    }),
  );
}

async function detach(cli: Cli, system: SharedSystem, executionId: string): Promise<number> {
  if (system.role === "client") cli.output.talk(`the process that holds the data folder runs it; when that ends, it stays queued`);
  else
    cli.output.talk(
      `queued: it runs when a process works, such as\n  ${cli.commandLine("worker")}\n  ${cli.commandLine(`executions resume ${executionId}`)}`,
    );
  if (cli.output.isJson) cli.output.json(await system.api.report(executionId));
  else cli.output.data(executionId);
  return 0;
}
