// Runs the command line as a person does: its own process, its own environment, a data folder of its own.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../../lib/cli/main.ts", import.meta.url));

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout as JSON. */
  json(): never;
}

export type CliProcess = ChildProcessByStdio<null, Readable, Readable>;

/** Nothing of the developer's own settings and keys gets in. */
export function cliEnvironment({ cwd, env = {} }: CliOptions): Record<string, string> {
  const { PATH = "", TMPDIR } = process.env;
  return { PATH, HOME: cwd, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env };
}

export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  return spawn(process.execPath, [MAIN, ...args], { cwd: options.cwd, env: cliEnvironment(options), stdio: ["ignore", "pipe", "pipe"] });
}

export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  if (options.input !== undefined) return runWithInput(args, options, options.input);
  return finishCli(startCli(args, options));
}

export async function finishCli(child: CliProcess): Promise<CliResult> {
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), exitOf(child)]);
  return result(exitCode, stdout, stderr);
}

async function runWithInput(args: readonly string[], options: CliOptions, input: string): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: cliEnvironment(options),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), exitOf(child)]);
  return result(exitCode, stdout, stderr);
}

function result(exitCode: number | null, stdout: string, stderr: string): CliResult {
  return { exitCode, stdout, stderr, json: () => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as never };
}

async function read(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function exitOf(child: { once(event: "close", listener: (code: number | null) => void): unknown }): Promise<number | null> {
  return new Promise((resolve) => child.once("close", resolve));
}

/** Resolves when the stream has shown `text`. */
export async function shown(stream: Readable, text: string): Promise<string> {
  let seen = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onData = (chunk: Buffer): void => {
    seen += chunk.toString("utf8");
    if (seen.includes(text)) resolve(seen);
  };
  const onEnd = (): void =>
    reject(new Error(`the process ended without showing ${JSON.stringify(text)}; it showed ${JSON.stringify(seen)}`));
  stream.on("data", onData).once("end", onEnd);
  try {
    return await promise;
  } finally {
    stream.off("data", onData).off("end", onEnd);
  }
}
