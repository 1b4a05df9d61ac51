import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LineReader } from "../../../lib/cli/socket/LineReader.ts";
import { SocketClient } from "../../../lib/cli/socket/SocketClient.ts";
import { SocketServer } from "../../../lib/cli/socket/SocketServer.ts";
import { MAX_REQUEST_BYTES } from "../../../lib/cli/socket/socketProtocol.ts";
import { AppError } from "../../../lib/core/errors.ts";
import type { ExecutionEvent } from "../../../lib/systemApi.ts";
import { MemorySystem } from "./MemorySystem.ts";

let folder: string;
let listener: Server;
let memory: MemorySystem;
let server: SocketServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "nf-socket-"));
  memory = new MemorySystem();
  server = new SocketServer(memory.asSystem());
  listener = createServer((socket) => {
    sockets.push(socket);
    server.serve(socket);
  });
  await new Promise<void>((resolve) => listener.listen(path.join(folder, "s"), resolve));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
  await rm(folder, { recursive: true });
});

async function connectClient(): Promise<SocketClient> {
  const client = new SocketClient(await connectRaw());
  await client.hello();
  return client;
}

async function connectRaw(): Promise<Socket> {
  const socket = connect(path.join(folder, "s"));
  sockets.push(socket);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Sends raw text; the answer's first line. */
async function ask(
  socket: Socket,
  text: string | Buffer,
): Promise<{ id: number | null; error?: { code: string; message: string }; result?: unknown }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const reader = new LineReader({ maxBytes: 1e9, onLine: resolve, onTooLong: () => undefined });
  const read = (chunk: Buffer): void => reader.push(chunk);
  socket.on("data", read);
  socket.write(text);
  const line = await promise;
  socket.off("data", read);
  return JSON.parse(line);
}

const HELLO = `${JSON.stringify({ id: 1, method: "hello", params: [{ protocol: 1 }] })}\n`;

