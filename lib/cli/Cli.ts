// What a command gets: where to write, how to reach the system, whether the person pressed Ctrl-C. No command's logic.
import type { Clock } from "../core/clock.ts";
import type { Output } from "./output.ts";
import type { SharedSystem } from "./socket/SharedSystem.ts";

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False after `--no-color`. */
  readonly color?: boolean;
  /** The data folder. */
  readonly data?: string;
  /** Use model keys found in the environment. */
  readonly live?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Cli {
  readonly output: Output;
  readonly options: GlobalOptions;
  readonly env: Environment;
  readonly clock: Clock;
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process. */
  readonly interrupted: AbortSignal;
  /** Called by a command that says goodbye itself when {@link interrupted}; any other is left at once. */
  handlesInterrupt(): void;
  /** Who acts, as audit rows and approvals record it. */
  readonly actor: string;
  /** The command line that a person can paste: `commandLine("executions resume 0192…")`. */
  commandLine(rest: string): string;
  /** Opens the system for the length of `work`. */
  withSystem<T>(work: (system: SharedSystem) => Promise<T>): Promise<T>;
}

/** A command's work; the returned number is the exit code (default 0). */
export type Handler<Arguments extends readonly unknown[]> = (cli: Cli, ...args: Arguments) => Promise<number | void>;

/** Makes commander's action out of a handler. */
export type Action = <Arguments extends readonly unknown[]>(handler: Handler<Arguments>) => (...args: Arguments) => Promise<void>;

/** Ctrl-C in a command that needs no farewell of its own. */
export const INTERRUPTED_EXIT_CODE = 130;
