// The one error type of the product: a code from the catalogue, the facts, whether to retry, what to do. Rendering is the rim's work (cli/output.ts).
import { ERROR_CATALOGUE, type ErrorCode, type Retry } from "./errorCatalogue.ts";
import type { JsonValue } from "./jsonTypes.ts";

export type { Retry };

/** Facts of an error. The named keys are rendered in this order; any other key is shown after them. */
export interface ErrorDetails {
  readonly file?: string;
  /** 1-based line in `file`. */
  readonly line?: number;
  readonly step?: string;
  readonly field?: string;
  readonly expected?: string;
  readonly got?: string;
  readonly [fact: string]: JsonValue | undefined;
}

export interface AppErrorOptions {
  readonly retry?: Retry;
  readonly details?: ErrorDetails;
  readonly hint?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: ErrorDetails;
  readonly hint: string;

  /** @param message what happened, with the facts, so that the line can be read alone in a log */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.retry = options.retry ?? ERROR_CATALOGUE[code].retry;
    this.details = options.details ?? {};
    this.hint = options.hint ?? ERROR_CATALOGUE[code].hint;
  }

  /** True for errors of another copy of this package too: the code decides, not the class. */
  static is(value: unknown, code?: ErrorCode): value is AppError {
    if (!(value instanceof Error) || !("code" in value) || typeof value.code !== "string") return false;
    if (!(value.code in ERROR_CATALOGUE)) return false;
    return code === undefined || value.code === code;
  }
}

/** What is stored and shown of an error: JSON-safe, no stack. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retry: Retry;
  readonly hint: string;
  readonly details: ErrorDetails;
}

/** Turns anything thrown into the record that is stored; an unknown throw becomes `INTERNAL`. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (AppError.is(thrown)) {
    const { code, message, retry, hint, details } = thrown;
    return { code, message, retry, hint, details };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "INTERNAL", message, retry: "never", hint: ERROR_CATALOGUE.INTERNAL.hint, details: {} };
}

/** The inverse of {@link toErrorRecord}: what a reader of the journal throws. */
export function fromErrorRecord(record: ErrorRecord): AppError {
  return new AppError(record.code, record.message, { retry: record.retry, hint: record.hint, details: record.details });
}

/** Anything thrown as an {@link AppError}; unknown throws keep their cause. */
export function asAppError(thrown: unknown, code: ErrorCode = "INTERNAL"): AppError {
  if (AppError.is(thrown)) return thrown;
  return new AppError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}
