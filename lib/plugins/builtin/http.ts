// Plugin `http`: requests to public addresses. One action per method, so that each carries its own effect; `request` is for the rest.
import { AppError } from "../../core/errors.ts";
import type { GuardedResponse } from "../../core/guardedFetch.ts";
import type { JsonValue } from "../../core/json.ts";
import { defineAction, definePlugin } from "../definePlugin.ts";
import { hashedIdempotencyKey } from "../idempotencyKey.ts";
import type { ActionContext, Effect, Idempotency, Plugin, Verification } from "../types.ts";
import { fetchPages } from "./httpPages.ts";
import { getParams, pageOutput, requestParams, responseOutput, type WriteParams, writeParams } from "./httpParams.ts";
import { buildRequest, type HttpRequest, shownBody, statusError, toOutput } from "./httpRequest.ts";

export interface HttpPluginOptions {
  /** Hosts known to honour the `Idempotency-Key` header, with the hours for which they remember a key. */
  readonly idempotencyKeyHosts?: Readonly<Record<string, number>>;
}

/** For the pages of a list together. */
const PAGES_TIMEOUT_MS = 310_000;
/** The request's own time-out, with its better message, comes first. */
const MARGIN_MS = 5_000;
const NONE: Idempotency = { by: "none", windowHours: 0 };
/** PUT and DELETE are idempotent by RFC 9110; a day later a repetition could undo what others did since. */
const BY_METHOD: Idempotency = { by: "natural", windowHours: 24 };

export function createHttpPlugin(options: HttpPluginOptions = {}): Plugin {
  const get = defineAction({
    description: "Gets a URL; with `paginate`, several pages of a list",
    effect: "read",
    idempotency: BY_METHOD,
    params: getParams,
    output: pageOutput,
    timeoutMsFor: (params) => (params.paginate === undefined ? params.timeout_ms + MARGIN_MS : PAGES_TIMEOUT_MS),
    costUsd: 0,
    run: async (params, context) => {
      const request = await buildRequest({ ...params, method: "GET" }, context);
      if (params.paginate !== undefined) return fetchPages(request, params.paginate, context);
      return toOutput(await send(request, params.fail_on_status, context), params.response);
    },
  });
  const request = defineAction({
    description: "Sends a request with any method; counted as a write, whatever the method",
    effect: "write",
    idempotency: NONE,
    idempotencyFor: (params) => (["PUT", "DELETE", "GET", "HEAD", "OPTIONS"].includes(params.method) ? BY_METHOD : keyed(params, options)),
    params: requestParams,
    output: responseOutput,
    timeoutMsFor: (params) => params.timeout_ms + MARGIN_MS,
    costUsd: 0,
    run: async (params, context) => perform(params, context),
    verify: async (context, params) => verifyByUrl(params, context),
  });
  const actions = {
    get,
    post: writing("POST", { effect: "write", idempotency: NONE }, options),
    put: writing("PUT", { effect: "write", idempotency: BY_METHOD }, options),
    patch: writing("PATCH", { effect: "write", idempotency: NONE }, options),
    delete: writing("DELETE", { effect: "destructive", idempotency: BY_METHOD }, options),
    request,
  };
  return definePlugin({ name: "http", version: "1.0.0", description: "HTTP requests to public addresses", actions });
}

function writing(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  labels: { readonly effect: Effect; readonly idempotency: Idempotency },
  options: HttpPluginOptions,
) {
  return defineAction({
    ...labels,
    description: `Sends a ${method} request`,
    idempotencyFor: (params) => (labels.idempotency.by === "none" ? keyed(params, options) : labels.idempotency),
    params: writeParams,
    output: responseOutput,
    timeoutMsFor: (params) => params.timeout_ms + MARGIN_MS,
    costUsd: 0,
    run: async (params, context) => perform({ ...params, method }, context),
    verify: async (context, params) => verifyByUrl(params, context),
  });
}

/** Most servers ignore the header, so a key makes a POST repeatable only where somebody says that it is honoured. */
function keyed(params: WriteParams, { idempotencyKeyHosts = {} }: HttpPluginOptions): Idempotency {
  const host = URL.parse(params.url)?.host ?? "";
  const known = Object.hasOwn(idempotencyKeyHosts, host) ? idempotencyKeyHosts[host] : undefined;
  const windowHours = params.idempotency_window_hours ?? known ?? 0;
  return windowHours > 0 ? { by: "header", windowHours } : NONE;
}

async function perform(params: WriteParams & { readonly method: string }, context: ActionContext): Promise<JsonValue> {
  const request = await buildRequest(params, context);
  return toOutput(await send(request, params.fail_on_status, context), params.response);
}

async function send({ url, request }: HttpRequest, failsOnStatus: boolean, context: ActionContext): Promise<GuardedResponse> {
  const response = await context.fetch(url, request);
  if (failsOnStatus && response.status >= 400) throw statusError(response, request.method ?? "GET", context.clock.nowMs());
  return response;
}

/** `{key}` in `verify_url` stands for the hashed idempotency key that was sent in the header. */
async function verifyByUrl(params: WriteParams, context: ActionContext): Promise<Verification> {
  if (params.verify_url === undefined) return { happened: "unknown" };
  const url = params.verify_url.replaceAll("{key}", hashedIdempotencyKey(context.idempotencyKey));
  const { headers, auth, timeout_ms, max_bytes, response } = params;
  const request = await buildRequest(
    { url, method: "GET", headers, timeout_ms, max_bytes, response, ...(auth !== undefined && { auth }) },
    context,
  );
  const found = await context.fetch(request.url, request.request);
  if (found.isOk) return { happened: true, output: toOutput(found, response) };
  if (found.status === 404 || found.status === 410) return { happened: false };
  throw new AppError("UPSTREAM_REJECTED", `verify_url answered ${found.status}: ${shownBody(found)}`, {
    details: { status: found.status },
  });
}
