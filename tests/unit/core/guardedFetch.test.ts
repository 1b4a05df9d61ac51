import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { AddressGuard } from "../../../lib/core/addressGuard.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from "../../../lib/core/guardedFetch.ts";
import { hang, json, LoopbackServer, redirect, type Answer } from "../plugins/LoopbackServer.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

function client(options: GuardedFetchOptions = {}): GuardedFetch {
  const created = createGuardedFetch(options);
  open.push(created);
  return created.fetch;
}

/** A client that may talk to loopback servers. */
function localClient(options: GuardedFetchOptions = {}): GuardedFetch {
  return client({ allowedPrivateHosts: ["127.0.0.1"], ...options });
}

async function serve(answers: Readonly<Record<string, Answer>>): Promise<LoopbackServer> {
  const server = await LoopbackServer.open(answers);
  open.push(server);
  return server;
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe("addresses", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
  ])("refuses %s", async (url) => {
    const error = await failure(client()(url));
    expect(error.code).toBe("ADDRESS_FORBIDDEN");
    expect(error.details["accepted"]).toBe("no");
  });

  test("refuses a name that resolves to a private address, without connecting", async () => {
    const server = await serve({ "GET /": json({}) });
    const fetch = client({ lookup: async () => ["127.0.0.1"] });
    expect((await failure(fetch(`http://innocent.example:${server.port}/`))).code).toBe("ADDRESS_FORBIDDEN");
    expect(server.arrivals).toEqual([]);
  });

  test("refuses a name with one public and one private address", async () => {
    const fetch = client({ lookup: async () => ["93.184.216.34", "10.0.0.1"] });
    expect((await failure(fetch("http://both.example/"))).message).toContain("10.0.0.1");
  });

  test("looks a name up once per connection and connects to the address that was checked", async () => {
    const server = await serve({ "POST /": json({ ok: true }) });
    const answers = [["127.0.0.1"], ["10.9.9.9"]];
    let lookups = 0;
    const fetch = client({ allowedPrivateHosts: ["127.0.0.0/8"], lookup: async () => answers[lookups++] ?? [] });
    const response = await fetch(`http://rebinding.example:${server.port}/`, { method: "POST" });
    expect(response.json()).toEqual({ ok: true });
    expect(lookups).toBe(1);
    expect(server.arrivals[0]?.headers.host).toBe(`rebinding.example:${server.port}`);
    expect((await failure(fetch(`http://rebinding.example:${server.port}/`, { method: "POST" }))).code).toBe("ADDRESS_FORBIDDEN");
  });

  test("goes to the next address when the first does not answer", async () => {
    const server = await serve({ "GET /": json(1) });
    const fetch = client({ allowedPrivateHosts: ["127.0.0.0/8", "::1/128"], lookup: async () => ["::1", "127.0.0.1"] });
    expect((await fetch(`http://two.example:${server.port}/`)).status).toBe(200);
  });

  test("allows by host, by host and port, and by range, and nothing beside", async () => {
    const lookup = async (): Promise<string[]> => ["10.1.2.3"];
    const guard = new AddressGuard({ allowedPrivateHosts: ["intranet.example", "[::1]:80", "LOCALHOST:3000", "10.2.0.0/16"], lookup });
    await expect(guard.resolve("intranet.example", 443)).resolves.toEqual(["10.1.2.3"]);
    await expect(guard.resolve("localhost", 3000)).resolves.toEqual(["10.1.2.3"]);
    await expect(guard.resolve("localhost", 3001)).rejects.toThrow(/10\.1\.2\.3/);
    await expect(guard.resolve("other.example", 443)).rejects.toThrow(/private/);
    await expect(guard.resolve("10.2.255.1", 80)).resolves.toEqual(["10.2.255.1"]);
    await expect(guard.resolve("10.3.0.1", 80)).rejects.toThrow(/private/);
    await expect(guard.resolve("[::1]", 80)).resolves.toEqual(["::1"]);
    await expect(guard.resolve("[::1]", 81)).rejects.toThrow(/loopback/);
  });

  test("an allowed literal does not let other names resolve to it", async () => {
    const guard = new AddressGuard({ allowedPrivateHosts: ["127.0.0.1:8080"], lookup: async () => ["127.0.0.1"] });
    await expect(guard.resolve("evil.example", 8080)).rejects.toThrow(/loopback/);
  });

  test("refuses every private IPv4 address in every IPv6 form that reaches it", async () => {
    const guard = new AddressGuard({});
    const octet = fc.integer({ min: 0, max: 255 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(10, 127, 0), octet, octet, octet, async (first, second, third, last) => {
        const hex = `${((first << 8) | second).toString(16)}:${((third << 8) | last).toString(16)}`;
        for (const text of [`::ffff:${hex}`, `::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`, `::ffff:0:${hex}`]) {
          await expect(guard.resolve(`[${text}]`, 80)).rejects.toThrow(AppError);
        }
      }),
    );
  });

  test("names a malformed entry of the operator's list", () => {
    for (const entry of ["10.0.0.0/99", "http://x", "a b", "host/path"]) {
      expect(() => new AddressGuard({ allowedPrivateHosts: [entry] })).toThrow(entry);
    }
  });
});

