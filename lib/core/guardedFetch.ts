// HTTP for plugins, webhooks and tools with the guard against private addresses (SSRF). Not a general fetch: bodies are buffered and bounded.
import { Agent, type Dispatcher } from "undici";
import { AddressGuard, type AddressGuardOptions } from "./addressGuard.ts";
import { type Clock, systemClock } from "./clock.ts";
import { findErrorCode, isConnectionRefusal, isRefusingStatus, isTlsFailure } from "./connectionRefusal.ts";
import { AppError } from "./errors.ts";
import { readBoundedBody } from "./boundedBody.ts";
import { decodeForeignJson, type JsonValue } from "./json.ts";
import { createPinnedConnector } from "./pinnedConnector.ts";

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
  /** `no`: nothing that could change something was sent, or every such request was refused; a 404 after a 303 is `maybe`. */
  readonly accepted: "no" | "maybe";
  /** By the charset of the content type, else UTF-8; bytes that do not decode become U+FFFD. */
  text(): string;
  /** Whole numbers beyond 2^53 - 1 are texts. @throws AppError `UPSTREAM_REJECTED` when the body is not JSON */
  json(): JsonValue;
}

/**
 * Any status is a response; what throws is that none came. Errors carry `details.accepted`: `no` when the other side
 * certainly did not take the request (refused address, DNS, connection refused, TLS), else `maybe`.
 */
export type GuardedFetch = (url: string | URL, request?: GuardedRequest) => Promise<GuardedResponse>;

export interface GuardedFetchOptions extends AddressGuardOptions {
  readonly clock?: Clock;
  /** PEM of certificate authorities to trust instead of the system's. */
  readonly certificateAuthorities?: readonly string[];
}

export interface GuardedFetchClient extends AsyncDisposable {
  readonly fetch: GuardedFetch;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 10_000_000;
const DEFAULT_MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const ORIGIN_BOUND_HEADERS = ["authorization", "cookie", "proxy-authorization"];
/** Set by the connection itself; a caller who sets them could speak to another virtual host or smuggle a second request. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "keep-alive",
  "te",
  "trailer",
  "expect",
]);

export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method.toUpperCase());
}

/** Opens no connection until the first request. */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetchClient {
  const guard = new AddressGuard(options);
  const { clock = systemClock, certificateAuthorities } = options;
  const connect = createPinnedConnector(guard, { timeoutMs: CONNECT_TIMEOUT_MS, certificateAuthorities });
  const settings: Agent.Options = { connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
  const reading = new Agent(settings);
  // Kept-alive connections may be closed by the server just as we write, and then nobody knows whether the request was
  // taken. A write pays for a connection of its own, so that far fewer of them end as "maybe".
  const writing = new Agent({ ...settings, pipelining: 0 });
  return {
    fetch: async (url, request = {}) => new GuardedCall(url, request, { clock, reading, writing }).run(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([reading.destroy(), writing.destroy()]);
    },
  };
}

interface Collaborators {
  readonly clock: Clock;
  readonly reading: Agent;
  readonly writing: Agent;
}

/** One call with its redirects. */
class GuardedCall {
  readonly #request: GuardedRequest;
  readonly #with: Collaborators;
  readonly #timeout = new AbortController();
  readonly #signal: AbortSignal;
  #url: URL;
  #method: string;
  #body: string | Uint8Array | undefined;
  #headers: Record<string, string>;
  /** A request that may change something was written to a socket, and no answer said that it was not taken. */
  #mayBeAccepted = false;
  #isStarted = false;

  constructor(url: string | URL, request: GuardedRequest, collaborators: Collaborators) {
    this.#request = request;
    this.#with = collaborators;
    this.#signal = request.signal === undefined ? this.#timeout.signal : AbortSignal.any([request.signal, this.#timeout.signal]);
    this.#url = parseUrl(url);
    this.#method = (request.method ?? "GET").toUpperCase();
    this.#body = request.body;
    this.#headers = checkHeaders(request.headers ?? {});
  }

  async run(): Promise<GuardedResponse> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, maxRedirects = DEFAULT_MAX_REDIRECTS } = this.#request;
    signal?.throwIfAborted();
    const cancelTimer = this.#with.clock.schedule(timeoutMs, () => this.#timeout.abort(new Error("time-out")));
    try {
      for (let redirects = 0; ; redirects += 1) {
        const response = await this.#once();
        const location = response.headers["location"];
        if (maxRedirects === 0 || location === undefined || ![301, 302, 303, 307, 308].includes(response.status)) return response;
        if (redirects >= maxRedirects) throw this.#error("UPSTREAM_REJECTED", `redirected more than ${maxRedirects} times`);
        this.#follow(response.status, location);
      }
    } catch (error) {
      throw this.#describe(error, timeoutMs);
    } finally {
      cancelTimer();
    }
  }

