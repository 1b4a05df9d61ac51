import { afterAll, describe, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import { AppError } from "../../../../lib/core/errors.ts";
import { createGuardedFetch, type GuardedFetch } from "../../../../lib/core/guardedFetch.ts";
import { createEmailPlugin } from "../../../../lib/plugins/builtin/email.ts";
import { csvPlugin } from "../../../../lib/plugins/builtin/csv.ts";
import { filesPlugin } from "../../../../lib/plugins/builtin/files.ts";
import { createHttpPlugin } from "../../../../lib/plugins/builtin/http.ts";
import { jsonPlugin } from "../../../../lib/plugins/builtin/json.ts";
import { createOutboxPlugin } from "../../../../lib/plugins/builtin/outbox.ts";
import { FileJail } from "../../../../lib/plugins/files/FileJail.ts";
import type { FileServices } from "../../../../lib/plugins/types.ts";
import { describePlugin, type ActionCase, type PluginWorld } from "../../../../lib/testing/describePlugin.ts";
import { ImapPeer } from "../email/ImapPeer.ts";
import { ALLOWED, smtpAccount, storedAccounts } from "../email/mailWorld.ts";
import { ScriptedSmtp } from "../email/ScriptedSmtp.ts";
import { SmtpPeer } from "../email/SmtpPeer.ts";
import { hang, json, LoopbackServer } from "../LoopbackServer.ts";
import { McpWorld, oddServer } from "../mcp/McpWorld.ts";
import { openTestFolder } from "../openTestFolder.ts";

const runner = { describe, test };
const noFetch: GuardedFetch = async () => Promise.reject(new AppError("ADDRESS_FORBIDDEN", "no network in this world"));
const noFiles = (): FileServices => new FileJail({ root: "/dev/null/none", clock: systemClock });

function pureWorld(cases: Record<string, ActionCase>): () => Promise<PluginWorld> {
  return async () => ({ cases, fetch: noFetch, filesOf: noFiles, observe: async () => null, [Symbol.asyncDispose]: async () => undefined });
}

describePlugin(runner, {
  plugin: jsonPlugin,
  openWorld: pureWorld({
    parse: { params: { text: "[1]" }, wrong: { params: { text: {} }, field: "text" } },
    stringify: {
      params: { value: { a: 1 } },
      wrong: { params: { value: 1, indent: 99 }, field: "indent" },
      tooLarge: { value: "x".repeat(10_000_001) },
    },
    query: { params: { value: { a: [{ b: 1 }] }, path: "a[*].b" }, wrong: { params: { path: "a" }, field: "value" } },
    merge: { params: { values: [{ a: 1 }, { b: 2 }] }, wrong: { params: { values: [[1]] }, field: "values" } },
    validate: { params: { value: 5, schema: { type: "string" } }, wrong: { params: { value: 5 }, field: "schema" } },
  }),
});

describePlugin(runner, {
  plugin: csvPlugin,
  openWorld: pureWorld({
    parse: { params: { text: "a,b\n1,2" }, wrong: { params: { text: "a", delimiter: ";;" }, field: "delimiter" } },
    stringify: {
      params: { rows: [{ a: 1 }] },
      wrong: { params: { rows: 5 }, field: "rows" },
      tooLarge: { rows: [{ a: "x".repeat(10_000_001) }] },
    },
  }),
});

describePlugin(runner, {
  plugin: filesPlugin,
  openWorld: async () => {
    const folder = await openTestFolder();
    const files = new FileJail({ root: folder.path, clock: systemClock });
    await files.write("a.txt", Buffer.from("hello"));
    await files.write("large.bin", Buffer.alloc(9_000_000));
    return {
      cases: {
        read: {
          params: { path: "a.txt" },
          wrong: { params: { path: 5, as: "picture" }, field: "as" },
          tooLarge: { path: "large.bin", as: "base64", max_bytes: 9_500_000 },
        },
        write: { params: { path: "new/b.json", content: { a: 1 } }, wrong: { params: { path: "b" }, field: "content" } },
        append: { params: { path: "log.txt", content: "line" }, wrong: { params: { path: "log.txt" }, field: "content" } },
        list: { params: { recursive: true }, wrong: { params: { limit: 0 }, field: "limit" } },
        exists: { params: { path: "a.txt" }, wrong: { params: {}, field: "path" } },
        delete: { params: { path: "a.txt" }, wrong: { params: { paths: ["a.txt"] }, field: "paths" } },
      },
      fetch: noFetch,
      filesOf: () => files,
      observe: async () => folder.snapshot(),
      [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
    };
  },
});

/** The outbox is given to the plugin when it is made; each test's world puts a fresh folder under it. */
let outbox: FileServices = noFiles();
describePlugin(runner, {
  plugin: createOutboxPlugin(() => outbox),
  openWorld: async () => {
    const folder = await openTestFolder();
    outbox = new FileJail({ root: folder.path, clock: systemClock });
    return {
      cases: {
        deliver: {
          params: { to: "me@example.com", subject: "Report", body: { total: 5 } },
          wrong: { params: { subject: "Report" }, field: "body" },
        },
        list: { params: {}, wrong: { params: { limit: "many" }, field: "limit" } },
      },
      fetch: noFetch,
      filesOf: noFiles,
      observe: async () => folder.snapshot(),
      [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose](),
    };
  },
});

const client = createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] });
afterAll(async () => client[Symbol.asyncDispose]());

