import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { McpServerConfig } from "../../../../lib/config/McpServerConfig.ts";
import { callOf, dataOf, errorOf } from "../executorOf.ts";
import { verdictOf } from "../email/mailWorld.ts";
import { hang, json, LoopbackServer, redirect, type Answer } from "../LoopbackServer.ts";
import { openTestFolder } from "../openTestFolder.ts";
import { McpWorld, processServer } from "./McpWorld.ts";

const EVERYTHING = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
const FILESYSTEM = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));

describe("server-everything over standard streams", () => {
  test("lists its tools and answers with text, images, links and structures", async () => {
    await using world = await McpWorld.open([processServer(process.execPath, [EVERYTHING, "stdio"])]);

    expect(world.listing.plugins[0]?.actions.size).toBeGreaterThan(10);
    expect(dataOf(await world.call("echo", { message: "hi" }))).toMatchObject({ text: "Echo: hi" });
    expect(dataOf(await world.call("get-sum", { a: 2, b: 3 }))).toMatchObject({ text: "The sum of 2 and 3 is 5." });
    expect(dataOf(await world.call("get-tiny-image"))).toMatchObject({
      content: expect.arrayContaining([expect.objectContaining({ type: "image" })]),
    });
    expect(dataOf(await world.call("get-structured-content", { location: "Chicago" }))).toMatchObject({ structured: { temperature: 36 } });
    expect(dataOf(await world.call("get-resource-links", { count: 2 }))).toMatchObject({
      content: expect.arrayContaining([expect.objectContaining({ type: "resource_link" })]),
    });
    expect(errorOf(await world.call("get-sum", { a: "many", b: 3 })).error.code).toBe("PARAMS_INVALID");
  });

  test("stays one process over many calls, though it keeps announcing tools", async () => {
    await using world = await McpWorld.open([processServer(process.execPath, [EVERYTHING, "stdio"])]);
    const pid = await world.servers.session("odd")?.pid();

    for (let at = 0; at < 5; at += 1) dataOf(await world.call("echo", { message: `${at}` }));
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, at) => world.call("get-sum", { a: at, b: 1 })));

    expect(answers.map((answer) => (dataOf(answer) as { text: string }).text)).toEqual(
      answers.map((_, at) => `The sum of ${at} and 1 is ${at + 1}.`),
    );
    expect(await world.servers.session("odd")?.pid()).toBe(pid);
  });

  test("is given up in a long operation, and is there for the next call", async () => {
    await using world = await McpWorld.open([processServer(process.execPath, [EVERYTHING, "stdio"], { timeoutMs: 2_000 })]);

    const outcome = await world.call("trigger-long-running-operation", { duration: 60, steps: 5 });

    expect([verdictOf(outcome), errorOf(outcome).error.code]).toEqual(["uncertain", "STEP_TIMEOUT"]);
    dataOf(await world.call("echo", { message: "again" }));
  });

  test("lets an aborted operation go at once", async () => {
    await using world = await McpWorld.open([processServer(process.execPath, [EVERYTHING, "stdio"])]);
    const startedMs = performance.now();

    const outcome = await world.call("trigger-long-running-operation", { duration: 60, steps: 5 }, AbortSignal.timeout(1_000));

    expect([verdictOf(outcome), errorOf(outcome).error.code]).toEqual(["uncertain", "EXECUTION_CANCELLED"]);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("server-filesystem", () => {
  test("writes, reads and moves below its folder, and its refusals beyond it are no success", async () => {
    await using folder = await openTestFolder();
    await writeFile(join(folder.path, "a.txt"), "hello");
    await using world = await McpWorld.open([processServer(process.execPath, [FILESYSTEM, folder.path])]);
    const effects = Object.fromEntries([...(world.listing.plugins[0]?.actions ?? [])].map(([name, { effect }]) => [name, effect]));

    expect(effects).toMatchObject({ read_text_file: "read", list_directory: "read", write_file: "destructive", move_file: "destructive" });
    expect(dataOf(await world.call("read_text_file", { path: join(folder.path, "a.txt") }))).toMatchObject({ text: "hello" });
    dataOf(await world.call("write_file", { path: join(folder.path, "b.txt"), content: "written" }));
    expect(await readFile(join(folder.path, "b.txt"), "utf8")).toBe("written");
    const outside = await world.call("write_file", { path: "/etc/neuronforge-test", content: "x" });
    expect([verdictOf(outside), errorOf(outside).error.code]).toEqual(["uncertain", "PLUGIN_FAILED"]);
    expect(errorOf(await world.call("read_text_file", { path: "/etc/passwd" }))).toMatchObject({
      effectHappened: "no",
      error: { code: "PLUGIN_FAILED" },
    });
  });
});

describe("streamable HTTP", () => {
  const remote = (url: string, more: Partial<McpServerConfig> = {}): McpServerConfig => ({
    name: "odd",
    timeoutMs: 5_000,
    tools: null,
    effects: {},
    target: { kind: "address", url, connection: null },
    ...more,
  });
  const loopback = { allowedPrivateHosts: ["127.0.0.1"] };

  test("speaks to server-everything", async () => {
    const port = await freePort();
    await using folder = await openTestFolder();
    await mkdir(join(folder.path, "mcp"));
    const server = spawn(process.execPath, [EVERYTHING, "streamableHttp"], {
      env: { PORT: String(port), PATH: process.env["PATH"] ?? "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      await once(server.stderr, "data");
      await using world = await McpWorld.open([remote(`http://127.0.0.1:${port}/mcp`)], loopback);

      expect(world.listing.missing).toEqual(new Map());
      expect(dataOf(await world.call("echo", { message: "hi" }))).toMatchObject({ text: "Echo: hi" });
      const sums = await Promise.all([1, 2, 3].map(async (a) => world.call("get-sum", { a, b: 1 })));
      expect(sums.map((sum) => sum.ok)).toEqual([true, true, true]);
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("refuses private addresses that the operator does not allow", async () => {
    await using server = await LoopbackServer.open({});
    await using world = await McpWorld.open([remote(`${server.url}/mcp?at=7`)]);

    const reason = world.listing.missing.get("mcp-odd");

    expect(reason).toContain("which is loopback: refused");
    expect(reason).not.toContain("at=7");
    expect(server.arrivals).toEqual([]);
  });

  test.each([302, 307])("follows no redirect, not even within one server (%i)", async (status) => {
    await using server = await LoopbackServer.open({ "POST /mcp": redirect("/elsewhere", status) });
    await using world = await McpWorld.open([remote(`${server.url}/mcp`)], loopback);

    expect(world.listing.missing.has("mcp-odd")).toBe(true);
    expect(server.arrivals.map(({ path }) => path)).toEqual(["/mcp"]);
  });

  /** The least that a server must say. A result may be an answer of its own. */
  async function openScripted(onCall: Answer, more: Readonly<Record<string, Answer>> = {}): Promise<LoopbackServer> {
    return LoopbackServer.open({
      "POST /mcp": (response, arrival) => {
        const { id, method, params } = JSON.parse(arrival.body) as { id?: number; method: string; params?: { protocolVersion?: string } };
        if (id === undefined) return void response.writeHead(202).end();
        if (method === "tools/call") return onCall(response, arrival);
        const tool = { name: "write_note", description: "Writes a note", inputSchema: { type: "object" } };
        const serverInfo = { name: "scripted", version: "1" };
        const result =
          method === "initialize"
            ? { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo }
            : { tools: [tool] };
        json({ jsonrpc: "2.0", id, result }, 200, { "mcp-session-id": "s1" })(response, arrival);
      },
      "GET /mcp": (response) => response.writeHead(405).end(),
      ...more,
    });
  }

  test.each<[string, Answer, string, string]>([
    ["cuts the connection", (response) => response.destroy(), "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["says 500", (response) => response.writeHead(500).end("broken"), "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["says 403", (response) => response.writeHead(403).end("no"), "not sent", "UPSTREAM_REJECTED"],
    ["says nothing", hang, "uncertain", "STEP_TIMEOUT"],
    [
      "says what is no JSON",
      (response) => response.writeHead(200, { "content-type": "application/json" }).end("<html>"),
      "uncertain",
      "UPSTREAM_UNAVAILABLE",
    ],
    [
      "streams half an answer",
      (response) => response.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"jsonrpc":'),
      "uncertain",
      "STEP_TIMEOUT",
    ],
    [
      "sends 50 MB",
      (response) => response.writeHead(200, { "content-type": "application/json" }).end(Buffer.alloc(50_000_000, 32)),
      "uncertain",
      "OUTPUT_TOO_LARGE",
    ],
  ])("a server that %s", async (_what, onCall, verdict, code) => {
    await using server = await openScripted(onCall);
    await using world = await McpWorld.open([remote(`${server.url}/mcp`)], loopback);

    const outcome = await world.call("write_note");

    expect([verdictOf(outcome), errorOf(outcome).error.code]).toEqual([verdict, code]);
    expect(server.arrivals.filter(({ body }) => body.includes("tools/call"))).toHaveLength(1);
  });

  test.each<[string, Answer]>([
    ["hears it", (response) => response.writeHead(200).end()],
    ["does not answer", hang],
  ])("ends its session when we close, though the server %s", async (_what, onDelete) => {
    await using server = await openScripted(hang, { "DELETE /mcp": onDelete });
    const world = await McpWorld.open([remote(`${server.url}/mcp`)], loopback);
    const startedMs = performance.now();

    await world[Symbol.asyncDispose]();

    expect(server.arrivals.at(-1)).toMatchObject({ method: "DELETE", headers: { "mcp-session-id": "s1" } });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  test("sends the stored connection as bearer token, and shows it nowhere", async () => {
    await using server = await openScripted((response) => response.writeHead(401).end("value-of-token is wrong"));
    await using world = await McpWorld.open(
      [remote(`${server.url}/mcp`, { target: { kind: "address", url: `${server.url}/mcp`, connection: "token" } })],
      loopback,
    );

    const { error, effectHappened } = errorOf(await world.executor.execute(callOf("mcp-odd", "write_note", {})));

    expect(server.arrivals.every(({ headers }) => headers.authorization === "Bearer value-of-token")).toBe(true);
    expect([error.code, effectHappened]).toEqual(["UPSTREAM_REJECTED", "no"]);
    expect(error.message).not.toContain("value-of-token");
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === "object" && address !== null ? address.port : 0;
}
