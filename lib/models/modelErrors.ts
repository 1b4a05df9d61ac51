// Turns what an SDK, a socket or an HTTP status throws into an AppError that also tells the ledger whether money may have been spent. It retries nothing.
import { statedWait, type ResponseHeaders } from "./limitHeaders.ts";
import { AppError, type ErrorDetails, type Retry } from "../core/errors.ts";
import type { ErrorCode } from "../core/errorCatalogue.ts";
import { maskSecretText } from "../core/redaction.ts";
import type { ModelUsage } from "../tokens/types.ts";

/** What is known about a call while it runs; filled in by the provider, read when it fails. */
export interface CallProgress {
  /** Characters of output that arrived so far. */
  outputTextReceived: number;
  usage: ModelUsage | null;
  /** False until the request may have left this process. */
  isDispatched: boolean;
}

export interface FailedCall {
  readonly provider: string;
  readonly model: string;
  readonly progress: CallProgress;
  readonly signal: AbortSignal | undefined;
  readonly nowMs: number;
}

interface Verdict {
  readonly code: ErrorCode;
  readonly mayHaveSpent: boolean;
  readonly retry?: Retry;
  readonly hint?: string;
  readonly reason: string;
}

/** Nothing was accepted: name not found, connection refused, certificate wrong. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_INVALID_URL",
]);
/** The SDK refuses these itself. */
const NOT_SENT = new Set(["AI_InvalidPromptError", "AI_InvalidArgumentError", "AI_UnsupportedFunctionalityError"]);
/** A gateway gave up waiting: what is behind it may have answered all the same. Other error statuses are billed by no provider. */
const STATUS_MAY_HAVE_SPENT = new Set([408, 499, 502, 504, 520, 522, 524]);
const OVERFLOW =
  /context.{0,10}(?:length|window|size)|maximum context|too many (?:input )?tokens|prompt is too long|input is too long|exceeds? the (?:maximum|model)/i;
const POLICY = /content.{0,3}(?:policy|filter)|safety|prohibited|blocked by/i;
const OUT_OF_CREDIT = /insufficient_quota|credit balance|billing|exceeded your current quota/i;
const MAX_REASON_CHARS = 400;

export function classifyModelError(thrown: unknown, call: FailedCall): AppError {
  const verdict = judge(thrown, call);
  const { provider, model, progress } = call;
  const where = `${provider}/${model}`;
  const details: ErrorDetails = {
    ...(AppError.is(thrown) ? thrown.details : {}),
    provider,
    model,
    ...(progress.usage === null ? {} : { usage: { ...progress.usage } }),
    // A provider may also fail in the middle of its answer, with a status that means nothing spent at the start.
    mayHaveSpent: verdict.mayHaveSpent || progress.outputTextReceived > 0 || progress.usage !== null,
    outputTextReceived: progress.outputTextReceived,
    ...(statusOf(thrown) === undefined ? {} : { status: statusOf(thrown) }),
  };
  const message = AppError.is(thrown) ? thrown.message : `model call to ${where} failed: ${verdict.reason}`;
  return new AppError(verdict.code, message, {
    details,
    cause: thrown,
    ...(verdict.retry === undefined ? {} : { retry: verdict.retry }),
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
  });
}

function judge(thrown: unknown, call: FailedCall): Verdict {
  const started = call.progress.isDispatched;
  if (call.signal?.aborted === true) return judgeAbort(call.signal.reason, started);
  if (AppError.is(thrown)) {
    const { code, retry, hint } = thrown;
    return { code, retry, hint, reason: thrown.message, mayHaveSpent: thrown.details["mayHaveSpent"] !== false && started };
  }
  const status = statusOf(thrown);
  if (status !== undefined && status >= 400) return judgeStatus(status, reasonOf(thrown), retryAfter(thrown, call.nowMs));
  if (NOT_SENT.has(nameOf(thrown))) return { code: "MODEL_FAILED", mayHaveSpent: false, retry: "never", reason: reasonOf(thrown) };
  return judgeConnection(thrown, started);
}