/** A server that honours the idempotency key, as a payment API does, and can be asked for what it did under a key. */
async function openHttpWorld(): Promise<PluginWorld> {
  const done = new Map<string, string>();
  const server = await LoopbackServer.open({
    "GET /list": json([1, 2]),
    "GET /hang": hang,
    "/hang": hang,
    "GET /large": (response) => response.writeHead(200, { "content-type": "application/octet-stream" }).end(Buffer.alloc(9_000_000)),
    "/orders": (response, { method, headers, body }) => {
      const key = String(headers["idempotency-key"]);
      done.set(key, `${method} ${body}`);
      json({ id: key })(response, { method, headers, body, path: "/orders" });
    },
    "GET /done": (response, arrival) => {
      const key = new URL(arrival.path, "http://x").searchParams.get("key") ?? "";
      json({ id: key }, done.has(key) ? 200 : 404)(response, arrival);
    },
  });
  const url = `${server.url}/orders`;
  const write = { url, body: { amount: 5 }, verify_url: `${server.url}/done?key={key}`, idempotency_window_hours: 24 };
  const hanging = { url: `${server.url}/hang` };
  const writeCase: ActionCase = { params: write, wrong: { params: { url, timeout_ms: 0 }, field: "timeout_ms" }, hanging };
  return {
    cases: {
      get: {
        params: { url: `${server.url}/list` },
        wrong: { params: { url, headers: { "bad name": "x" } }, field: "headers" },
        hanging,
        tooLarge: { url: `${server.url}/large`, max_bytes: 10_000_000 },
      },
      post: writeCase,
      put: writeCase,
      patch: writeCase,
      delete: writeCase,
      request: {
        params: { ...write, method: "POST" },
        wrong: { params: { url, method: "BREW" }, field: "method" },
        hanging: { ...hanging, method: "POST" },
      },
    },
    fetch: client.fetch,
    filesOf: noFiles,
    observe: async () => Object.fromEntries(done),
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  };
}

describePlugin(runner, { plugin: createHttpPlugin(), openWorld: openHttpWorld });

const mcpFolder = await openTestFolder();
const mcpTools = ["write_note", "get_note", "purge.all", "get_structured"];
const mcp = await McpWorld.open([oddServer(mcpFolder, [], { tools: mcpTools })], {}, mcpFolder);
afterAll(async () => mcp[Symbol.asyncDispose]());

/** The server's own log of its calls is what can be observed; one server serves all tests, as it does all executions. */
async function openMcpWorld(): Promise<PluginWorld> {
  const hanging = { text: "please hang" };
  const usual: ActionCase = { params: {}, wrong: { params: "words", field: "value" }, hanging };
  return {
    cases: {
      write_note: { params: { text: "hello" }, wrong: { params: { txt: "x" }, field: "txt" }, hanging },
      get_note: usual,
      purge_all: usual,
      get_structured: usual,
    },
    fetch: noFetch,
    filesOf: noFiles,
    observe: async () => (await mcp.log()).filter((line) => line.startsWith("called")),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

for (const plugin of mcp.listing.plugins) describePlugin(runner, { plugin, openWorld: openMcpWorld });

async function openMailWorld(): Promise<PluginWorld> {
  const [smtp, imap, silentSmtp, silentImap] = [
    await SmtpPeer.open(),
    await ImapPeer.open(),
    await ScriptedSmtp.open("dot", "hang"),
    await ImapPeer.open("hang"),
  ];
  imap.mails.push(
    { folder: "INBOX", raw: "Subject: one\r\n\r\nHello\r\n" },
    { folder: "INBOX", raw: `Subject: two\r\n\r\n${"x".repeat(5_000)}\r\n` },
  );
  const letter = { to: ["ann@example.org"], subject: "Report", text: "All is well." };
  const login = { host: "127.0.0.1", security: "none", user: "shop", password: "right" };
  return {
    cases: {
      send: {
        params: letter,
        wrong: { params: { ...letter, subject: "a\r\nBcc: eve@example.org" }, field: "subject" },
        hanging: { ...letter, connection: "silent" },
      },
      search: { params: {}, wrong: { params: { limit: 0 }, field: "limit" }, hanging: { connection: "silent" } },
      fetch: {
        params: { uid: 1 },
        wrong: { params: { uid: "newest" }, field: "uid" },
        hanging: { uid: 1, connection: "silent" },
        tooLarge: { uid: 2, max_bytes: 1_000 },
      },
    },
    fetch: noFetch,
    filesOf: noFiles,
    connections: storedAccounts({
      email: smtpAccount(smtp.port, { imap: { ...login, port: imap.port } }),
      silent: smtpAccount(silentSmtp.port, { imap: { ...login, port: silentImap.port } }),
    }),
    observe: async () => ({ accepted: smtp.accepted.map(({ raw }) => raw), mails: imap.mails.map(({ folder, raw }) => ({ folder, raw })) }),
    [Symbol.asyncDispose]: async () => {
      for (const peer of [smtp, imap, silentSmtp, silentImap]) await peer[Symbol.asyncDispose]();
    },
  };
}

describePlugin(runner, { plugin: createEmailPlugin({ allowedPrivateHosts: ALLOWED }), openWorld: openMailWorld });
