// From params to a request of the guarded fetch, and from its response to the action's output.
import { AppError } from "../../core/errors.ts";
import { type GuardedRequest, type GuardedResponse, isSafeMethod } from "../../core/guardedFetch.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";
import { hashedIdempotencyKey } from "../idempotencyKey.ts";
import type { ActionContext, Secret } from "../types.ts";
import type { BuildParams, WriteParams } from "./httpParams.ts";

export interface HttpRequest {
  readonly url: URL;
  readonly request: GuardedRequest;
  readonly response: WriteParams["response"];
}

/** Never part of an output: outputs are stored. */
const DROPPED_HEADERS: ReadonlySet<string> = new Set(["set-cookie"]);
const TEXT_TYPE = /^(?:text\/|application\/(?:xml|xhtml|javascript|x-www-form-urlencoded|yaml|x-ndjson|csv))|\+xml\b/;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/;
const MAX_SHOWN_CHARACTERS = 300;

export async function buildRequest(params: BuildParams, context: ActionContext): Promise<HttpRequest> {
  const url = addQuery(params.url, params.query ?? {});
  const headers = new Map(Object.entries(params.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const secretHeaders: string[] = [];
  if (params.auth !== undefined) {
    const [name, value] = authorize(params.auth, await context.connection(params.auth.connection), url);
    headers.set(name, value);
    secretHeaders.push(name);
  }
  const body = encodeBody(params, headers);
  if (!isSafeMethod(params.method) && !headers.has("idempotency-key"))
    headers.set("idempotency-key", hashedIdempotencyKey(context.idempotencyKey));
  if (!headers.has("user-agent")) headers.set("user-agent", "neuronforge");
  return {
    url,
    response: params.response,
    request: {
      method: params.method,
      headers: Object.fromEntries(headers),
      secretHeaders,
      timeoutMs: params.timeout_ms,
      maxBytes: params.max_bytes,
      ...(body !== undefined && { body }),
    },
  };
}

function addQuery(text: string, query: NonNullable<WriteParams["query"]>): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new AppError("PARAMS_INVALID", `url ${JSON.stringify(text.slice(0, 200))} is not a URL`, {
      details: { field: "url", accepted: "no" },
    });
  for (const [name, value] of Object.entries(query)) {
    if (value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(item));
  }
  return url;
}

/** A secret goes only where its owner said it may: a URL can come from a model. */
function authorize({ connection, scheme, header }: NonNullable<WriteParams["auth"]>, secret: Secret, url: URL): [string, string] {
  const isAllowed =
    secret.hosts.length === 0 || secret.hosts.some((host) => (host.startsWith(".") ? url.hostname.endsWith(host) : url.hostname === host));
  if (!isAllowed) {
    throw new AppError(
      "ADDRESS_FORBIDDEN",
      `connection "${connection}" is for ${secret.hosts.join(", ")}; it is not sent to ${url.hostname}`,
      {
        details: { field: "auth.connection", expected: secret.hosts.join(" | "), got: url.hostname, accepted: "no" },
        hint: "store a connection for that host",
      },
    );
  }
  const text = secret.reveal();
  if (scheme === "bearer") return ["authorization", `Bearer ${text}`];
  if (scheme === "basic") return ["authorization", `Basic ${Buffer.from(text).toString("base64")}`];
  return [header.toLowerCase(), text];
}

/** Sets the content type unless the caller did. */
function encodeBody({ body, body_as: bodyAs }: BuildParams, headers: Map<string, string>): string | undefined {
  if (body === undefined) return undefined;
  const kind = bodyAs ?? (typeof body === "string" ? "text" : "json");
  const type = { json: "application/json", text: "text/plain; charset=utf-8", form: "application/x-www-form-urlencoded" }[kind];
  if (!headers.has("content-type")) headers.set("content-type", type);
  if (kind === "json") return JSON.stringify(body);
  if (kind === "form") return encodeForm(body);
  if (typeof body === "string") return body;
  throw new AppError(
    "PARAMS_INVALID",
    `body: with \`body_as: text\` expected a text, got ${Array.isArray(body) ? "a list" : typeof body}`,
    {
      details: { field: "body", expected: "a text", accepted: "no" },
    },
  );
}

function encodeForm(body: JsonValue): string {
  if (!isJsonObject(body))
    throw new AppError("PARAMS_INVALID", "body: with `body_as: form` expected an object of fields", {
      details: { field: "body", expected: "an object", accepted: "no" },
    });
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    for (const item of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) {
      if (item === null || item === undefined) continue;
      form.append(name, typeof item === "object" ? JSON.stringify(item) : String(item));
    }
  }
  return form.toString();
}

export function toOutput(response: GuardedResponse, as: WriteParams["response"]): JsonValue {
  const headers = Object.fromEntries(Object.entries(response.headers).filter(([name]) => !DROPPED_HEADERS.has(name)));
  return { status: response.status, url: response.url, headers, body: decodeBody(response, as) };
}

export function decodeBody(response: GuardedResponse, as: WriteParams["response"]): JsonValue {
  if (response.body.byteLength === 0) return as === "text" ? "" : null;
  const type = response.headers["content-type"] ?? "";
  const kind = as === "auto" ? (JSON_TYPE.test(type) ? "json" : type === "" || TEXT_TYPE.test(type) ? "text" : "base64") : as;
  if (kind === "json") return response.json();
  return kind === "text" ? response.text() : Buffer.from(response.body).toString("base64");
}

/** A status of 400 or more as an error that says whether and when to try again. */
export function statusError(response: GuardedResponse, method: string, nowMs: number): AppError {
  const { status, headers } = response;
  const url = URL.parse(response.url);
  const said = shownBody(response);
  const code = status === 429 ? "RATE_LIMITED" : status >= 500 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_REJECTED";
  const afterMs = status === 429 || status === 503 ? retryAfterMs(headers["retry-after"], nowMs) : undefined;
  return new AppError(code, `${method} ${url?.origin ?? ""}${url?.pathname ?? ""} answered ${status}${said === "" ? "" : `: ${said}`}`, {
    details: { status, got: `status ${status}`, expected: "a status below 400" },
    ...(afterMs !== undefined && { retry: { afterMs } }),
  });
}

/** Some servers repeat the key that they refuse. */
export function shownBody(response: GuardedResponse): string {
  return maskSecretText(Buffer.from(response.body).toString("utf8")).slice(0, MAX_SHOWN_CHARACTERS);
}

/** Seconds or a date; a day at most, since a wrong clock on the other side must not hold an execution for years. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 86_400_000) : undefined;
}
