// The log: one JSON line per event for the operator, on stderr. Not the audit trail (facts for the user) and not metrics.
import { pino, type Logger as PinoLogger } from "pino";
import { maskSecrets, maskSecretText } from "./redaction.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/**
 * `error`: someone must act. `warn`: degraded and recorded. `info`: a state changed. `debug`: reasoning.
 * The message is a constant; data go in fields. Never prompts, outputs, keys or addresses above `debug`.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds these fields to every line. */
  child(fields: object): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes whole lines, newline included. @defaultValue process.stderr: stdout belongs to data */
  readonly destination?: { write(line: string): unknown };
}

/** What a secret may hide under; deeper values are shown as `[object]`. */
const MAX_FIELD_DEPTH = 4;

export function createLogger({ level, destination = process.stderr }: LoggerOptions): Logger {
  const sink = { write: (line: string): void => void destination.write(line) };
  const root = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Secrets are masked by key name at every place, which pino's own `redact` cannot: it wants fixed paths.
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => maskSecrets(fields, { maxDepth: MAX_FIELD_DEPTH }) as Record<string, unknown>,
      },
      // pino's own would undo the shape that maskSecrets gives to errors.
      serializers: { err: (value: unknown) => value },
    },
    sink,
  );
  return wrap(root);
}

function wrap(target: PinoLogger): Logger {
  return {
    debug: (fields, message) => target.debug(fields, maskSecretText(message)),
    info: (fields, message) => target.info(fields, maskSecretText(message)),
    warn: (fields, message) => target.warn(fields, maskSecretText(message)),
    error: (fields, message) => target.error(fields, maskSecretText(message)),
    child: (fields) => wrap(target.child(maskSecrets(fields, { maxDepth: MAX_FIELD_DEPTH }) as Record<string, unknown>)),
  };
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
