// Mail and MCP servers seen from a whole workflow: what the engine makes of lost answers, and what of a secret is ever stored.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineAction, definePlugin } from "../../lib/plugins/definePlugin.ts";
import { runCli } from "./cli/spawnCli.ts";
import { createTestSystem, workflow } from "./testSystem.ts";
import { ImapPeer } from "../unit/plugins/email/ImapPeer.ts";
import { ScriptedSmtp } from "../unit/plugins/email/ScriptedSmtp.ts";
import { SmtpPeer } from "../unit/plugins/email/SmtpPeer.ts";

const SECRET_KEY = Buffer.alloc(32, 7).toString("base64");
const PASSWORD = "pa55-w0rd-of-the-shop";
const ODD_SERVER = fileURLToPath(new URL("../unit/plugins/mcp/oddServer.ts", import.meta.url));
const FILESYSTEM = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));

const mail = {
  id: "mail",
  type: "action",
  plugin: "email",
  action: "send",
  params: { to: ["ann@example.org"], subject: "Report", text: "Hello" },
};

describe("a workflow that sends mail", () => {
  const open = async (smtpPort: number, imapPort?: number, more: object = {}) => {
    const t = await createTestSystem({
      env: { NEURONFORGE_SECRET_KEY: SECRET_KEY, NEURONFORGE_ALLOWED_PRIVATE_HOSTS: "127.0.0.1" },
    });
    const login = { host: "127.0.0.1", security: "none", user: "shop", password: PASSWORD };
    const account = {
      from: "shop@example.com",
      smtp: { host: "127.0.0.1", port: smtpPort, security: "none" },
      ...(imapPort !== undefined && { imap: { ...login, port: imapPort } }),
      ...more,
    };
    await t.system.setConnection("email", JSON.stringify(account), "tester");
    return t;
  };

  test("completes, and gives the next step what was sent", async () => {
    await using peer = await SmtpPeer.open();
    await using t = await open(peer.port);

    const report = await t.run(
      workflow([mail, { id: "after", type: "action", plugin: "probe", action: "read", params: { id: "{{mail.message_id}}" } }]),
    );

    expect(report.status).toBe("completed");
    expect(t.probe.calls[0]?.params).toEqual({ id: peer.accepted[0]?.parsed.messageId });
  });

  test("is uncertain when the acknowledgement was lost and nobody can look, whatever its retry policy", async () => {
    await using peer = await ScriptedSmtp.open("dot", "drop");
    await using t = await open(peer.port);

    const eager = { retryPolicy: { maxRetries: 3, backoffMs: 1, retryableErrors: ["UPSTREAM_UNAVAILABLE"] } };
    const report = await t.run(workflow([{ ...mail, ...eager }]));

    expect([report.status, peer.complete.length]).toEqual(["uncertain", 1]);
  });

  test("is uncertain, and sends no second mail, when the provider files its copy later than we look", async () => {
    await using peer = await ScriptedSmtp.open("dot", "drop");
    await using imap = await ImapPeer.open();
    await using t = await open(peer.port, imap.port, { sentCopies: "server" });

    const report = await t.run(workflow([mail]));

    expect([report.status, peer.complete.length]).toEqual(["uncertain", 1]);
  });

  test("completes without a second mail when the lost one is found in the folder of sent mail", async () => {
    await using peer = await ScriptedSmtp.open("dot", "drop");
    await using imap = await ImapPeer.open();
    await using t = await open(peer.port, imap.port);
    void peer.reached.then(() => imap.mails.push({ folder: "Sent", raw: peer.complete[0] ?? "" }));

    const report = await t.run(workflow([mail]));

    expect([report.status, peer.complete.length]).toEqual(["completed", 1]);
    expect(report.output).toMatchObject({ recipients: [{ address: "ann@example.org", status: "unknown" }], copy: { folder: "Sent" } });
  });

  test("stores nothing of the account's password in any row", async () => {
    await using peer = await ScriptedSmtp.open("dot", "drop");
    await using imap = await ImapPeer.open("drop");
    await using t = await open(peer.port, imap.port);

    const { executionId } = await t.run(workflow([mail]));

    const { rows: tables } = await t.db.query<{ name: string }>(
      "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
      [],
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const { rows } = await t.db.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`, []);
      const text = rows.map(({ row }) => row).join("\n");
      expect(text.includes(PASSWORD) || text.includes(Buffer.from(PASSWORD).toString("hex")), name).toBe(false);
    }
    expect(JSON.stringify(await t.system.report(executionId))).not.toContain(PASSWORD);
  });
});

describe("a workflow that calls tools of MCP servers", () => {
  const open = async (args: readonly string[]) =>
    createTestSystem({
      env: { PATH: process.env["PATH"] ?? "", NEURONFORGE_SECRET_KEY: SECRET_KEY },
      file: { mcpServers: [{ name: "tools", command: process.execPath, args }] },
    });
  const step = (action: string, params: object, more: object = {}) => ({
    id: action,
    type: "action",
    plugin: "mcp-tools",
    action,
    params,
    ...more,
  });

  test("writes and reads through server-filesystem", async () => {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-mcp-"));
    try {
      await using t = await open([FILESYSTEM, folder]);
      const path = join(folder, "note.txt");

      const report = await t.run(workflow([step("write_file", { path, content: "hello" }), step("read_text_file", { path })]));

      expect([report.status, await readFile(path, "utf8")]).toEqual(["completed", "hello"]);
      expect(report.output).toMatchObject({ text: "hello" });
      const listed = (await t.system.listPlugins()).find(({ name }) => name === "mcp-tools");
      expect(listed?.actions.find(({ name }) => name === "write_file")?.effect).toBe("destructive");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("is uncertain when a writing tool's answer was lost, and calls it once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-mcp-"));
    try {
      await using t = await open([ODD_SERVER, join(folder, "log"), "crash"]);
      const eager = { retryPolicy: { maxRetries: 3, backoffMs: 1, retryableErrors: ["UPSTREAM_UNAVAILABLE"] } };

      const report = await t.run(workflow([step("write_note", { text: "hello" }, eager)]));

      const called = (await readFile(join(folder, "log"), "utf8")).split("\n").filter((line) => line.startsWith("called"));
      expect([report.status, called]).toEqual(["uncertain", ["called write_note"]]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("loses a plugin whose server cannot be listed anew", async () => {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-mcp-"));
    try {
      await using t = await open([ODD_SERVER, join(folder, "log"), "dies-after-list", "lists-once"]);
      const named = async (refresh: boolean) => (await t.system.listPlugins({ refresh })).map(({ name }) => name);

      expect(await named(false)).toContain("mcp-tools");
      expect(await named(true)).not.toContain("mcp-tools");
      await expect(t.run(workflow([step("write_note", { text: "x" })]))).rejects.toThrow("no plugin is called");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ["a taken name", { name: "mcp-tools" }],
    ["a missing requirement", { name: "mine", requires: ["nobody"] }],
  ])("leaves no server behind when the system cannot be made: %s", async (_what, more) => {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-mcp-"));
    try {
      const log = join(folder, "log");
      const run = async (): Promise<null> => null;
      const act = defineAction({
        description: "",
        effect: "none",
        idempotency: { by: "natural", windowHours: 1 },
        params: z.object({}),
        run,
      });
      const plugin = definePlugin({ version: "1", description: "", actions: { act }, ...more });
      const file = { mcpServers: [{ name: "tools", command: process.execPath, args: [ODD_SERVER, log] }] };
      await expect(createTestSystem({ env: { PATH: process.env["PATH"] ?? "" }, file, plugins: [plugin] })).rejects.toMatchObject({
        code: "PLUGIN_INVALID",
      });

      const pid = /^started (\d+)$/m.exec(await readFile(log, "utf8"))?.[1] ?? "";
      // The process itself, not what is left of it until its parent looks.
      expect(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z ")).toContain(") Z ");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("may not name a command: servers come from the operator's configuration only", async () => {
    await using t = await createTestSystem();

    const named = { ...step("write_note", { text: "x" }), mcpServers: [{ name: "tools", command: "touch" }] };

    await expect(t.run(workflow([named]))).rejects.toMatchObject({ code: "WORKFLOW_INVALID" });
  });
});

describe("the command line with MCP servers", () => {
  test("lists tools, remembers them for `validate`, and tells which server cannot be used", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "neuronforge-mcp-"));
    try {
      const servers = [
        { name: "tools", command: process.execPath, args: [ODD_SERVER, join(cwd, "log")] },
        { name: "absent", command: "no-such-program-here" },
      ];
      await writeFile(join(cwd, "neuronforge.config.json"), JSON.stringify({ mcpServers: servers }));
      const call = { id: "a", type: "action", plugin: "mcp-tools", action: "write_note", params: { txt: "x" } };
      await writeFile(join(cwd, "w.json"), JSON.stringify({ name: "w", steps: [call] }));

      const before = await runCli(["validate", "w.json"], { cwd });
      const listed = await runCli(["plugins", "ls", "mcp-tools"], { cwd });
      const after = await runCli(["validate", "w.json"], { cwd });
      const doctor = await runCli(["doctor", "--json"], { cwd });

      expect(before.stdout).toContain("no plugin is called");
      expect(listed.stdout).toContain("mcp-tools.purge_all (destructive)");
      expect(after.stdout).toContain('"text" is missing');
      expect(doctor.stdout).toContain("MCP server absent");
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  });
});
