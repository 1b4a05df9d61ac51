// HTTP for plugins, webhooks and tools with the guard against private addresses (SSRF). Not a general fetch: bodies are buffered and bounded.
import type { JsonValue } from "./json.ts";

export interface GuardedRequest {
  /** @defaultValue "GET" */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Header names that must not follow a redirect to another origin; `authorization`, `cookie` and `proxy-authorization` never do. */
  readonly secretHeaders?: readonly string[];
  /** From the call to the last byte of the body, redirects included. @defaultValue 30 000 */
  readonly timeoutMs?: number;
  /** Bytes of the decoded body. @defaultValue 10 000 000 */
  readonly maxBytes?: number;
  /** @defaultValue 5; 0 returns the redirect itself */
  readonly maxRedirects?: number;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly status: number;
  readonly isOk: boolean;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** After redirects. */
  readonly url: string;
  text(): string;
  /** @throws AppError `UPSTREAM_REJECTED` when the body is not JSON */
  json(): JsonValue;
}

/**
 * Any status is a response; what throws is that none came. Errors carry `details.accepted`: `no` when the other side
 * certainly did not take the request (refused address, DNS, connection refused, TLS), else `maybe`.
 */
export type GuardedFetch = (url: string | URL, request?: GuardedRequest) => Promise<GuardedResponse>;
