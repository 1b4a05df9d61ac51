// What a failed model call says about its provider, its account, its model or its caller. It decides no retry.
import { AppError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errorCatalogue.ts";

/**
 * rate_limit: the account is asked to wait. outage: the provider cannot be reached or is out of order. account: key or
 * credit. model: this model is not there. overflow: the request is larger than its window. refused: it will not answer
 * this. caller: the request is wrong. aborted: we ended it ourselves, by cancel or time-out.
 */
export type FailureClass = "rate_limit" | "outage" | "account" | "model" | "overflow" | "refused" | "caller" | "aborted";

const CLASSES: { readonly [Code in ErrorCode]?: FailureClass } = {
  RATE_LIMITED: "rate_limit",
  UPSTREAM_UNAVAILABLE: "outage",
  CONNECTION_MISSING: "account",
  UPSTREAM_REJECTED: "account",
  MODEL_UNKNOWN: "model",
  CONTEXT_OVERFLOW: "overflow",
  MODEL_REFUSED: "refused",
  EXECUTION_CANCELLED: "aborted",
  EXECUTION_TIMEOUT: "aborted",
  STEP_TIMEOUT: "aborted",
};

/** @param signal of the call: once it is aborted, whatever was thrown is ours */
export function failureClassOf(thrown: unknown, signal?: AbortSignal): FailureClass {
  if (signal?.aborted === true) return "aborted";
  if (!AppError.is(thrown)) return "caller";
  // A call that broke in a way nobody knows, and that may go well later, speaks against the provider.
  if (thrown.code === "MODEL_FAILED") return thrown.retry === "never" ? "caller" : "outage";
  return CLASSES[thrown.code] ?? "caller";
}
