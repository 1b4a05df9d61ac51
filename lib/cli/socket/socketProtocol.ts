// What goes over the folder's socket: one JSON document a line. Shapes and limits; SocketServer and SocketClient speak it.
import type { ErrorRecord } from "../../core/errors.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import type { ExecutionEvent, SystemApi } from "../../systemApi.ts";

/** Raised when a method's meaning changes; owner and client of different versions refuse each other. */
export const PROTOCOL_VERSION = 1;

/** A request holds a workflow and its inputs. Results may be larger: the owner is trusted, whoever connects is not. */
export const MAX_REQUEST_BYTES = 32_000_000;

export type ApiMethod = keyof SystemApi;

/**
 * Every method of the API. `repeatable`: doing it twice is doing it once, so that it may be sent again to a new owner when
 * the old one died without an answer. `once`: the person must look first.
 */
export const API_METHODS: Readonly<Record<ApiMethod, "repeatable" | "once">> = {
  start: "once",
  report: "repeatable",
  wait: "repeatable",
  plan: "repeatable",
  receipt: "repeatable",
  listExecutions: "repeatable",
  cancel: "once",
  resume: "once",
  fork: "once",
  exportExecution: "repeatable",
  listApprovals: "repeatable",
  answerApproval: "once",
  listAgents: "repeatable",
  showAgent: "repeatable",
  setAgentMemory: "repeatable",
  listMemories: "repeatable",
  forgetMemories: "once",
  listBudgets: "repeatable",
  setBudget: "repeatable",
  topUpBudget: "once",
  reconcileBudgets: "repeatable",
  setConnection: "repeatable",
  listConnections: "repeatable",
  listPlugins: "repeatable",
  listFlags: "repeatable",
  setFlag: "repeatable",
  listAudit: "repeatable",
  prune: "once",
  doctor: "repeatable",
};

export function isApiMethod(name: string): name is ApiMethod {
  return Object.hasOwn(API_METHODS, name);
}

export interface Request {
  readonly id: number;
  /** A method of the API, or `hello`, `work`, `subscribe`, `unsubscribe`. */
  readonly method: string;
  readonly params: readonly JsonValue[];
}

export type Response =
  | { readonly id: number | null; readonly result: unknown }
  /** `id` is null when the request could not be read far enough to know it. */
  | { readonly id: number | null; readonly error: ErrorRecord }
  | { readonly subscription: number; readonly event: ExecutionEvent };

/** The owner is about to leave and has not done what was asked: ask the next owner. */
const OWNER_CLOSING = "owner_closing";
/** The connection broke while a request was under way: it may or may not have been done. */
const OWNER_GONE = "owner_gone";

export function ownerClosing(): AppError {
  return new AppError("UPSTREAM_UNAVAILABLE", "the process that holds the data folder is ending and has not done this", {
    details: { reason: OWNER_CLOSING },
    hint: "run the command again",
  });
}

export function ownerGone(method: string): AppError {
  return new AppError(
    "UPSTREAM_UNAVAILABLE",
    `the process that held the data folder ended during ${method}: it may or may not have been done`,
    {
      details: { reason: OWNER_GONE, method },
      hint: "look at the current state (`executions ls`, `budgets ls`), then run the command again",
    },
  );
}

export function isOwnerClosing(thrown: unknown): boolean {
  return AppError.is(thrown) && thrown.details["reason"] === OWNER_CLOSING;
}

export function isOwnerGone(thrown: unknown): boolean {
  return AppError.is(thrown) && thrown.details["reason"] === OWNER_GONE;
}

export function requestTooLarge(): AppError {
  return new AppError("USAGE", `a request is larger than ${MAX_REQUEST_BYTES / 1_000_000} MB`, {
    hint: "pass large inputs as files that a step reads",
  });
}
