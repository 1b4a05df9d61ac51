// What the command line needs of its process. main.ts passes the real one.
import type { Environment } from "./Cli.ts";
import type { OutputStream } from "./output.ts";

export interface Host {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  cwd(): string;
  exit(code: number): never;
  on(signal: "SIGINT" | "SIGTERM", listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", listener: (signal: NodeJS.Signals) => void): unknown;
}