describe("URLs and headers", () => {
  test.each([
    "file:///etc/passwd",
    "ftp://example.com/",
    "data:text/plain,x",
    "http://user:secret@example.com/",
    "not a url",
    "gopher://x",
  ])("refuses %s before anything is resolved", async (url) => {
    const fetch = client({ lookup: async () => expect.fail("it was looked up") });
    const error = await failure(fetch(url));
    expect(error.code).toBe("PARAMS_INVALID");
    expect(error.message).not.toContain("secret");
  });

  test.each(["Host", "content-length", "Transfer-Encoding", "connection"])("refuses the header %s", async (name) => {
    expect((await failure(localClient()("http://127.0.0.1:1/", { headers: { [name]: "x" } }))).message).toContain(name);
  });

  test("refuses line breaks in header values", async () => {
    const server = await serve({ "GET /": json({}) });
    const error = await failure(localClient()(server.url, { headers: { "x-test": "a\r\nhost: evil" } }));
    expect(error.code).toBe("PARAMS_INVALID");
    expect(server.arrivals).toEqual([]);
  });
});

describe("redirects", () => {
  test("are followed and end at the last URL", async () => {
    const server = await serve({ "GET /a": redirect("/b"), "GET /b": redirect("c?x=1", 307), "GET /c": json({ end: true }) });
    const response = await localClient()(`${server.url}/a`);
    expect(response.json()).toEqual({ end: true });
    expect(response.url).toBe(`${server.url}/c?x=1`);
  });

  test("to a private address are refused although the first address was allowed", async () => {
    const target = await serve({ "GET /secret": json({ secret: 1 }) });
    const server = await serve({ "GET /": redirect(`http://localhost:${target.port}/secret`) });
    const fetch = client({ allowedPrivateHosts: [`127.0.0.1:${server.port}`] });
    expect((await failure(fetch(server.url))).code).toBe("ADDRESS_FORBIDDEN");
    expect(target.arrivals).toEqual([]);
  });

  test.each(["file:///etc/passwd", "http://user:pw@127.0.0.1/"])("to %s are refused", async (location) => {
    const server = await serve({ "GET /": redirect(location) });
    expect((await failure(localClient()(server.url))).code).toBe("PARAMS_INVALID");
  });

  test("end after five", async () => {
    const server = await serve({ "GET /": redirect("/") });
    const error = await failure(localClient()(server.url));
    expect(error.code).toBe("UPSTREAM_REJECTED");
    expect(server.arrivals).toHaveLength(6);
  });

  test("to another origin lose credentials, to the same one keep them", async () => {
    const target = await serve({ "GET /": json({}) });
    const server = await serve({ "GET /out": redirect(target.url), "GET /in": redirect("/end"), "GET /end": json({}) });
    const request = {
      headers: { Authorization: "Bearer s", Cookie: "c=1", "X-Api-Key": "k", "X-Plain": "p" },
      secretHeaders: ["x-api-key"],
    };
    await localClient()(`${server.url}/out`, request);
    await localClient()(`${server.url}/in`, request);
    expect(target.arrivals[0]?.headers).toMatchObject({ "x-plain": "p" });
    for (const name of ["authorization", "cookie", "x-api-key"]) expect(target.arrivals[0]?.headers).not.toHaveProperty(name);
    expect(server.arrivals.at(-1)?.headers).toMatchObject({ authorization: "Bearer s", "x-api-key": "k" });
  });

  test("303 turns a POST into a GET without body, 307 keeps both", async () => {
    const server = await serve({ "POST /303": redirect("/end", 303), "POST /307": redirect("/end", 307), "/end": json({}) });
    await localClient()(`${server.url}/303`, { method: "POST", body: "x" });
    await localClient()(`${server.url}/307`, { method: "POST", body: "x" });
    expect(server.arrivals.filter(({ path }) => path === "/end").map(({ method, body }) => [method, body])).toEqual([
      ["GET", ""],
      ["POST", "x"],
    ]);
  });

  test("come back as they are when none may be followed", async () => {
    const server = await serve({ "GET /": redirect("/b") });
    expect((await localClient()(server.url, { maxRedirects: 0 })).status).toBe(302);
  });
});

