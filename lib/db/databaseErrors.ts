// What an error of pg means to us: which pass as they are, which say that the database is gone or full. No retries here.
import { AppError } from "../core/errors.ts";

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** System errors of a socket or resolver: the server was not reached, or went away. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

/** pg and pg-pool have no codes for these, only texts. */
const UNREACHABLE_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client (has encountered a connection error|was closed))/;

/** The SQLSTATE of a database error, also through our own wrapping: `sqlState(error) === "23505"`. Undefined when it has none. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // `severity` tells a database error from a system error: EPIPE is five capital letters, too.
  if ("severity" in error && "code" in error && typeof error.code === "string" && SQLSTATE.test(error.code)) return error.code;
  return error.cause === undefined ? undefined : sqlState(error.cause);
}

/** True when the connection itself can no longer be used, as against a statement that failed. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  // 08P01 is in that class but means a fault of ours, such as a wrong number of values.
  if (state !== undefined) return (state.startsWith("08") && state !== "08P01") || state.startsWith("57P");
  return error instanceof Error && isUnreachable(error);
}

function isUnreachable(error: Error): boolean {
  if ("code" in error && typeof error.code === "string" && UNREACHABLE.has(error.code)) return true;
  if (error instanceof AggregateError) return error.errors.some((inner) => inner instanceof Error && isUnreachable(inner));
  return UNREACHABLE_TEXT.test(error.message);
}

/** True for an error that says nothing about the statement: the server was away, or had no room. */
export function isDatabaseOutage(error: unknown): boolean {
  return AppError.is(error, "DATABASE_UNAVAILABLE") || (AppError.is(error, "DISK_FULL") && error.details["sqlState"] !== undefined);
}

/** Wraps what callers must tell apart; everything else comes back as it is, with its SQLSTATE. */
export function toDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error) || AppError.is(error)) return error;
  const state = sqlState(error);
  if (state === "53100") {
    return new AppError("DISK_FULL", `the database's disk is full: ${error.message}`, { cause: error, details: { sqlState: state } });
  }
  // 53300: too many connections. Nothing is wrong with the statement; it was not even read.
  if (isConnectionLost(error) || state === "53300") {
    // An AggregateError (one address after the other refused) has an empty message.
    const reason = error.message === "" && "code" in error ? String(error.code) : error.message;
    const details = state === undefined ? {} : { sqlState: state };
    return new AppError("DATABASE_UNAVAILABLE", `the database cannot be reached: ${reason}`, { cause: error, details });
  }
  return error;
}