describe("SocketClient and SocketServer", () => {
  test("carry a call and its result over", async () => {
    const client = await connectClient();

    const started = (await client.call("start", [{ agent: "digest", inputs: { text: "ä\u0000\n" } }])) as { executionId: string };

    expect(memory.require(started.executionId).status).toBe("running");
    expect(memory.calls[0]).toEqual({ method: "start", params: [{ agent: "digest", inputs: { text: "ä\u0000\n" } }] });
  });

  test("carry an error over with code, details and hint", async () => {
    memory.answers.set("cancel", () => {
      throw new AppError("CONFLICT", "it has ended", { details: { got: "completed" }, hint: "look at it" });
    });
    const client = await connectClient();

    await expect(client.call("cancel", ["x", "me"])).rejects.toMatchObject({
      code: "CONFLICT",
      message: "it has ended",
      details: { got: "completed" },
      hint: "look at it",
    });
  });

  test("answer several calls at once, each with its own result", async () => {
    const client = await connectClient();
    memory.answers.set("showAgent", async (name) => {
      if (name === "slow") await new Promise((resolve) => setImmediate(resolve));
      return { name };
    });

    expect(await Promise.all(["slow", "fast"].map(async (name) => client.call("showAgent", [name])))).toEqual([
      { name: "slow" },
      { name: "fast" },
    ]);
  });

  test("forward events until unsubscribed, and stop when the client dies", async () => {
    const [client, other] = [await connectClient(), await connectClient()];
    const seen: ExecutionEvent[] = [];
    const unsubscribe = client.subscribe("e1", (event) => seen.push(event));
    other.subscribe("e1", () => undefined);
    await Promise.all([client.call("listExecutions", [{}]), other.call("listExecutions", [{}])]);

    memory.emit({ executionId: "e1", type: "step_started", path: "a" });
    memory.emit({ executionId: "e2", type: "step_started", path: "b" });
    await client.call("listExecutions", [{}]);
    unsubscribe();
    await client.call("listExecutions", [{}]);
    other.close();
    await expect.poll(() => memory.listenerCount("e1")).toBe(0);

    expect(seen).toEqual([{ executionId: "e1", type: "step_started", path: "a" }]);
  });

  test("begin to work when somebody counts on it, once", async () => {
    const client = await connectClient();
    await client.call("listExecutions", [{}]);
    expect(memory.worked).toBe(0);

    await client.call("start", [{}]);
    await client.call("start", [{}]);

    expect(memory.worked).toBe(1);
  });

  test("an owner that dies fails the calls under way, with what to do", async () => {
    const client = await connectClient();
    const { executionId } = (await client.call("start", [{}])) as { executionId: string };
    const waiting = client.call("wait", [executionId]).catch((error: unknown) => error);

    for (const socket of sockets) socket.destroy();

    expect(await waiting).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", hint: expect.stringContaining("executions ls") });
    await expect(client.call("report", [executionId])).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  test("an owner that leaves sends waiters to the next one, finishes what is under way, and refuses what is new", async () => {
    const client = await connectClient();
    const { executionId } = (await client.call("start", [{}])) as { executionId: string };
    const finish = Promise.withResolvers<string>();
    memory.answers.set("plan", () => finish.promise);
    const outcomes = Promise.allSettled([client.call("wait", [executionId]), client.call("plan", [{}])]);
    await expect.poll(() => memory.calls.length).toBe(3);

    const drained = server.drain();
    await expect(client.call("report", [executionId])).rejects.toMatchObject({ details: { reason: "owner_closing" } });
    finish.resolve("planned");
    await drained;
    const [waited, planned] = await outcomes;

    expect(waited).toMatchObject({ status: "rejected", reason: { details: { reason: "owner_closing" } } });
    expect(planned).toEqual({ status: "fulfilled", value: "planned" });
    expect(server.startedByOthers).toEqual([executionId]);
  });

  test("a client never sends a request that is too large", async () => {
    const client = await connectClient();

    await expect(client.call("start", [{ text: "x".repeat(MAX_REQUEST_BYTES) }])).rejects.toMatchObject({
      code: "USAGE",
      message: "a request is larger than 32 MB",
    });
    expect(await client.call("listExecutions", [{}])).toEqual([]);
  });
});

describe("SocketServer against bad input", () => {
  test.each([
    ["no JSON", "{nonsense\n", null, "a request is not valid JSON"],
    ["an array", "[1]\n", null, "a request must be a JSON object"],
    ["no id", '{"method":"hello","params":[]}\n', null, "a request needs a number as id"],
    ["no method", '{"id":7,"params":[]}\n', 7, "a request needs a text as method"],
    ["no params", '{"id":7,"method":"hello"}\n', 7, "a request needs an array of at most 8 params"],
    ["no greeting", '{"id":7,"method":"report","params":["x"]}\n', 7, "the first request must be hello, got report"],
    [
      "another protocol",
      '{"id":7,"method":"hello","params":[{"protocol":99}]}\n',
      7,
      "the data folder's owner speaks protocol 1, this command 99",
    ],
    ["no protocol", '{"id":7,"method":"hello","params":[]}\n', 7, "the data folder's owner speaks protocol 1, this command null"],
    ["invalid UTF-8", Buffer.from([0xff, 0xfe, 0x0a]), null, "a request is not valid JSON"],
  ])("answers %s with an error that says what is wrong", async (_name, text, id, message) => {
    const answer = await ask(await connectRaw(), text);

    expect(answer).toMatchObject({ id, error: { message } });
  });

  test.each(["constructor", "__proto__", "close", "asyncDispose", "toString", ""])(
    "refuses the method %j, which is not of the API",
    async (method) => {
      const socket = await connectRaw();
      await ask(socket, HELLO);

      const answer = await ask(socket, `${JSON.stringify({ id: 2, method, params: [] })}\n`);

      expect(answer).toMatchObject({ id: 2, error: { code: "USAGE", message: `unknown method ${JSON.stringify(method)}` } });
    },
  );

  test("drops a request above 32 MB, says so, and serves the next one", async () => {
    const socket = await connectRaw();
    await ask(socket, HELLO);

    const answer = await ask(socket, `{"id":2,"method":"start","params":["${"x".repeat(MAX_REQUEST_BYTES)}"]}\n`);
    const next = await ask(socket, '{"id":3,"method":"listExecutions","params":[{}]}\n');

    expect(answer).toMatchObject({ id: null, error: { message: "a request is larger than 32 MB" } });
    expect(next).toEqual({ id: 3, result: [] });
  });

  test("survives a client that breaks off in the middle of a line", async () => {
    const socket = await connectRaw();
    socket.write('{"id":1,"meth');
    socket.destroy();

    expect(await (await connectClient()).call("listExecutions", [{}])).toEqual([]);
  });

  test("keeps no more than a few megabytes for a client that does not read", async () => {
    const socket = await connectRaw();
    await ask(socket, HELLO);
    await ask(socket, '{"id":2,"method":"subscribe","params":[1,"e1"]}\n');
    socket.pause();
    const text = "x".repeat(1_000_000);

    for (let count = 0; count < 40; count += 1) memory.emit({ executionId: "e1", type: "delta", text });

    const unread = Math.max(...sockets.map(({ writableLength }) => writableLength));
    expect(unread).toBeGreaterThan(0);
    expect(unread).toBeLessThan(6_000_000);
  });

  test("survives any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const socket = await connectRaw();
        socket.write(Buffer.concat([Buffer.from(bytes), Buffer.from("\n")]));
        socket.end();
        await new Promise((resolve) => socket.once("close", resolve).resume());
      }),
      { numRuns: 50 },
    );

    expect(await (await connectClient()).call("listExecutions", [{}])).toEqual([]);
  });
});

describe("LineReader", () => {
  test("gives the same lines however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", minLength: 1 }).filter((line) => !line.includes("\n") && line.trim() !== "")),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          const read: string[] = [];
          const reader = new LineReader({ maxBytes: 1e6, onLine: (line) => read.push(line), onTooLong: () => undefined });
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = cuts[turn % Math.max(cuts.length, 1)] ?? 3;
            reader.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(read).toEqual(lines);
        },
      ),
    );
  });
});
