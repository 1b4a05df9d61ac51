import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import { FileJail } from "../../../../lib/plugins/files/FileJail.ts";
import { openFolder } from "../../../../lib/plugins/files/jailFolder.ts";
import { createFile, replaceFile } from "../../../../lib/plugins/files/wholeFile.ts";
import { openTestFolder, type TestFolder } from "../openTestFolder.ts";

let outside: TestFolder;
let root: string;
let jail: FileJail;

beforeEach(async () => {
  outside = await openTestFolder();
  root = join(outside.path, "root");
  await mkdir(root);
  await writeFile(join(outside.path, "secret.txt"), "secret");
  jail = new FileJail({ root, clock: systemClock });
});
afterEach(async () => outside[Symbol.asyncDispose]());

const forbidden = expect.objectContaining({ code: "PATH_FORBIDDEN" });
const content = Buffer.from("content");

/** Every way of touching a path; each must refuse what leads out. */
const touches: readonly [string, (path: string) => Promise<unknown>][] = [
  ["read", async (path) => jail.read(path, 100)],
  ["write", async (path) => jail.write(path, content)],
  ["createExclusive", async (path) => jail.createExclusive(path, content)],
  ["appendOnce", async (path) => jail.appendOnce(path, content, "k")],
  ["hasAppended", async (path) => jail.hasAppended(path, "k")],
  ["list", async (path) => jail.list(path, { recursive: true, limit: 10 })],
  ["stat", async (path) => jail.stat(path)],
  ["delete", async (path) => jail.delete(path)],
];

describe.each(touches)("%s", (_, touch) => {
  test.each([
    "../secret.txt",
    "a/../../secret.txt",
    "/etc/passwd",
    "a\0b",
    "C:\\windows",
    "..\\secret.txt",
    "~/x",
    ".neuronforge/appends/x",
    "./.neuronforge",
    "x".repeat(5_000),
  ])("refuses %j", async (path) => {
    await expect(touch(path)).rejects.toThrow(forbidden);
  });

  test("refuses a folder that is a link to outside", async () => {
    await symlink(outside.path, join(root, "out"));
    await expect(touch("out/secret.txt")).rejects.toThrow(forbidden);
    expect(await readFile(join(outside.path, "secret.txt"), "utf8")).toBe("secret");
  });

  test("refuses links that go round in a circle, deep inside", async () => {
    await symlink("loop", join(root, "loop"));
    await expect(touch("loop/x")).rejects.toThrow(forbidden);
  });
});

describe("links", () => {
  test("to a file outside can be neither read nor written nor appended to", async () => {
    await symlink(join(outside.path, "secret.txt"), join(root, "link"));
    await expect(jail.read("link", 100)).rejects.toThrow(forbidden);
    await expect(jail.write("link", content)).rejects.toThrow(forbidden);
    await expect(jail.appendOnce("link", content, "k")).rejects.toThrow(forbidden);
    await expect(jail.stat("link")).rejects.toThrow(forbidden);
    expect(await readFile(join(outside.path, "secret.txt"), "utf8")).toBe("secret");
  });

  test("are deleted themselves, not what they point to", async () => {
    await symlink(join(outside.path, "secret.txt"), join(root, "link"));
    expect(await jail.delete("link")).toBe(true);
    expect(await readFile(join(outside.path, "secret.txt"), "utf8")).toBe("secret");
  });

  test("to nothing outside do not let a file be made there", async () => {
    await symlink(join(outside.path, "new.txt"), join(root, "dangling"));
    await jail.write("dangling", content).catch(() => undefined);
    await jail.appendOnce("dangling2", content, "k");
    await symlink(join(outside.path, "new2.txt"), join(root, "dangling3"));
    await expect(jail.appendOnce("dangling3", content, "k")).rejects.toThrow(forbidden);
    await expect(stat(join(outside.path, "new.txt"))).rejects.toThrow("ENOENT");
    await expect(stat(join(outside.path, "new2.txt"))).rejects.toThrow("ENOENT");
  });

  test("within the root work, and the root may be one itself", async () => {
    await mkdir(join(root, "real"));
    await symlink("real", join(root, "alias"));
    await jail.write("alias/a.txt", content);
    expect(await readFile(join(root, "real/a.txt"), "utf8")).toBe("content");
    await symlink(root, join(outside.path, "root-link"));
    expect((await new FileJail({ root: join(outside.path, "root-link"), clock: systemClock }).read("real/a.txt", 100)).toString()).toBe(
      "content",
    );
  });

  test("to our own records are refused", async () => {
    await jail.appendOnce("a.txt", content, "k");
    await symlink(".neuronforge", join(root, "ours"));
    await expect(jail.list("ours", { recursive: true, limit: 10 })).rejects.toThrow(forbidden);
  });

  test("are not listed", async () => {
    await symlink("/etc", join(root, "etc"));
    await jail.write("a.txt", content);
    expect((await jail.list(".", { recursive: true, limit: 10 })).entries.map(({ path }) => path)).toEqual(["a.txt"]);
  });

  test("swapped in after the path was judged are not followed", async () => {
    await symlink(outside.path, join(root, "folder"));
    for (const parts of [["folder"], ["folder", "new"]]) {
      await expect(openFolder(root, parts, { create: true, path: "folder" })).rejects.toThrow(
        expect.objectContaining({ details: expect.objectContaining({ accepted: "no" }) }),
      );
    }
    await expect(stat(join(outside.path, "new"))).rejects.toThrow("ENOENT");
  });

  test.runIf(process.platform === "linux")("swapped in after the folder was opened do not lead the write astray", async () => {
    await mkdir(join(root, "folder"));
    await using folder = await openFolder(root, ["folder"], { create: false, path: "folder" });
    await rename(join(root, "folder"), join(root, "aside"));
    await symlink(outside.path, join(root, "folder"));
    await replaceFile(folder, "f", content);
    expect(await createFile(folder, "g", content)).toBe(true);
    expect(await outside.snapshot()).toEqual({ "secret.txt": "secret", "root/aside/f": "content", "root/aside/g": "content" });
  });
});

