// Follows a list over several pages, with a stated end: pages, items, and a page that was seen before.
import { AppError } from "../../core/errors.ts";
import type { GuardedResponse } from "../../core/guardedFetch.ts";
import type { JsonValue } from "../../core/json.ts";
import { lookUpPath, parsePath, readPath } from "../../operations/paths.ts";
import type { ActionContext } from "../types.ts";
import type { PaginateParams } from "./httpParams.ts";
import { decodeBody, type HttpRequest, statusError } from "./httpRequest.ts";

export async function fetchPages(first: HttpRequest, paginate: PaginateParams, context: ActionContext): Promise<JsonValue> {
  checkParams(paginate);
  const items: JsonValue[] = [];
  const seen = new Set<string>();
  let next: URL | undefined = paginate.by === "page" ? withParam(first.url, paginate.param ?? "page", String(paginate.start)) : first.url;
  let pageCount = 0;
  while (next !== undefined && pageCount < paginate.max_pages && items.length < paginate.max_items) {
    if (seen.has(next.href))
      throw new AppError("LOOP_LIMIT", `page ${next.origin}${next.pathname} leads back to itself after ${pageCount} pages`, {
        details: { got: next.href },
      });
    seen.add(next.href);
    const response = await fetchPage(first, next, context);
    const body = decodeBody(response, first.response);
    const pageItems = readItems(body, paginate.items);
    items.push(...pageItems);
    pageCount += 1;
    next = nextPage({ response, body, current: next, isEmpty: pageItems.length === 0, pageCount }, paginate);
  }
  return {
    items: items.slice(0, paginate.max_items),
    page_count: pageCount,
    is_truncated: next !== undefined || items.length > paginate.max_items,
  };
}

function checkParams({ by, cursor }: PaginateParams): void {
  if (by !== "cursor" || cursor !== undefined) return;
  throw new AppError("PARAMS_INVALID", "paginate.cursor: is required with `by: cursor`", {
    details: { field: "paginate.cursor", expected: "a path such as meta.next_cursor", got: "nothing" },
  });
}

async function fetchPage(first: HttpRequest, url: URL, context: ActionContext): Promise<GuardedResponse> {
  const isSameOrigin = url.origin === first.url.origin;
  // The server names the next page; it must not lead our secret to another one.
  const headers = isSameOrigin ? first.request.headers : withoutSecrets(first);
  const response = await context.fetch(url, { ...first.request, ...(headers !== undefined && { headers }) });
  if (response.status >= 400) throw statusError(response, "GET", context.clock.nowMs());
  return response;
}

function withoutSecrets({ request }: HttpRequest): Record<string, string> {
  const secret = new Set(["authorization", "cookie", ...(request.secretHeaders ?? [])]);
  return Object.fromEntries(Object.entries(request.headers ?? {}).filter(([name]) => !secret.has(name)));
}

function readItems(body: JsonValue, path: string | undefined): readonly JsonValue[] {
  const list = path === undefined ? body : readPath(body, parsePath(path));
  if (Array.isArray(list)) return list as readonly JsonValue[];
  throw new AppError("UPSTREAM_REJECTED", `the answer${path === undefined ? "" : `'s ${path}`} is not a list`, {
    details: { field: "paginate.items", expected: "a list", got: typeof list },
    hint: "name the list with `paginate.items`",
  });
}

interface PageState {
  readonly response: GuardedResponse;
  readonly body: JsonValue;
  readonly current: URL;
  readonly isEmpty: boolean;
  readonly pageCount: number;
}

function nextPage({ response, body, current, isEmpty, pageCount }: PageState, paginate: PaginateParams): URL | undefined {
  if (paginate.by === "link") return resolve(findNextLink(response.headers["link"] ?? ""), current);
  if (paginate.by === "page") return isEmpty ? undefined : withParam(current, paginate.param ?? "page", String(paginate.start + pageCount));
  const found = lookUpPath(body, parsePath(paginate.cursor ?? ""));
  if (!found.found || (typeof found.value !== "string" && typeof found.value !== "number") || found.value === "") return undefined;
  const cursor = String(found.value);
  return /^https?:\/\//.test(cursor) ? resolve(cursor, current) : withParam(current, paginate.param ?? "cursor", cursor);
}

/** RFC 8288: `<url>; rel="next", <url>; rel="last"`. */
function findNextLink(header: string): string | undefined {
  for (const match of header.matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /\brel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(match[2] ?? "");
    const names = (relations?.[1] ?? relations?.[2] ?? "").toLowerCase().split(/\s+/);
    if (names.includes("next")) return match[1];
  }
  return undefined;
}

function resolve(link: string | undefined, base: URL): URL | undefined {
  return link === undefined ? undefined : (URL.parse(link, base.href) ?? undefined);
}

function withParam(url: URL, name: string, value: string): URL {
  const next = new URL(url.href);
  next.searchParams.set(name, value);
  return next;
}
