import { readFile, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import { DEFAULT_WORKSPACE_ID, type WorkspaceId } from "../../../../lib/core/ids.ts";
import type { JsonObject } from "../../../../lib/core/json.ts";
import { createBuiltinPlugins, createWorkspaceFolders } from "../../../../lib/plugins/builtins.ts";
import type { PluginExecutor } from "../../../../lib/plugins/PluginExecutor.ts";
import type { ActionOutcome, CallContext } from "../../../../lib/plugins/types.ts";
import { callOf, dataOf, errorOf, executorOf } from "../executorOf.ts";
import { openTestFolder, type TestFolder } from "../openTestFolder.ts";

let folder: TestFolder;
let executor: PluginExecutor;
const other = "11111111-1111-4111-8111-111111111111" as WorkspaceId;

beforeEach(async () => {
  folder = await openTestFolder();
  const plugins = createBuiltinPlugins({ outboxFolder: join(folder.path, "outbox"), clock: systemClock });
  executor = executorOf(plugins, { filesOf: createWorkspaceFolders(`${join(folder.path, "files")}/`, systemClock) });
});
afterEach(async () => folder[Symbol.asyncDispose]());

async function call(action: string, params: JsonObject, context: Partial<CallContext> = {}): Promise<ActionOutcome> {
  const [plugin = "", name = ""] = action.split(".");
  return executor.execute(callOf(plugin, name, params, context));
}

describe("files", () => {
  test("writes text, JSON and base64, and reads them back", async () => {
    await call("files.write", { path: "a.txt", content: "héllo" });
    await call("files.write", { path: "b.json", content: { rows: [1, null] } });
    await call("files.write", { path: "c.bin", content: "AP8=", as: "base64" });
    expect(dataOf(await call("files.read", { path: "a.txt" }))).toEqual({ path: "a.txt", size_bytes: 6, content: "héllo" });
    expect(dataOf(await call("files.read", { path: "b.json", as: "json" }))).toMatchObject({ content: { rows: [1, null] } });
    expect(dataOf(await call("files.read", { path: "c.bin", as: "base64" }))).toMatchObject({ size_bytes: 2, content: "AP8=" });
  });

  test("says which bytes are no UTF-8, and reads them in their encoding", async () => {
    await call("files.write", { path: "latin", content: Buffer.from("abc\xFCd", "latin1").toString("base64"), as: "base64" });
    const { error } = errorOf(await call("files.read", { path: "latin" }));
    expect(error).toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringContaining("near 3"),
      hint: expect.stringContaining("latin1"),
    });
    expect(dataOf(await call("files.read", { path: "latin", encoding: "latin1" }))).toMatchObject({ content: "abcüd" });
  });

  test.each([
    ["JSON that is none", { path: "x", as: "json" }, "SYNTAX_INVALID"],
    ["a file above max_bytes", { path: "x", max_bytes: 2 }, "OUTPUT_TOO_LARGE"],
    ["a missing file", { path: "none" }, "FILE_UNREADABLE"],
    ["a folder", { path: "." }, "PATH_FORBIDDEN"],
    ["a path that leads out", { path: "../outbox/x" }, "PATH_FORBIDDEN"],
  ])("refuses to read %s", async (_, params, code) => {
    await call("files.write", { path: "x", content: "{no" });
    expect(errorOf(await call("files.read", params)).error.code).toBe(code);
  });

  test("refuses content that does not fit, with nothing written and no effect", async () => {
    for (const params of [
      { content: [1], as: "text" },
      { content: "no base64!", as: "base64" },
    ]) {
      expect(errorOf(await call("files.write", { path: "f", ...params }))).toMatchObject({
        effectHappened: "no",
        error: { code: "PARAMS_INVALID" },
      });
    }
    expect(await folder.snapshot()).toEqual({});
  });

  test("refuses a write through a link out, and says that nothing happened", async () => {
    await call("files.write", { path: "a.txt", content: "x" });
    await symlink("/tmp", join(folder.path, "files/out"));
    expect(errorOf(await call("files.write", { path: "out/x.txt", content: "x" }))).toMatchObject({
      effectHappened: "no",
      error: { code: "PATH_FORBIDDEN" },
    });
  });

  test("appends a line once per key, through the executor", async () => {
    for (const idempotencyKey of ["k1", "k2", "k1"])
      expect((await call("files.append", { path: "log", content: idempotencyKey }, { idempotencyKey })).ok).toBe(true);
    expect(await readFile(join(folder.path, "files/log"), "utf8")).toBe("k1\nk2\n");
  });

  test("keeps workspaces apart", async () => {
    await call("files.write", { path: "a.txt", content: "mine" });
    expect(errorOf(await call("files.read", { path: "a.txt" }, { workspaceId: other })).error.code).toBe("FILE_UNREADABLE");
    await call("files.write", { path: "b.txt", content: "theirs" }, { workspaceId: other });
    expect(dataOf(await call("files.list", { recursive: true }, { workspaceId: DEFAULT_WORKSPACE_ID }))).toMatchObject({
      entries: [{ path: "a.txt" }],
    });
    expect((await stat(join(folder.path, "files.workspaces", other, "b.txt"))).isFile()).toBe(true);
  });
});

describe("outbox", () => {
  test("delivers once per key, and the second call gets the first one's receipt", async () => {
    const first = dataOf(await call("outbox.deliver", { to: "a@example.com", body: "one" }));
    const second = dataOf(await call("outbox.deliver", { to: "a@example.com", body: "another" }));
    expect(second).toEqual(first);
    const { messages } = dataOf(await call("outbox.list", {})) as { messages: JsonObject[] };
    expect(messages).toEqual([expect.objectContaining({ to: ["a@example.com"], subject: null, body: "one" })]);
  });

  test("of ten tries at once one delivers", async () => {
    const receipts = await Promise.all(Array.from({ length: 10 }, async (_, index) => call("outbox.deliver", { body: index })));
    expect(new Set(receipts.map((outcome) => JSON.stringify(dataOf(outcome)))).size).toBe(1);
    expect(Object.keys(await folder.snapshot())).toHaveLength(1);
  });

  test("lists by channel, bounded, in order of delivery, of one's own workspace", async () => {
    for (const [index, channel] of ["a", "b", "a", "a"].entries())
      await call("outbox.deliver", { body: index, channel }, { idempotencyKey: String(index) });
    await call("outbox.deliver", { body: "theirs" }, { workspaceId: other });
    const { messages, is_truncated: isTruncated } = dataOf(await call("outbox.list", { channel: "a", limit: 2 })) as {
      messages: JsonObject[];
      is_truncated: boolean;
    };
    expect(messages).toHaveLength(2);
    expect(messages.every(({ channel }) => channel === "a")).toBe(true);
    expect(isTruncated).toBe(true);
  });
});
