import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import type { JsonObject } from "../../../../lib/core/json.ts";
import { dataOf, errorOf } from "../executorOf.ts";
import { openTestFolder } from "../openTestFolder.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import { createMcpPlugin } from "../../../../lib/plugins/mcp/createMcpPlugin.ts";
import { verdictOf } from "../email/mailWorld.ts";
import { McpWorld, oddServer, processServer } from "./McpWorld.ts";

const NOTE = { text: "hello" };

/** A process of this number that is more than a zombie. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return status !== "" && !status.includes(") Z ");
}

async function untilGone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (!(await isRunning(pid))) return true;
    await systemClock.sleep(50);
  }
  return false;
}

describe("tools of an MCP server", () => {
  test("become actions with effects that hints raise and never lower", async () => {
    await using world = await McpWorld.odd([]);
    const [plugin] = world.listing.plugins;

    const effects = Object.fromEntries([...(plugin?.actions ?? [])].map(([name, { effect }]) => [name, effect]));

    expect(plugin?.name).toBe("mcp-odd");
    expect(effects).toMatchObject({ write_note: "write", get_note: "read", purge_all: "destructive", get_wiped: "destructive" });
  });

  test("take the operator's word on an effect, and only the tools that the operator names", async () => {
    await using world = await McpWorld.odd([], { effects: { "purge.all": "write" }, tools: ["purge.all", "get_note"] });
    const [plugin] = world.listing.plugins;

    expect([...(plugin?.actions ?? [])].map(([name, { effect }]) => [name, effect])).toEqual([
      ["get_note", "read"],
      ["purge_all", "write"],
    ]);
  });

  test("are called with checked params and answer with text and blocks", async () => {
    await using world = await McpWorld.odd([]);

    expect(dataOf(await world.call("write_note", NOTE))).toEqual({
      text: JSON.stringify(NOTE),
      content: [{ type: "text", text: JSON.stringify(NOTE) }],
      structured: null,
    });
    const { error, effectHappened } = errorOf(await world.call("write_note", { txt: "x" }));
    expect([error.code, effectHappened]).toEqual(["PARAMS_INVALID", "no"]);
    expect((await world.log()).filter((line) => line.startsWith("called"))).toEqual(["called write_note"]);
  });

  test.each(["remote", "broken"])("with a schema that cannot be used fail typed, and alone: %s", async (action) => {
    await using world = await McpWorld.odd([]);

    const { error, effectHappened } = errorOf(await world.call(action));

    expect([error.code, effectHappened]).toEqual(["PLUGIN_INVALID", "no"]);
    expect(error.message).toContain(`tool ${action}`);
    dataOf(await world.call("get_note"));
  });

  test("have names that do not hang on the order in which they are listed", async () => {
    const listed = ["notes.purge", "notes_purge", "a b", "a.b", "7up", "a".repeat(70), "x".repeat(64)];
    const namesOf = (names: readonly string[]) => {
      const tools = names.map((name) => ({ name, description: name, inputSchema: { type: "object" } }));
      const settings = processServer("server", [], { tools: null });
      const plugin = createMcpPlugin({ settings, tools, session: undefined as never, judge: () => "write" });
      return Object.fromEntries([...(plugin?.actions ?? [])].map(([name, { description }]) => [description, name]));
    };
    const names = namesOf(listed);

    expect(namesOf(listed.toReversed())).toEqual(names);
    expect(names).toMatchObject({ notes_purge: "notes_purge", "notes.purge": "notes_purge_959df0", "7up": "t_7up" });
    expect([names["a b"], names["a.b"]]).toEqual([expect.stringMatching(/^a_b_[0-9a-f]{6}$/), expect.stringMatching(/^a_b_[0-9a-f]{6}$/)]);
    expect(new Set(Object.values(names)).size).toBe(listed.length);
  });

  test("are compiled when they are called and not before", async () => {
    const inputSchema = { type: "object", properties: { a: { type: "string" } } };
    const tools = Array.from({ length: 500 }, (_, at) => ({
      name: `get_${at}`,
      description: "Gets",
      inputSchema,
      outputSchema: inputSchema,
    }));
    const startedMs = performance.now();

    createMcpPlugin({ settings: processServer("server", []), tools, session: undefined as never, judge: () => "read" });

    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test("are warned of where the settings name one that is not listed", async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (facts: object) => void warnings.push(facts) } as typeof silentLogger;
    await using world = await McpWorld.odd([], { effects: { "purge.al": "destructive" }, tools: ["get_note", "get_noet"] }, { log });

    expect(world.listing.plugins).toHaveLength(1);
    expect(warnings).toEqual([{ server: "odd", unlisted: ["get_noet", "purge.al"] }]);
  });

  test("check patterns in linear time", async () => {
    await using world = await McpWorld.odd([]);

    const outcome = await world.call("slow_pattern", { a: `${"a".repeat(40)}!` });

    expect(errorOf(outcome).error.code).toBe("PARAMS_INVALID");
    expect(outcome.durationMs).toBeLessThan(5_000);
  });

  test("keep content that is no text, and follow nothing of it", async () => {
    await using world = await McpWorld.odd(["binary"]);

    expect(dataOf(await world.call("get_note"))).toMatchObject({
      text: "look",
      content: [{ type: "text" }, { type: "image", data: "AAAA" }, { type: "resource" }, { type: "resource_link" }],
    });
  });

  test("have structured answers checked", async () => {
    await using right = await McpWorld.odd([]);
    await using wrong = await McpWorld.odd(["wrong-structure"]);

    expect(dataOf(await right.call("get_structured"))).toMatchObject({ structured: { n: 5 } });
    expect(errorOf(await wrong.call("get_structured")).error.code).toBe("OUTPUT_INVALID");
  });
});

describe("a server that misbehaves", () => {
  test.each<[string, string, string]>([
    ["crash", "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["huge", "uncertain", "OUTPUT_TOO_LARGE"],
    ["endless-line", "uncertain", "OUTPUT_TOO_LARGE"],
    ["rpc-invalid", "not sent", "UPSTREAM_REJECTED"],
    ["rpc-internal", "uncertain", "UPSTREAM_REJECTED"],
    ["tool-error", "uncertain", "PLUGIN_FAILED"],
    ["not-a-result", "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["chatter", "not sent", "PLUGIN_UNKNOWN"],
    ["no-handshake", "not sent", "PLUGIN_UNKNOWN"],
    ["no-tools", "not sent", "PLUGIN_UNKNOWN"],
    ["exits", "not sent", "PLUGIN_UNKNOWN"],
    ["flood", "sent", ""],
    ["banner", "sent", ""],
    ["answers-then-ends", "sent", ""],
  ])("%s: a write is %s", async (fault, verdict, code) => {
    await using world = await McpWorld.odd([fault], { timeoutMs: 3_000 });

    const outcome = await world.call("write_note", NOTE);

    expect([verdictOf(outcome), outcome.ok ? "" : outcome.error.code]).toEqual([verdict, code]);
    expect(JSON.stringify(outcome)).not.toContain("sk-abcdefgh");
  });

  test("that hangs is given up at the time-out, is uncertain, and is started anew for the next call", async () => {
    await using world = await McpWorld.odd(["hang"], { timeoutMs: 1_500 });
    const first = await world.servers.session("odd")?.pid();

    const outcome = await world.call("write_note", NOTE);
    expect([verdictOf(outcome), errorOf(outcome).error.code]).toEqual(["uncertain", "STEP_TIMEOUT"]);
    expect(await untilGone(first ?? 0)).toBe(true);
    await world.call("write_note", NOTE);

    expect((await world.log()).filter((line) => line.startsWith("started"))).toHaveLength(2);
  });

  test("lets an aborted call go at once", async () => {
    await using world = await McpWorld.odd(["hang"]);
    const abort = new AbortController();
    const running = world.call("write_note", NOTE, abort.signal);
    while (!(await world.log()).includes("called write_note")) await systemClock.sleep(20);
    abort.abort();

    expect(verdictOf(await running)).toBe("uncertain");
  });

  test("that died between calls is started anew", async () => {
    await using world = await McpWorld.odd(["dies-after"]);
    const session = world.servers.session("odd");

    dataOf(await world.call("get_note"));
    while ((await session?.pid()) !== undefined) await systemClock.sleep(20);
    dataOf(await world.call("get_note"));

    expect((await world.log()).filter((line) => line.startsWith("started"))).toHaveLength(2);
  });

  test("that cannot be started is told with its command's own words, and stops no other", async () => {
    await using folder = await openTestFolder();
    await using world = await McpWorld.open(
      [processServer("/nonexistent/server", [], { name: "absent" }), oddServer(folder, []), oddServer(folder, ["exits"], { name: "mute" })],
      {},
      folder,
    );

    expect([...world.listing.missing.keys()].sort()).toEqual(["mcp-absent", "mcp-mute"]);
    expect(world.listing.missing.get("mcp-mute")).toContain("cannot find my configuration");
    dataOf(await world.call("get_note"));
  });

  test.each([
    ["loses-tool", "PLUGIN_ACTION_UNKNOWN"],
    ["changes-schema", "PLUGIN_INVALID"],
    ["changes-effect", "PLUGIN_INVALID"],
  ])("%s: the tool that was listed is not called as another", async (fault, code) => {
    await using folder = await openTestFolder();
    const server = oddServer(folder, [fault]);
    const first = await McpWorld.open([server], {}, folder);
    await first.servers[Symbol.asyncDispose]();
    await using second = await McpWorld.open([server], {}, folder);

    const { error, effectHappened } = errorOf(await second.call("get_note"));

    expect([error.code, effectHappened]).toEqual([code, "no"]);
    expect((await second.log()).join()).not.toContain("called");
    dataOf(await second.call("write_note", NOTE));
  });

  test("that announces other tools is asked again before the next call", async () => {
    await using world = await McpWorld.odd(["announces", "loses-tool"]);
    dataOf(await world.call("write_note", NOTE));
    dataOf(await world.call("write_note", NOTE));

    const { error } = errorOf(await world.call("get_note"));

    expect(error.code).toBe("PLUGIN_ACTION_UNKNOWN");
  });
});

describe("server processes", () => {
  test("get nothing of our environment but what they are given", async () => {
    process.env["NEURONFORGE_TEST_SECRET"] = "value-of-ours";
    await using folder = await openTestFolder();
    const server = oddServer(folder, ["environment"]);
    const target = server.target.kind === "process" ? { ...server.target, secrets: { TOKEN: "tickets" } } : server.target;
    await using world = await McpWorld.open([{ ...server, target }], {}, folder);

    const { text } = dataOf(await world.call("get_note")) as { text: string };
    delete process.env["NEURONFORGE_TEST_SECRET"];

    const seen = JSON.parse(text) as JsonObject;
    expect(seen["TOKEN"]).toBe("value-of-tickets");
    expect(Object.keys(seen).filter((name) => !["PATH", "TOKEN", "PWD", "SHLVL", "_", "OLDPWD"].includes(name))).toEqual([]);
    const remembered = await Promise.all(
      (await readdir(join(folder.path, "mcp"))).map((file) => readFile(join(folder.path, "mcp", file), "utf8")),
    );
    expect(remembered.join()).not.toContain("value-of");
  });

  test("are not started while a variable that they need is not set", async () => {
    await using folder = await openTestFolder();
    const server = oddServer(folder, []);
    const target = server.target.kind === "process" ? { ...server.target, missing: ["TICKETS_TOKEN"] } : server.target;
    await using world = await McpWorld.open([{ ...server, target }], {}, folder);

    expect(world.listing.missing.get("mcp-odd")).toContain("TICKETS_TOKEN is not set");
    expect(await world.log()).toEqual([]);
  });

  test("end with us, the stubborn and what they started too", async () => {
    const world = await McpWorld.odd(["stubborn", "grandchild"]);
    dataOf(await world.call("get_note"));
    const pids = (await world.log()).flatMap((line) => /^(?:started|grandchild) (\d+)$/.exec(line)?.slice(1) ?? []).map(Number);
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);

    await world.servers[Symbol.asyncDispose]();

    expect(await Promise.all(pids.map(untilGone))).toEqual([true, true]);
    await world.folder[Symbol.asyncDispose]();
  });

  test("end also when we are killed and can do nothing about it", async () => {
    await using folder = await openTestFolder();
    const holder = spawn(process.execPath, [new URL("holdServer.ts", import.meta.url).pathname, folder.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const text = await readFile(join(folder.path, "log"), "utf8");
    const pids = [...text.matchAll(/^(?:started|grandchild) (\d+)$/gm)].map((match) => Number(match[1]));
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);

    holder.kill("SIGKILL");

    expect(await Promise.all(pids.map(untilGone))).toEqual([true, true]);
  });

  test("are not started again for tools that are remembered", async () => {
    await using folder = await openTestFolder();
    const server = oddServer(folder, []);
    const first = await McpWorld.open([server], {}, folder);
    await first.servers[Symbol.asyncDispose]();
    await using second = await McpWorld.open([server], {}, folder);

    expect(second.listing.plugins.map(({ name }) => name)).toEqual(["mcp-odd"]);
    expect((await second.log()).filter((line) => line.startsWith("started"))).toHaveLength(1);
    await second.servers.list({ isFresh: true });
    expect((await second.log()).filter((line) => line.startsWith("started"))).toHaveLength(2);
  });

  test("that cannot be listed anew keep what was listed before", async () => {
    await using folder = await openTestFolder();
    const server = oddServer(folder, ["lists-once"]);
    const first = await McpWorld.open([server], {}, folder);
    await first.servers[Symbol.asyncDispose]();
    const second = await McpWorld.open([server], {}, folder);
    const fresh = await second.servers.list({ isFresh: true });
    await second.servers[Symbol.asyncDispose]();
    await using third = await McpWorld.open([server], {}, folder);

    expect([fresh.plugins.length, fresh.missing.get("mcp-odd")]).toEqual([0, expect.stringContaining("no list today")]);
    expect(third.listing.plugins.map(({ name }) => name)).toEqual(["mcp-odd"]);
    expect(await third.servers.remembered()).toHaveLength(1);
  });

  test("that could not be listed are left alone for a minute, unless asked for", async () => {
    await using folder = await openTestFolder();
    const clock = new ManualClock();
    const server = oddServer(folder, ["no-tools"]);
    const started = async (world: McpWorld) => (await world.log()).filter((line) => line.startsWith("started")).length;
    const open = async () => {
      const world = await McpWorld.open([server], { clock: { ...systemClock, nowMs: () => clock.nowMs() } }, folder);
      await world.servers[Symbol.asyncDispose]();
      return world;
    };
    const first = await open();
    const second = await open();
    expect([await started(second), second.listing.missing.get("mcp-odd")]).toEqual([1, first.listing.missing.get("mcp-odd")]);

    await clock.advance(61_000);
    expect(await started(await open())).toBe(2);
  });

  test("are asked anew when the memory of their tools is damaged or of other settings", async () => {
    await using folder = await openTestFolder();
    const first = await McpWorld.open([oddServer(folder, [])], {}, folder);
    await first.servers[Symbol.asyncDispose]();
    const second = await McpWorld.open([oddServer(folder, ["banner"])], {}, folder);
    await second.servers[Symbol.asyncDispose]();

    expect((await second.log()).filter((line) => line.startsWith("started"))).toHaveLength(2);
  });
});
