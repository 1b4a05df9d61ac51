// Whether and when a failed attempt is tried again. The step executor is the only owner of retries: SDKs and plugins make one try.
import type { AppError } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";
import type { WorkflowStep } from "../workflow/types.ts";

export type RetryDecision = { readonly again: false } | { readonly again: true; readonly afterMs: number };

const DEFAULT_RETRIES = 3;
const DEFAULT_BACKOFF_MS = 1_000;
const DEFAULT_MULTIPLIER = 2;
const LONGEST_BACKOFF_MS = 300_000;
/** Each pause is spread by ±20 %, so that executions that failed together do not come back together. */
const JITTER = 0.2;

/** Steps made of other steps: their children retry, not they. */
const COMPOSITE = new Set(["conditional", "switch", "loop", "parallel_group", "scatter_gather", "sub_workflow"]);

/**
 * @param random seeds the jitter: the same step of the same execution always waits the same time, which keeps runs repeatable
 */
export function nextAttempt({
  step,
  error,
  attempt,
  random,
}: {
  readonly step: WorkflowStep;
  readonly error: AppError;
  readonly attempt: number;
  readonly random: string;
}): RetryDecision {
  const policy = policyOf(step);
  if (attempt > policy.maxRetries || !isPromising(error, policy.retryableErrors)) return { again: false };
  const base = policy.backoffMs * policy.backoffMultiplier ** (attempt - 1);
  const unit = sha256(`${random}/${attempt}`).readUInt32BE(0) / 0xffff_ffff;
  const spread = base * (1 - JITTER + 2 * JITTER * unit);
  const asked = typeof error.retry === "object" ? error.retry.afterMs : 0;
  return { again: true, afterMs: Math.min(Math.max(spread, asked), LONGEST_BACKOFF_MS) };
}

interface CompletePolicy {
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly backoffMultiplier: number;
  readonly retryableErrors: readonly string[] | undefined;
}

function policyOf({ type, retryPolicy }: WorkflowStep): CompletePolicy {
  return {
    maxRetries: retryPolicy?.maxRetries ?? (COMPOSITE.has(type) ? 0 : DEFAULT_RETRIES),
    backoffMs: retryPolicy?.backoffMs ?? DEFAULT_BACKOFF_MS,
    backoffMultiplier: retryPolicy?.backoffMultiplier ?? DEFAULT_MULTIPLIER,
    retryableErrors: retryPolicy?.retryableErrors,
  };
}

function isPromising(error: AppError, listed: readonly string[] | undefined): boolean {
  // An effect that may have happened is no failure but a wait (callAction.ts); this only guards against a plugin that says so itself.
  if (error.code === "EFFECT_UNCERTAIN") return false;
  return listed === undefined ? error.retry !== "never" : listed.includes(error.code);
}
