// Says of a failure what it is, whether the effect may have happened all the same, and whether another try is promising.
import { findErrorCode, isConnectionRefusal, isRefusingStatus, isTlsFailure } from "../core/connectionRefusal.ts";
import { AppError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errorCatalogue.ts";
import { maskSecretText } from "../core/redaction.ts";
import type { Effect } from "./types.ts";

/** These are thrown before anything leaves the process. */
const REFUSED_BY_US: ReadonlySet<ErrorCode> = new Set([
  "PARAMS_INVALID",
  "PLUGIN_UNKNOWN",
  "PLUGIN_ACTION_UNKNOWN",
  "CONNECTION_MISSING",
  "PATH_FORBIDDEN",
  "ADDRESS_FORBIDDEN",
]);
const MAX_MESSAGE_CHARACTERS = 2_000;

/** Anything an action threw as an error of the catalogue, with secrets masked. */
export function toActionError(thrown: unknown, owner: string): AppError {
  if (AppError.is(thrown)) return thrown;
  const text = maskSecretText(thrown instanceof Error ? thrown.message : String(thrown)).slice(0, MAX_MESSAGE_CHARACTERS);
  const status = findStatus(thrown);
  const code = findErrorCode(thrown);
  const kind = kindOf(thrown, status);
  return new AppError(kind, `${owner}: ${text === "" ? "failed without a message" : text}${code === undefined ? "" : ` (${code})`}`, {
    cause: thrown,
    details: { ...(status !== undefined && { status }), ...(isConnectionRefusal(thrown) && { accepted: "no" }) },
  });
}

function kindOf(thrown: unknown, status: number | undefined): ErrorCode {
  if (isTlsFailure(thrown)) return "UPSTREAM_REJECTED";
  if (isConnectionRefusal(thrown)) return "UPSTREAM_UNAVAILABLE";
  if (status === 429) return "RATE_LIMITED";
  if (status !== undefined && status >= 500) return "UPSTREAM_UNAVAILABLE";
  return status !== undefined && status >= 400 ? "UPSTREAM_REJECTED" : "PLUGIN_FAILED";
}

export interface FailureFacts {
  readonly effect: Effect;
  /** Something that may change the world was sent or written during this call, and was not certainly refused. */
  readonly mayHaveActed: boolean;
}

/** `no` only where it is certain; every doubt is `maybe`. */
export function effectAfterFailure(error: AppError, { effect, mayHaveActed }: FailureFacts): "no" | "maybe" {
  if (effect === "none" || effect === "read") return "no";
  if (mayHaveActed) return "maybe";
  return isCertainRefusal(error) ? "no" : "maybe";
}

function isCertainRefusal(error: AppError): boolean {
  const { accepted } = error.details;
  if (accepted === "maybe") return false;
  if (accepted === "no" || REFUSED_BY_US.has(error.code)) return true;
  const status = findStatus(error);
  return status !== undefined && isRefusingStatus(status);
}

/** Whether another try is promising; whether it is harmless is a question of {@link effectAfterFailure} and idempotency. */
export function isRetryable(error: AppError): boolean {
  return error.retry !== "never";
}

/** Clients of HTTP APIs put the status under one of these names. */
function findStatus(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if (AppError.is(error)) return typeof error.details["status"] === "number" ? error.details["status"] : undefined;
  for (const name of ["status", "statusCode"]) {
    const value: unknown = name in error ? (error as Record<string, unknown>)[name] : undefined;
    if (typeof value === "number" && value >= 100 && value < 600) return value;
  }
  return undefined;
}
