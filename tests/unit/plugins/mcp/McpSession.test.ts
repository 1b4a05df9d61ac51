import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import type { McpServerConfig } from "../../../../lib/config/McpServerConfig.ts";
import { dataOf, errorOf } from "../executorOf.ts";
import { openTestFolder, type TestFolder } from "../openTestFolder.ts";
import { McpSession } from "../../../../lib/plugins/mcp/McpSession.ts";
import { McpWorld, oddServer } from "./McpWorld.ts";

const NOTE = { text: "hello" };

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(20);
}

const started = async (world: McpWorld): Promise<number> => (await world.log()).filter((line) => line.startsWith("started")).length;

describe("the line to a server", () => {
  test("is made anew for all who wait when it went deaf under one that was aborted", async () => {
    await using world = await McpWorld.odd(["goes-deaf"], { timeoutMs: 8_000 });
    const abort = new AbortController();
    const first = world.call("write_note", NOTE, abort.signal);
    await until(async () => (await world.log()).includes("called write_note"));
    await systemClock.sleep(100);
    const second = world.call("write_note", NOTE);
    await systemClock.sleep(100);
    abort.abort();
    errorOf(await first);

    const third = world.call("write_note", NOTE);

    for (const outcome of [await second, await third, await world.call("write_note", NOTE)])
      expect(dataOf(outcome)).toMatchObject({ text: "heard" });
    expect(await started(world)).toBe(2);
  });

  test("is not torn down under a call in flight because its tools could not be listed", async () => {
    await using world = await McpWorld.odd(["loses-list"]);
    const pid = await world.servers.session("odd")?.pid();
    const first = world.call("write_note", NOTE);
    await until(async () => (await world.log()).includes("called write_note"));
    await systemClock.sleep(100);

    const second = await world.call("write_note", NOTE);

    expect(dataOf(await first)).toMatchObject({ text: `from ${pid}` });
    expect(dataOf(second)).not.toMatchObject({ text: `from ${pid}` });
    expect(await started(world)).toBe(2);
  });

  test("is given up when each new one ends at once", async () => {
    await using world = await McpWorld.odd(["dies-after-list"], { timeoutMs: 5_000 });

    errorOf(await world.call("write_note", NOTE));

    expect(await started(world)).toBeLessThan(6);
  });

  test("is closed at once in the middle of a handshake that nobody waits for", async () => {
    await using folder = await openTestFolder();
    const session = new McpSession({
      settings: oddServer(folder, ["no-handshake"], { timeoutMs: 30_000 }),
      clock: systemClock,
      fetch: async () => Promise.reject(new Error("no address")),
      secretOf: async (name) => Promise.reject(new Error(name)),
      maxMessageBytes: 1_000,
    });
    await expect(session.tools(AbortSignal.timeout(500))).rejects.toThrow("timeout");
    const startedMs = performance.now();

    await session[Symbol.asyncDispose]();

    expect(performance.now() - startedMs).toBeLessThan(5_000);
    await expect(session.tools(AbortSignal.timeout(500))).rejects.toThrow("the system is closing");
  });
});

describe("what a server was given", () => {
  const telling = (folder: TestFolder, fault: string): McpServerConfig => {
    const server = oddServer(folder, [fault]);
    if (server.target.kind !== "process") throw new Error("expected a process");
    const environment = { ...server.target.environment, OTHER: "value-of-our-environment" };
    return { ...server, target: { ...server.target, environment, secrets: { TOKEN: "tickets" }, hidden: ["OTHER"] } };
  };

  test("is not told by its error", async () => {
    await using folder = await openTestFolder();
    await using world = await McpWorld.open([telling(folder, "tells-secrets")], {}, folder);

    const { error } = errorOf(await world.call("get_note"));

    expect(error.message).toContain("refused: [masked] and [masked]");
  });

  test("is not told by its standard error, not even in part", async () => {
    await using folder = await openTestFolder();
    await using world = await McpWorld.open([telling(folder, "exits-telling")], {}, folder);

    const reason = world.listing.missing.get("mcp-odd");

    expect(reason).toContain("yyy");
    expect(reason).not.toMatch(/environment|tickets/);
  });
});