function judgeConnection(thrown: unknown, mayHaveSpent: boolean): Verdict {
  const reason = reasonOf(thrown);
  const socketCode = findInCauses(thrown, (error) => ("code" in error && typeof error.code === "string" ? error.code : undefined));
  if ((socketCode !== undefined && NOT_CONNECTED.has(socketCode)) || reason.endsWith("bad port")) {
    return { code: "UPSTREAM_UNAVAILABLE", mayHaveSpent: false, reason: `cannot connect (${socketCode ?? reason})` };
  }
  if (socketCode !== undefined || reason.includes("fetch failed") || reason.includes("terminated")) {
    return { code: "UPSTREAM_UNAVAILABLE", mayHaveSpent, reason: `the connection broke (${socketCode ?? reason})` };
  }
  return { code: "MODEL_FAILED", mayHaveSpent, retry: "later", reason };
}

function judgeAbort(reason: unknown, mayHaveSpent: boolean): Verdict {
  if (AppError.is(reason)) return { code: reason.code, mayHaveSpent, retry: reason.retry, hint: reason.hint, reason: reason.message };
  if (nameOf(reason) === "TimeoutError") return { code: "STEP_TIMEOUT", mayHaveSpent, reason: "it took longer than its time-out" };
  return { code: "EXECUTION_CANCELLED", mayHaveSpent, reason: "it was aborted" };
}

function judgeStatus(status: number, text: string, afterMs: number | null): Verdict {
  const base = { reason: `HTTP ${status}, ${text}`, mayHaveSpent: STATUS_MAY_HAVE_SPENT.has(status) };
  const retry: Retry = afterMs === null ? "later" : { afterMs };
  if (status === 402 || (status === 429 && OUT_OF_CREDIT.test(text))) {
    return { ...base, code: "UPSTREAM_REJECTED", retry: "never", hint: "top up the account at the provider" };
  }
  if (status === 429) return { ...base, code: "RATE_LIMITED", retry };
  if (status >= 500 || status === 408 || status === 409) return { ...base, code: "UPSTREAM_UNAVAILABLE", retry };
  if (status === 401 || status === 403) {
    return { ...base, code: "CONNECTION_MISSING", hint: "the provider does not accept the key: set a valid one" };
  }
  if (status === 404) return { ...base, code: "MODEL_UNKNOWN" };
  if (status === 413 || OVERFLOW.test(text)) return { ...base, code: "CONTEXT_OVERFLOW" };
  return POLICY.test(text) ? { ...base, code: "MODEL_REFUSED" } : { ...base, code: "MODEL_FAILED", retry: "never" };
}

/** What the answer's headers ask for; null when absent or unreadable. */
function retryAfter(thrown: unknown, nowMs: number): number | null {
  const headers = findInCauses(thrown, (error) =>
    "responseHeaders" in error && typeof error.responseHeaders === "object" ? (error.responseHeaders as ResponseHeaders | null) : undefined,
  );
  return statedWait(headers ?? {}, nowMs)?.waitMs ?? null;
}

function statusOf(thrown: unknown): number | undefined {
  return findInCauses(thrown, (error) => ("statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined));
}

function findInCauses<T>(thrown: unknown, read: (error: object) => T | undefined): T | undefined {
  let error = thrown;
  for (let depth = 0; depth < 5 && typeof error === "object" && error !== null; depth += 1) {
    const found = read(error);
    if (found !== undefined) return found;
    error = "cause" in error ? error.cause : undefined;
  }
  return undefined;
}

/** Providers quote a part of a wrong key back; it does not belong in a log. */
function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return maskSecretText(text.slice(0, MAX_REASON_CHARS)).replaceAll(/\b(?:sk|gsk|xai|AIza)[-\w*.]{6,}/g, "[masked]");
}

function nameOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "name" in thrown && typeof thrown.name === "string" ? thrown.name : "";
}
