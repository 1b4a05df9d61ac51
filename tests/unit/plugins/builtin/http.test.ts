import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGuardedFetch, type GuardedFetchClient } from "../../../../lib/core/guardedFetch.ts";
import type { JsonObject } from "../../../../lib/core/json.ts";
import { createHttpPlugin, type HttpPluginOptions } from "../../../../lib/plugins/builtin/http.ts";
import { createSecret } from "../../../../lib/plugins/createSecret.ts";
import { hashedIdempotencyKey } from "../../../../lib/plugins/idempotencyKey.ts";
import type { PluginExecutor } from "../../../../lib/plugins/PluginExecutor.ts";
import type { ActionOutcome, Secret } from "../../../../lib/plugins/types.ts";
import { callOf, dataOf, errorOf, executorOf } from "../executorOf.ts";
import { hang, json, LoopbackServer, redirect, type Answer } from "../LoopbackServer.ts";

let client: GuardedFetchClient;
const open: AsyncDisposable[] = [];
beforeEach(() => {
  client = createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] });
  open.push(client);
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function serve(answers: Readonly<Record<string, Answer>>): Promise<LoopbackServer> {
  const server = await LoopbackServer.open(answers);
  open.push(server);
  return server;
}

function executor(options: HttpPluginOptions = {}, secret?: Secret): PluginExecutor {
  return executorOf([createHttpPlugin(options)], { fetch: client.fetch, connections: { findSecret: async () => secret } });
}

async function call(action: string, params: JsonObject, secret?: Secret): Promise<ActionOutcome> {
  return executor({}, secret).execute(callOf("http", action, params));
}