  async #once(): Promise<GuardedResponse> {
    const { maxBytes = DEFAULT_MAX_BYTES } = this.#request;
    const agent = isSafeMethod(this.#method) ? this.#with.reading : this.#with.writing;
    this.#isStarted = false;
    const response = agent.compose(this.#noteStart).request({
      origin: this.#url.origin,
      path: `${this.#url.pathname}${this.#url.search}`,
      method: this.#method,
      headers: { "accept-encoding": "gzip, deflate, br", ...this.#headers },
      signal: this.#signal,
      ...(this.#body !== undefined && { body: this.#body }),
    });
    const { statusCode, headers, body } = await untilAborted(response, this.#signal);
    if (!isSafeMethod(this.#method) && isRefusingStatus(statusCode)) this.#mayBeAccepted = false;
    const flat = flattenHeaders(headers);
    const hasBody = this.#method !== "HEAD" && statusCode !== 204 && statusCode !== 304;
    const bytes = await readBoundedBody(body, {
      maxBytes,
      encoding: hasBody ? (flat["content-encoding"] ?? "") : "",
      url: this.#shownUrl(),
    });
    return new BufferedResponse({
      status: statusCode,
      headers: flat,
      body: bytes,
      url: this.#url.href,
      accepted: this.#mayBeAccepted ? "maybe" : "no",
    });
  }

  readonly #noteStart: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch(options, {
      // Called when the request gets its connection, just before its first byte is written.
      onRequestStart: (controller, context: unknown) => {
        if (this.#signal.aborted) {
          controller.abort(new Error("aborted before it was sent"));
          return;
        }
        this.#isStarted = true;
        if (!isSafeMethod(this.#method)) this.#mayBeAccepted = true;
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });

  #follow(status: number, location: string): void {
    const target = parseUrl(URL.parse(location, this.#url.href) ?? location);
    const losesBody = status === 303 ? this.#method !== "HEAD" : (status === 301 || status === 302) && this.#method === "POST";
    if (status === 307 || status === 308) this.#mayBeAccepted = false;
    if (losesBody) {
      this.#method = "GET";
      this.#body = undefined;
      this.#drop(["content-type", "content-encoding", "content-language"]);
    }
    if (target.origin !== this.#url.origin) this.#drop([...ORIGIN_BOUND_HEADERS, ...(this.#request.secretHeaders ?? [])]);
    this.#url = target;
  }

  #drop(names: readonly string[]): void {
    for (const name of names) delete this.#headers[name.toLowerCase()];
  }

  /** Without the query, which may hold keys and personal data. */
  #shownUrl(): string {
    return `${this.#method} ${this.#url.origin}${this.#url.pathname}`;
  }

  #describe(error: unknown, timeoutMs: number): Error {
    const { signal } = this.#request;
    if (this.#timeout.signal.aborted) return this.#error("UPSTREAM_UNAVAILABLE", `did not answer within ${timeoutMs} ms`, error);
    if (signal?.aborted === true)
      return signal.reason instanceof Error
        ? signal.reason
        : new AppError("EXECUTION_CANCELLED", `${this.#shownUrl()}: aborted`, { cause: signal.reason });
    if (AppError.is(error))
      return error.code === "ADDRESS_FORBIDDEN" && this.#mayBeAccepted
        ? this.#error("ADDRESS_FORBIDDEN", `redirected: ${error.message}`, error)
        : error;
    const code = findErrorCode(error) ?? "no code";
    const reason = error instanceof Error ? error.message : String(error);
    if (code === "UND_ERR_INVALID_ARG")
      return new AppError("PARAMS_INVALID", `${this.#shownUrl()}: ${reason}`, { cause: error, details: { accepted: "no" } });
    if (isTlsFailure(error)) return this.#error("UPSTREAM_REJECTED", `the certificate is not trusted (${code}): ${reason}`, error);
    return this.#error(
      "UPSTREAM_UNAVAILABLE",
      `${isConnectionRefusal(error) ? "cannot be reached" : "broke off"} (${code}): ${reason}`,
      error,
    );
  }

  #error(code: "UPSTREAM_UNAVAILABLE" | "UPSTREAM_REJECTED" | "ADDRESS_FORBIDDEN", what: string, cause?: unknown): AppError {
    const isRefused = !this.#isStarted && !this.#mayBeAccepted;
    return new AppError(code, `${this.#shownUrl()}: ${what}`, {
      details: { url: this.#url.origin + this.#url.pathname, accepted: isRefused ? "no" : "maybe" },
      cause,
    });
  }
}

class BufferedResponse implements GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly url: string;
  readonly accepted: "no" | "maybe";

  constructor(facts: Pick<GuardedResponse, "status" | "headers" | "body" | "url" | "accepted">) {
    this.status = facts.status;
    this.headers = facts.headers;
    this.body = facts.body;
    this.url = facts.url;
    this.accepted = facts.accepted;
  }

  get isOk(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  text(): string {
    const charset = /charset="?([^\s;"]+)/i.exec(this.headers["content-type"] ?? "")?.[1] ?? "utf-8";
    try {
      return new TextDecoder(charset).decode(this.body);
    } catch (cause) {
      throw new AppError("UPSTREAM_REJECTED", `the answer's charset "${charset}" is unknown`, { cause, details: { got: charset } });
    }
  }

  json(): JsonValue {
    try {
      return decodeForeignJson(this.text());
    } catch (cause) {
      const start = JSON.stringify(this.text().slice(0, 60));
      throw new AppError(
        "UPSTREAM_REJECTED",
        `the answer (status ${this.status}, ${this.headers["content-type"] ?? "no content type"}) is not JSON; it begins with ${start}`,
        {
          cause,
          details: { status: this.status, expected: "JSON", got: this.headers["content-type"] ?? "no content type" },
        },
      );
    }
  }
}

function parseUrl(text: string | URL): URL {
  const url = URL.parse(String(text));
  const fault =
    url === null
      ? `"${String(text).slice(0, 200)}" is not a URL`
      : url.protocol !== "http:" && url.protocol !== "https:"
        ? `scheme ${url.protocol} is not allowed, only http: and https:`
        : url.username !== "" || url.password !== ""
          ? `the URL of ${url.host} holds a user or password; use a connection instead`
          : undefined;
  if (url !== null && fault === undefined) return url;
  throw new AppError("PARAMS_INVALID", fault ?? "no URL", {
    details: { field: "url", expected: "http:// or https:// without user and password", accepted: "no" },
  });
}

function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (CONNECTION_HEADERS.has(lower)) {
      throw new AppError("PARAMS_INVALID", `header ${name} is set by the connection and cannot be given`, {
        details: { field: `headers.${name}`, accepted: "no" },
      });
    }
    checked[lower] = value;
  }
  return checked;
}

function flattenHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

/** Undici notices an abort only once the request has its connection; a look-up or connect that hangs must not hold the caller. */
async function untilAborted(response: Promise<Dispatcher.ResponseData>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    response.then(
      ({ body }) => body.destroy(),
      () => undefined,
    );
    aborted.reject(new Error("aborted"));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([response, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
