import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFolder } from "../../../lib/cli/socket/openFolder.ts";
import { SharedSystem } from "../../../lib/cli/socket/SharedSystem.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import type { ExecutionEvent } from "../../../lib/systemApi.ts";
import { findFolderOwner } from "../../../lib/db/FolderLock.ts";
import { MemoryStore, MemorySystem } from "./MemorySystem.ts";

let folder: string;
let store: MemoryStore;
const opened: SharedSystem[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "nf-shared-"));
  store = new MemoryStore();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (system) => system.close()));
  await rm(folder, { recursive: true });
});

/** What a process does: its own memory system if it becomes the owner. */
async function openProcess() {
  const memory = new MemorySystem(store);
  const talk: string[] = [];
  const reopen = async () => openFolder({ folder, clock: systemClock, createSystem: async () => memory.asSystem() });
  const system = new SharedSystem({
    backend: await reopen(),
    reopen,
    clock: systemClock,
    talk: (text) => talk.push(text),
    resumeCommand: (id) => `resume ${id}`,
  });
  opened.push(system);
  return { system, memory, talk };
}

describe("SharedSystem on a data folder", () => {
  test("the first process owns the folder, the second is served by it", async () => {
    const first = await openProcess();
    const second = await openProcess();

    const { executionId } = await second.system.api.start({ agent: "digest" });

    expect([first.system.role, second.system.role]).toEqual(["owner", "client"]);
    expect(first.memory.require(executionId).status).toBe("running");
    expect(second.memory.calls).toEqual([]);
  });

  test("nobody but the user can reach the socket", async () => {
    await openProcess();

    const { mode } = await stat((await findFolderOwner(folder)) ?? "");

    expect(mode & 0o777).toBe(0o600);
  });

  test("when the owner leaves, a waiting process takes the folder, works, and goes on waiting", async () => {
    const first = await openProcess();
    const second = await openProcess();
    const { executionId } = await second.system.api.start({ agent: "digest", idempotencyKey: "k" });
    const events: ExecutionEvent[] = [];
    second.system.subscribe(executionId, (event) => events.push(event));
    await second.system.work();
    const waited = second.system.api.wait(executionId);
    await expect.poll(() => first.memory.waiterCount).toBe(1);

    await first.system.close();
    await expect.poll(() => second.memory.waiterCount).toBe(1);
    second.memory.emit({ executionId, type: "step_started", path: "s1" });
    second.memory.finish(executionId, { output: "done" });

    expect((await waited).output).toBe("done");
    expect(second.system.role).toBe("owner");
    expect(second.memory.worked).toBe(1);
    expect(events).toEqual([{ executionId, type: "step_started", path: "s1" }]);
    expect(second.talk).toEqual(["the process that held the data folder has ended: this one goes on"]);
  });

  test("an owner that leaves says what others started and that it stays queued, before it frees the folder", async () => {
    const first = await openProcess();
    const second = await openProcess();
    const unfinished = await second.system.api.start({ agent: "digest" });
    const finished = await second.system.api.start({ agent: "digest" });
    first.memory.finish(finished.executionId);

    await first.system.close();

    expect(first.talk).toEqual([
      `execution ${unfinished.executionId}, started by another command, is handed over: it stays queued and durable; go on with\n  resume ${unfinished.executionId}`,
    ]);
    expect(first.memory.closed).toBe(1);
    expect(await findFolderOwner(folder)).toBeUndefined();
  });

  test("of two waiting processes one becomes the owner and serves the other", async () => {
    const first = await openProcess();
    const others = [await openProcess(), await openProcess()];
    const { executionId } = await first.system.api.start({ agent: "digest" });
    const waits = others.map(async ({ system }) => system.api.wait(executionId));
    await expect.poll(() => first.memory.waiterCount).toBe(2);

    await first.system.close();
    await expect.poll(() => others.reduce((sum, { memory }) => sum + memory.waiterCount, 0)).toBe(2);
    others.find(({ system }) => system.role === "owner")?.memory.finish(executionId, { output: 7 });

    expect((await Promise.all(waits)).map(({ output }) => output)).toEqual([7, 7]);
    expect(others.map(({ system }) => system.role).sort()).toEqual(["client", "owner"]);
  });

  test("a request that the leaving owner refused is asked of the next one", async () => {
    const first = await openProcess();
    const second = await openProcess();

    const closing = first.system.close();
    const started = await second.system.api.start({ agent: "digest" });
    await closing;

    expect(second.memory.require(started.executionId).status).toBe("running");
  });

  test("an owner that dies during a call: what may be repeated is, the rest tells the person to look first", async () => {
    const dying = new MemorySystem(store);
    const never = new Promise<never>(() => undefined);
    for (const method of ["start", "listAgents", "cancel"] as const) dying.answers.set(method, () => never);
    const owner = await openFolder({ folder, clock: systemClock, createSystem: async () => dying.asSystem() });
    const { system, memory } = await openProcess();
    memory.answers.set("listAgents", () => []);
    const calls = Promise.allSettled([
      system.api.listAgents(),
      system.api.start({ agent: "a", idempotencyKey: "k" }),
      system.api.start({ agent: "a" }),
      system.api.cancel("x", "me"),
    ]);
    await expect.poll(() => dying.calls.length).toBe(4);

    // What the kernel does to the connections of a killed process.
    if (owner.role === "owner") await owner.release();
    const [listed, keyed, unkeyed, cancelled] = await calls;

    expect(listed).toEqual({ status: "fulfilled", value: [] });
    expect(keyed).toMatchObject({ status: "fulfilled", value: { isNew: true } });
    for (const lost of [unkeyed, cancelled])
      expect(lost).toMatchObject({
        status: "rejected",
        reason: { code: "UPSTREAM_UNAVAILABLE", message: expect.stringContaining("may or may not have been done") },
      });
    expect(memory.calls.map(({ method }) => method).sort()).toEqual(["listAgents", "start"]);
  });

  test("a failing start of the system frees the folder for the next process", async () => {
    const failing = openFolder({
      folder,
      clock: systemClock,
      createSystem: async () => {
        throw new Error("no database");
      },
    });

    await expect(failing).rejects.toThrow("no database");
    expect((await openProcess()).system.role).toBe("owner");
  });

  test("closing twice is closing once", async () => {
    const { system, memory } = await openProcess();

    await Promise.all([system.close(), system.close()]);

    expect(memory.closed).toBe(1);
  });
});