describe("whole numbers in a JSON answer", () => {
  const answer =
    (text: string): Answer =>
    (response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(text);

  test("beyond what a number holds exactly become texts, all others stay numbers", async () => {
    const body =
      '{"id":9007199254740993,"ids":[-12345678901234567890,9007199254740991],"ratio":0.12345678901234567,"far":1e20,"a":"1234567890123456789"}';
    const server = await serve({ "/": answer(body) });

    const got = dataOf(await call("get", { url: server.url })) as JsonObject;

    expect(got["body"]).toEqual({
      id: "9007199254740993",
      ids: ["-12345678901234567890", 9007199254740991],
      ratio: Number("0.12345678901234567"),
      far: 1e20,
      a: "1234567890123456789",
    });
  });

  test("lead to the next page digit by digit when they are its cursor", async () => {
    const server = await serve({
      "/": (response, arrival) => {
        answer(arrival.path === "/" ? '{"items":[1],"next":9007199254740993}' : '{"items":[2],"next":null}')(response, arrival);
      },
    });

    await call("get", { url: `${server.url}/`, paginate: { by: "cursor", cursor: "next", items: "items" } });

    expect(server.arrivals.map(({ path }) => path)).toEqual(["/", "/?cursor=9007199254740993"]);
  });
});

describe("requests", () => {
  test("carry query, headers, and a body of each kind", async () => {
    const server = await serve({ "/": json({}) });
    await call("get", { url: `${server.url}/?a=1`, query: { b: [1, true], c: null, "d e": "ü&" }, headers: { "X-One": "1" } });
    await call("post", { url: server.url, body: { a: [1] } });
    await call("post", { url: server.url, body: "plain" });
    await call("post", { url: server.url, body: { a: "x y", b: [1, 2], c: null }, body_as: "form" });
    expect(server.arrivals.map(({ path, headers, body }) => [path, headers["content-type"], body])).toEqual([
      ["/?a=1&b=1&b=true&d+e=%C3%BC%26", undefined, ""],
      ["/", "application/json", '{"a":[1]}'],
      ["/", "text/plain; charset=utf-8", "plain"],
      ["/", "application/x-www-form-urlencoded", "a=x+y&b=1&b=2"],
    ]);
    expect(server.arrivals[0]?.headers["x-one"]).toBe("1");
  });

  test("that write carry the hashed key, the same for every try; reads carry none", async () => {
    const server = await serve({ "/": json({}) });
    for (const action of ["post", "post", "get"]) await call(action, { url: server.url });
    const key = hashedIdempotencyKey("e1/s1/0");
    expect(server.arrivals.map(({ headers }) => headers["idempotency-key"])).toEqual([key, key, undefined]);
  });

  test("a form of something that is no object is refused before it is sent", async () => {
    const outcome = errorOf(await call("post", { url: "http://127.0.0.1:1/", body: [1], body_as: "form" }));
    expect(outcome).toMatchObject({ effectHappened: "no", error: { code: "PARAMS_INVALID" } });
  });
});

describe("responses", () => {
  test("are decoded by their type, or as asked", async () => {
    const server = await serve({
      "GET /json": json({ a: 1 }),
      "GET /problem": (response) => response.writeHead(200, { "content-type": "application/problem+json" }).end('{"a":2}'),
      "GET /text": (response) =>
        response.writeHead(200, { "content-type": "text/plain; charset=iso-8859-1" }).end(Buffer.from("ü", "latin1")),
      "GET /bytes": (response) => response.writeHead(200, { "content-type": "image/png" }).end(Buffer.from([0, 255])),
      "GET /empty": (response) => response.writeHead(204).end(),
    });
    const bodyOf = async (path: string, extra: JsonObject = {}) =>
      (dataOf(await call("get", { url: server.url + path, ...extra })) as JsonObject)["body"];
    expect(await bodyOf("/json")).toEqual({ a: 1 });
    expect(await bodyOf("/problem")).toEqual({ a: 2 });
    expect(await bodyOf("/json", { response: "text" })).toBe('{"a":1}');
    expect(await bodyOf("/text")).toBe("ü");
    expect(await bodyOf("/bytes")).toBe("AP8=");
    expect(await bodyOf("/empty")).toBeNull();
  });

  test("do not carry cookies into stored outputs", async () => {
    const server = await serve({ "GET /": json({}, 200, { "set-cookie": "session=secret" }) });
    expect(JSON.stringify(dataOf(await call("get", { url: server.url })))).not.toContain("secret");
  });

  test.each<[number, string, "no" | "maybe"]>([
    [400, "UPSTREAM_REJECTED", "no"],
    [409, "UPSTREAM_REJECTED", "maybe"],
    [429, "RATE_LIMITED", "no"],
    [500, "UPSTREAM_UNAVAILABLE", "maybe"],
    [502, "UPSTREAM_UNAVAILABLE", "maybe"],
  ])("a POST answered %i is %s, and has %s effect", async (status, code, effectHappened) => {
    const server = await serve({ "/": json({ error: "because" }, status) });
    const outcome = errorOf(await call("post", { url: server.url }));
    expect(outcome).toMatchObject({ effectHappened, error: { code, details: { status } } });
    expect(outcome.error.message).toContain("because");
  });

  test("a POST that was taken and led to a page that is missing has perhaps happened", async () => {
    const server = await serve({ "POST /": redirect("/gone", 303) });
    expect(errorOf(await call("post", { url: server.url }))).toMatchObject({
      effectHappened: "maybe",
      error: { details: { status: 404 } },
    });
    const moved = await serve({ "POST /": redirect("/gone", 307) });
    expect(errorOf(await call("post", { url: moved.url }))).toMatchObject({ effectHappened: "no", error: { details: { status: 404 } } });
  });

  test("of any status are data when fail_on_status is false", async () => {
    const server = await serve({ "/": json({ error: 1 }, 404) });
    expect(dataOf(await call("post", { url: server.url, fail_on_status: false }))).toMatchObject({ status: 404, body: { error: 1 } });
  });

  test("say when to come back", async () => {
    const server = await serve({
      "GET /": json({}, 429, { "retry-after": "7" }),
      "GET /never": json({}, 503, { "retry-after": "999999999" }),
    });
    expect(errorOf(await call("get", { url: server.url })).error.retry).toEqual({ afterMs: 7_000 });
    expect(errorOf(await call("get", { url: `${server.url}/never` })).error.retry).toEqual({ afterMs: 86_400_000 });
  });
});

describe("bounds", () => {
  test("a server that hangs ends at timeout_ms; a sent POST has perhaps happened", async () => {
    const server = await serve({ "/": hang });
    const outcome = errorOf(await call("post", { url: server.url, timeout_ms: 150 }));
    expect(outcome).toMatchObject({
      effectHappened: "maybe",
      error: { code: "UPSTREAM_UNAVAILABLE", message: expect.stringContaining("150 ms") },
    });
  });

  test("a call is given a little more time than its request, so that an uncertain one can be judged soon", () => {
    const profile = (params: JsonObject) =>
      executor().profile({ plugin: "http", action: "post", params: { url: "http://x.example", ...params } });
    expect(profile({}).timeoutMs).toBe(35_000);
    expect(profile({ timeout_ms: 1_000 }).timeoutMs).toBe(6_000);
  });

  test("private addresses are refused, also after a redirect", async () => {
    const server = await serve({ "GET /": redirect("http://169.254.169.254/latest/") });
    expect(errorOf(await call("get", { url: "http://10.0.0.1/" })).error.code).toBe("ADDRESS_FORBIDDEN");
    expect(errorOf(await call("get", { url: server.url })).error.code).toBe("ADDRESS_FORBIDDEN");
  });
});

describe("connections", () => {
  test.each([
    ["bearer", {}, "authorization", "Bearer s3cret"],
    ["basic", { scheme: "basic" }, "authorization", `Basic ${Buffer.from("s3cret").toString("base64")}`],
    ["header", { scheme: "header", header: "X-Token" }, "x-token", "s3cret"],
  ])("are sent as %s", async (_, auth, header, value) => {
    const server = await serve({ "/": json({}) });
    await call("get", { url: server.url, auth: { connection: "api", ...auth } }, createSecret("api", "s3cret"));
    expect(server.arrivals[0]?.headers[header]).toBe(value);
  });

  test("go only to the hosts they are for", async () => {
    const server = await serve({ "/": json({}) });
    const outcome = errorOf(
      await call("post", { url: server.url, auth: { connection: "api" } }, createSecret("api", "s3cret", [".example.com"])),
    );
    expect(outcome).toMatchObject({ effectHappened: "no", error: { code: "ADDRESS_FORBIDDEN" } });
    expect(outcome.error.message).not.toContain("s3cret");
    expect(server.arrivals).toEqual([]);
  });

  test("do not follow redirects or pages to another origin", async () => {
    const other = await serve({ "/": json([1]) });
    const server = await serve({ "/redirect": redirect(other.url), "/pages": json([0], 200, { link: `<${other.url}/>; rel="next"` }) });
    const auth = { connection: "api", scheme: "header", header: "x-token" };
    await call("get", { url: `${server.url}/redirect`, auth }, createSecret("api", "s3cret"));
    await call("get", { url: `${server.url}/pages`, auth, paginate: { by: "link" } }, createSecret("api", "s3cret"));
    expect(server.arrivals.every(({ headers }) => headers["x-token"] === "s3cret")).toBe(true);
    expect(other.arrivals.map(({ headers }) => headers["x-token"])).toEqual([undefined, undefined]);
  });

  test("that are missing stop the request", async () => {
    expect(errorOf(await call("post", { url: "http://127.0.0.1:1/", auth: { connection: "none" } }))).toMatchObject({
      effectHappened: "no",
      error: { code: "CONNECTION_MISSING" },
    });
  });
});

describe("repeating", () => {
  const profile = (action: string, params: JsonObject, options: HttpPluginOptions = {}) =>
    executor(options).profile({ plugin: "http", action, params }).idempotency;

  test("a POST is not idempotent unless somebody says that the server honours the key", () => {
    const url = "https://api.example.com/charges";
    expect(profile("post", { url })).toEqual({ by: "none", windowHours: 0 });
    expect(profile("post", { url, idempotency_window_hours: 24 })).toEqual({ by: "header", windowHours: 24 });
    expect(profile("patch", { url }, { idempotencyKeyHosts: { "api.example.com": 12 } })).toEqual({ by: "header", windowHours: 12 });
    expect(profile("post", { url: "https://example.org" }, { idempotencyKeyHosts: { "api.example.com": 12 } }).by).toBe("none");
  });

  test("PUT and DELETE are idempotent by themselves, also as request", () => {
    const url = "https://api.example.com/";
    expect([profile("put", { url }).by, profile("delete", { url }).by, profile("request", { url, method: "PUT" }).by]).toEqual([
      "natural",
      "natural",
      "natural",
    ]);
    expect(profile("request", { url, method: "POST" }).by).toBe("none");
  });
});

describe("verify", () => {
  test.each([
    [200, { happened: true, output: expect.objectContaining({ status: 200 }) }],
    [404, { happened: false }],
    [500, { happened: "unknown" }],
  ])("a verify_url that answers %i", async (status, expected) => {
    const server = await serve({ "GET /check": json({ id: 1 }, status) });
    const found = await executor().verify(callOf("http", "post", { url: server.url, verify_url: `${server.url}/check?ref={key}` }));
    expect(found).toEqual(expected);
    expect(server.arrivals[0]?.path).toBe(`/check?ref=${hashedIdempotencyKey("e1/s1/0")}`);
  });

  test("without verify_url nothing is known", async () => {
    expect(await executor().verify(callOf("http", "post", { url: "http://127.0.0.1:1/" }))).toEqual({ happened: "unknown" });
  });
});

describe("pages", () => {
  const pages = (count: number, answer: (page: number, server: () => string) => Answer, server: () => string): Record<string, Answer> => ({
    "GET /": (response, arrival) => {
      const page = Number(
        new URL(arrival.path, "http://x").searchParams.get("page") ?? new URL(arrival.path, "http://x").searchParams.get("cursor") ?? "1",
      );
      (page > count ? json({ rows: [], next: null }) : answer(page, server))(response, arrival);
    },
  });

  async function open3(answer: (page: number, url: () => string) => Answer): Promise<LoopbackServer> {
    let server: LoopbackServer | undefined;
    server = await serve(pages(3, answer, () => server?.url ?? ""));
    return server;
  }

  test("are followed by the Link header, ignoring other relations", async () => {
    const server = await open3((page) =>
      json([page], 200, { link: page < 3 ? `<?page=1>; rel="prev", <?page=${page + 1}>; rel="x next"` : "" }),
    );
    expect(dataOf(await call("get", { url: server.url, paginate: { by: "link" } }))).toEqual({
      items: [1, 2, 3],
      page_count: 3,
      is_truncated: false,
    });
  });

  test("are followed by a cursor, or by the next URL in its place", async () => {
    const byCursor = await open3((page) => json({ rows: [page], next: page < 3 ? page + 1 : null }));
    const paginate = { by: "cursor", items: "rows", cursor: "next" };
    expect(dataOf(await call("get", { url: byCursor.url, paginate }))).toMatchObject({ items: [1, 2, 3], is_truncated: false });
    const byUrl = await open3((page, url) => json({ rows: [page], next: page < 3 ? `${url()}/?page=${page + 1}` : "" }));
    expect(dataOf(await call("get", { url: byUrl.url, paginate }))).toMatchObject({ items: [1, 2, 3], is_truncated: false });
  });

  test("are counted until one is empty", async () => {
    const server = await open3((page) => json({ rows: [page] }));
    expect(dataOf(await call("get", { url: server.url, paginate: { by: "page", items: "rows" } }))).toEqual({
      items: [1, 2, 3],
      page_count: 4,
      is_truncated: false,
    });
  });

  test("end at max_pages and max_items, and say so", async () => {
    const server = await open3((page) => json({ rows: [page, page] }));
    const paginate = { by: "page", items: "rows" };
    expect(dataOf(await call("get", { url: server.url, paginate: { ...paginate, max_pages: 2 } }))).toEqual({
      items: [1, 1, 2, 2],
      page_count: 2,
      is_truncated: true,
    });
    expect(dataOf(await call("get", { url: server.url, paginate: { ...paginate, max_items: 3 } }))).toEqual({
      items: [1, 1, 2],
      page_count: 2,
      is_truncated: true,
    });
  });

  test("that lead back to themselves are an error, not a loop", async () => {
    const server = await serve({ "GET /": json([1], 200, { link: '</>; rel="next"' }) });
    expect(errorOf(await call("get", { url: server.url, paginate: { by: "link" } })).error.code).toBe("LOOP_LIMIT");
    expect(server.arrivals).toHaveLength(1);
  });

  test("whose list is elsewhere are named", async () => {
    const server = await serve({ "GET /": json({ data: { rows: [] } }) });
    expect(errorOf(await call("get", { url: server.url, paginate: { by: "page", items: "data" } })).error.message).toContain(
      "data is not a list",
    );
    expect(errorOf(await call("get", { url: server.url, paginate: { by: "cursor" } })).error.message).toContain("paginate.cursor");
  });
});