describe("bounds", () => {
  test("a hanging server ends at the time-out, and a sent POST may have been accepted", async () => {
    const server = await serve({ "/": hang });
    const error = await failure(localClient()(server.url, { method: "POST", timeoutMs: 200 }));
    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
    expect(error.message).toContain("200 ms");
    expect(error.details["accepted"]).toBe("maybe");
  });

  test("a GET that was sent is not said to be refused", async () => {
    const server = await serve({ "/": hang });
    expect((await failure(localClient()(server.url, { timeoutMs: 100 }))).details["accepted"]).toBe("maybe");
  });

  test("a look-up that hangs ends at the time-out, and nothing was accepted", async () => {
    const error = await failure(
      client({ lookup: async () => new Promise(() => undefined) })("http://slow.example/", { method: "POST", timeoutMs: 100 }),
    );
    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
    expect(error.details["accepted"]).toBe("no");
  });

  test("the time-out covers a body that trickles", async () => {
    const server = await serve({
      "GET /": (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write("x"), 20);
        response.on("close", () => clearInterval(timer));
      },
    });
    expect((await failure(localClient()(server.url, { timeoutMs: 200 }))).message).toContain("200 ms");
  });

  test("the caller's abort ends it with the caller's reason", async () => {
    const server = await serve({ "GET /": hang });
    const abort = new AbortController();
    const work = failure(localClient()(server.url, { signal: abort.signal }));
    abort.abort(new AppError("EXECUTION_CANCELLED", "stop"));
    expect((await work).message).toBe("stop");
  });

  test("reading stops at the limit, long before 50 MB", async () => {
    let sent = 0;
    const server = await serve({
      "GET /": (response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const push = (): void => {
          while (sent < 50_000_000 && !response.destroyed) {
            sent += chunk.byteLength;
            if (!response.write(chunk)) return void response.once("drain", push);
          }
          response.end();
        };
        push();
      },
    });
    const error = await failure(localClient()(server.url, { maxBytes: 1_000_000 }));
    expect(error.code).toBe("OUTPUT_TOO_LARGE");
    expect(error.message).toContain("1000000");
    expect(sent).toBeLessThan(20_000_000);
  });

  test("the limit counts decoded bytes, so a compressed bomb stops", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const server = await serve({ "GET /": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb) });
    expect((await failure(localClient()(server.url, { maxBytes: 1_000_000 }))).code).toBe("OUTPUT_TOO_LARGE");
  });

  test("compressed bodies come decoded, broken ones are refused", async () => {
    const server = await serve({
      "GET /good": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello")),
      "GET /bad": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("not gzip"),
      "HEAD /good": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(),
    });
    expect((await localClient()(`${server.url}/good`)).text()).toBe("hello");
    expect((await localClient()(`${server.url}/good`, { method: "HEAD" })).status).toBe(200);
    expect((await failure(localClient()(`${server.url}/bad`))).code).toBe("UPSTREAM_REJECTED");
  });
});

describe("what a failure proves", () => {
  test("a refused connection proves that nothing was accepted", async () => {
    const server = await LoopbackServer.open({});
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const error = await failure(localClient()(url, { method: "POST" }));
    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.details["accepted"]).toBe("no");
  });

  test("a name that does not exist proves it too", async () => {
    const lookup = async (): Promise<never> => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
    expect((await failure(client({ lookup })("http://none.example/", { method: "POST" }))).details["accepted"]).toBe("no");
  });

  test("a connection that breaks after the request proves nothing", async () => {
    const breaking = createServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => breaking.listen(0, "127.0.0.1", resolve));
    open.push({ [Symbol.asyncDispose]: async () => void breaking.close() });
    const { port } = breaking.address() as { port: number };
    const error = await failure(localClient()(`http://127.0.0.1:${port}/`, { method: "POST", body: "x" }));
    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
    expect(error.details["accepted"]).toBe("maybe");
  });

  test("a server that speaks no TLS is refused for sure", async () => {
    const server = await serve({ "/": json({}) });
    const error = await failure(localClient()(server.url.replace("http:", "https:"), { method: "POST" }));
    expect(error.details["accepted"]).toBe("no");
  });

  test("writes do not reuse a kept-alive connection, reads do", async () => {
    const server = await serve({ "/": json({}) });
    const fetch = localClient();
    for (const method of ["POST", "POST", "GET", "GET"]) await fetch(server.url, { method });
    expect(server.arrivals.map(({ headers }) => headers.connection)).toEqual(["close", "close", "keep-alive", "keep-alive"]);
  });

  test("a body that is not JSON is named by its beginning", async () => {
    const server = await serve({ "GET /": (response) => response.end("<html>oops") });
    const response = await localClient()(server.url);
    expect(() => response.json()).toThrow(/begins with "<html>oops"/);
  });
});