describe("devices and pipes", () => {
  test("are refused without waiting for their other end", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    await expect(jail.read("pipe", 100)).rejects.toThrow(forbidden);
    await expect(jail.write("pipe", content)).rejects.toThrow(forbidden);
    await expect(jail.appendOnce("pipe", content, "k")).rejects.toThrow(forbidden);
    await expect(jail.stat("pipe")).rejects.toThrow(forbidden);
  });

  test("a root of /dev gives no device", async () => {
    const devices = new FileJail({ root: "/dev", clock: systemClock });
    await expect(devices.read("zero", 100)).rejects.toThrow(forbidden);
    await expect(devices.read("null", 100)).rejects.toThrow(forbidden);
  });
});

describe("reading and writing", () => {
  test("gives back what was written, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        await jail.write("deep/er/file", bytes);
        expect(Buffer.compare(await jail.read("deep/er/file", 2_000), bytes)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test("a reader sees the old file or the new one, never a part", async () => {
    const sizes = new Set<number>();
    await jail.write("f", Buffer.alloc(200_000, "a"));
    await Promise.all([
      ...Array.from({ length: 20 }, async (_, index) => jail.write("f", Buffer.alloc(index % 2 === 0 ? 300_000 : 200_000, "b"))),
      ...Array.from({ length: 40 }, async () => sizes.add((await jail.read("f", 1_000_000)).byteLength)),
    ]);
    expect([...sizes].every((size) => size === 200_000 || size === 300_000)).toBe(true);
  });

  test("a failed write leaves the old file and no remains", async () => {
    await jail.write("f", content);
    await expect(jail.write("f/below", content)).rejects.toThrow(expect.objectContaining({ code: "FILE_UNREADABLE" }));
    await mkdir(join(root, "folder"));
    await expect(jail.write("folder", content)).rejects.toThrow(forbidden);
    expect(await outside.snapshot()).toEqual({ "secret.txt": "secret", "root/f": "content" });
  });

  test("keeps the permissions of the file it replaces", async () => {
    await jail.write("f", content);
    await chmod(join(root, "f"), 0o640);
    await jail.write("f", Buffer.from("new"));
    expect((await stat(join(root, "f"))).mode & 0o777).toBe(0o640);
  });

  test("a hard link to a file is replaced, not written through", async () => {
    await link(join(outside.path, "secret.txt"), join(root, "hard"));
    await jail.write("hard", content);
    expect(await readFile(join(outside.path, "secret.txt"), "utf8")).toBe("secret");
  });

  test("refuses what is larger than asked for, with both sizes", async () => {
    await jail.write("f", Buffer.alloc(1_001));
    await expect(jail.read("f", 1_000)).rejects.toThrow(
      expect.objectContaining({ code: "OUTPUT_TOO_LARGE", message: expect.stringMatching(/1001 bytes, more than 1000/) }),
    );
    expect((await jail.read("f", 1_001)).byteLength).toBe(1_001);
  });

  test("says what is missing, and which name is too long", async () => {
    await expect(jail.read("none.txt", 10)).rejects.toThrow(/"none.txt" does not exist/);
    await expect(jail.write("x".repeat(300), content)).rejects.toThrow(expect.objectContaining({ code: "PARAMS_INVALID" }));
    expect(await jail.stat("none/none.txt")).toBeUndefined();
    expect(await jail.delete("none/none.txt")).toBe(false);
  });

  test("comes back when the root was removed meanwhile", async () => {
    await jail.write("f", content);
    await rm(root, { recursive: true });
    await jail.write("f", content);
    expect((await jail.read("f", 10)).toString()).toBe("content");
  });

  test("creates a file for one of many at once", async () => {
    const made = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => jail.createExclusive("once", Buffer.from(String(index)))),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect((await jail.read("once", 10)).toString()).toBe(String(made.indexOf(true)));
  });

  test("lists sorted, bounded, and without our own files", async () => {
    for (const path of ["b.txt", "a/2.txt", "a/1.txt"]) await jail.write(path, content);
    await jail.appendOnce("c.txt", content, "k");
    await writeFile(join(root, ".nf-0123456789abcdef.tmp"), "left behind by a killed process");
    const all = await jail.list(".", { recursive: true, limit: 10 });
    expect(all.entries.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "folder a",
      "file a/1.txt",
      "file a/2.txt",
      "file b.txt",
      "file c.txt",
    ]);
    expect(all.isTruncated).toBe(false);
    expect((await jail.list("a", { recursive: false, limit: 1 })).isTruncated).toBe(true);
  });
});
