// What went wrong between us and an MCP server, as an error of ours that says whether a tool may have run.
import { isConnectionRefusal, isRefusingStatus } from "../../core/connectionRefusal.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";

export interface McpFailureFacts {
  readonly server: string;
  /** Null: before any tool was called. */
  readonly tool: string | null;
  /** Why the server's process ended, if it did. */
  readonly ended: AppError | undefined;
  /** Takes out what the server was given and must not come back in a message. */
  readonly hide: (text: string) => string;
}

const MAX_SHOWN_CHARACTERS = 500;
/** Invalid request, no such method, invalid params: said before a tool runs. */
const REFUSING_CODES: ReadonlySet<number> = new Set([-32_600, -32_601, -32_602]);
/** A server's word for a session that it does not know any more. */
const SESSION_FORGOTTEN = 404;

/** `details.accepted` is `no` where nothing was handed over or the server refused it before it ran anything, else `maybe`. */
export function describeMcpFailure(error: unknown, { server, tool, ended, hide }: McpFailureFacts): AppError {
  const facts = typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  const { code } = facts;
  // A number is the code of an answer, which tells more than that the process has ended since.
  const isUnsent = code === "NOT_CONNECTED" || isConnectionRefusal(error);
  const ours = isUnsent || typeof code === "number" ? undefined : (ended ?? findAppError(error));
  if (ours !== undefined) {
    return new AppError(ours.code, withoutQueries(hide(ours.message)), { details: ours.details, retry: ours.retry, hint: ours.hint });
  }
  const text = hide(error instanceof Error ? error.message : String(error));
  const said = maskSecretText(withoutQueries(text)).slice(0, MAX_SHOWN_CHARACTERS);
  const message = `MCP server ${server}: ${tool === null ? "it cannot be used" : `tool ${tool} gave no answer`}: ${said}`;
  if (typeof code === "number")
    return new AppError("UPSTREAM_REJECTED", message, { details: { rpcCode: code, accepted: REFUSING_CODES.has(code) ? "no" : "maybe" } });
  return describeTransport(message, { code, isUnsent, status: statusOf(facts["data"]) });
}

function describeTransport(
  message: string,
  { code, isUnsent, status }: { readonly code: unknown; readonly isUnsent: boolean; readonly status: number | undefined },
): AppError {
  const isRefused = status !== undefined && isRefusingStatus(status);
  const details: JsonObject = {
    accepted: isUnsent || isRefused ? "no" : "maybe",
    ...(status !== undefined && { httpStatus: status }),
    ...(typeof code === "string" && { mcpCode: code }),
  };
  return new AppError(isRefused && status !== SESSION_FORGOTTEN ? "UPSTREAM_REJECTED" : "UPSTREAM_UNAVAILABLE", message, { details });
}

/** The library wraps what a transport throws. */
function findAppError(error: unknown): AppError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 6; cause = cause.cause, depth += 1)
    if (AppError.is(cause)) return cause;
  return undefined;
}

function statusOf(data: unknown): number | undefined {
  const status: unknown = typeof data === "object" && data !== null && "status" in data ? data.status : undefined;
  return typeof status === "number" ? status : undefined;
}

/** An address may hold a key that nobody knows to be one. */
function withoutQueries(text: string): string {
  return text.replaceAll(/(\bhttps?:\/\/[^\s?#"'<>]{1,2000})[?#][^\s"'<>]*/gi, "$1");
}
