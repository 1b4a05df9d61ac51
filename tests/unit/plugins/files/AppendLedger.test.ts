import { fork } from "node:child_process";
import { appendFile, mkdir, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sha256Hex } from "../../../../lib/core/ids.ts";
import { AppendLedger } from "../../../../lib/plugins/files/AppendLedger.ts";
import { toFileError } from "../../../../lib/plugins/files/fileErrors.ts";
import { FileJail } from "../../../../lib/plugins/files/FileJail.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { openTestFolder, type TestFolder } from "../openTestFolder.ts";

let folder: TestFolder;
let clock: ManualClock;
let jail: FileJail;

beforeEach(async () => {
  folder = await openTestFolder();
  clock = new ManualClock();
  jail = new FileJail({ root: folder.path, clock });
});
afterEach(async () => folder[Symbol.asyncDispose]());

const text = async (): Promise<string> => readFile(join(folder.path, "log"), "utf8");
const append = async (line: string, key: string): Promise<boolean> => jail.appendOnce("log", Buffer.from(line), key);

/** What a process leaves that died right after writing its note. */
async function dieBefore(line: string, key: string, offset: number): Promise<void> {
  const ledgers = join(folder.path, ".neuronforge/appends");
  await mkdir(ledgers, { recursive: true });
  const note = { key: sha256Hex(key).slice(0, 40), offset, contentBase64: Buffer.from(line).toString("base64") };
  await writeFile(join(ledgers, `${sha256Hex("log").slice(0, 40)}.pending`), JSON.stringify(note));
}

describe("appendOnce", () => {
  test("appends each key once, in any mixture of repetitions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 }), async (keys) => {
        await rm(folder.path, { recursive: true, force: true });
        for (const key of keys) await append(`${key}\n`, key);
        expect(await text().catch(() => "")).toBe([...new Set(keys)].map((key) => `${key}\n`).join(""));
      }),
      { numRuns: 20 },
    );
  });

  test("says whether it appended, and remembers for verify", async () => {
    expect(await jail.hasAppended("log", "k")).toBe(false);
    expect(await append("x", "k")).toBe(true);
    expect(await append("x", "k")).toBe(false);
    expect(await jail.hasAppended("log", "k")).toBe(true);
    expect(await jail.hasAppended("other/log", "k")).toBe(false);
  });

  test("many at once keep their lines whole", async () => {
    await Promise.all(Array.from({ length: 30 }, async (_, index) => append(`${"x".repeat(1_000)}${index % 15}\n`, String(index % 15))));
    const lines = (await text()).trimEnd().split("\n");
    expect(lines.map((line) => Number(line.slice(1_000))).sort((left, right) => left - right)).toEqual(
      Array.from({ length: 15 }, (_, index) => index),
    );
  });

  test("keeps what others wrote into the file", async () => {
    await writeFile(join(folder.path, "log"), "theirs\n");
    await append("ours\n", "k");
    expect(await text()).toBe("theirs\nours\n");
  });
});

test("a disk that fills up half-way leaves the file as it was, and the same key may try again", async () => {
  await append("one\n", "k1");
  const path = join(folder.path, "log");
  let isFull = true;
  const ledger = new AppendLedger({
    folder: join(folder.path, ".neuronforge/appends"),
    target: "log",
    clock,
    openTarget: async () => {
      const file = await open(path, "r+");
      const write = file.write.bind(file);
      const half = async (content: Buffer, offset: number, _: number, position: number): Promise<unknown> => {
        await write(content, offset, 2, position);
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      };
      return isFull ? Object.assign(file, { write: half }) : file;
    },
  });
  await expect(ledger.append(Buffer.from("two\n"), "k2")).rejects.toThrow("no space left");
  expect(await text()).toBe("one\n");
  expect(await ledger.has("k2")).toBe(false);
  isFull = false;
  expect(await ledger.append(Buffer.from("two\n"), "k2")).toBe(true);
  expect(await text()).toBe("one\ntwo\n");
});

test("what the system says about a full disk is DISK_FULL, and nothing was accepted", () => {
  expect(toFileError(Object.assign(new Error("x"), { code: "ENOSPC" }), "f")).toMatchObject({
    code: "DISK_FULL",
    details: { accepted: "no" },
  });
});

describe("after a process died", () => {
  test("before it touched the file: the append has not happened and is done once", async () => {
    await append("one\n", "k1");
    await dieBefore("two\n", "k2", 4);
    expect(await jail.hasAppended("log", "k2")).toBe(false);
    expect(await append("two\n", "k2")).toBe(true);
    expect(await text()).toBe("one\ntwo\n");
  });

  test("with all of it written: the append has happened and is not repeated", async () => {
    await append("one\n", "k1");
    await dieBefore("two\n", "k2", 4);
    await appendFile(join(folder.path, "log"), "two\n");
    expect(await append("two\n", "k2")).toBe(false);
    expect(await text()).toBe("one\ntwo\n");
  });

  test("with half of it written: another key finds no torn line, and the dead one is done once", async () => {
    await append("one\n", "k1");
    await dieBefore("two\n", "k2", 4);
    await appendFile(join(folder.path, "log"), "tw");
    expect(await append("three\n", "k3")).toBe(true);
    expect(await append("two\n", "k2")).toBe(true);
    expect(await text()).toBe("one\nthree\ntwo\n");
  });

  test.each([
    ["others appended", async () => appendFile(join(folder.path, "log"), "theirs\n")],
    ["others cut the file", async () => truncate(join(folder.path, "log"), 1)],
    ["others removed the file", async () => rm(join(folder.path, "log"))],
  ])("and %s meanwhile: nobody can tell, and nothing is repeated silently", async (_, change) => {
    await append("one\n", "k1");
    await dieBefore("two\n", "k2", 4);
    await change();
    expect(await jail.hasAppended("log", "k2")).toBe("unknown");
    await expect(append("two\n", "k2")).rejects.toThrow(expect.objectContaining({ code: "EFFECT_UNCERTAIN" }));
    expect(await append("three\n", "k3")).toBe(true);
  });

  test("a lock whose holder is dead is taken over", async () => {
    await append("one\n", "k1");
    const lock = join(folder.path, ".neuronforge/appends", `${sha256Hex("log").slice(0, 40)}.lock`);
    const child = fork("-e", ["0"], { execPath: process.execPath, execArgv: [] });
    await new Promise((resolve) => child.once("exit", resolve));
    const { hostname } = await import("node:os");
    await writeFile(lock, JSON.stringify({ pid: child.pid, host: hostname(), instance: "x", token: "t" }));
    expect(await append("two\n", "k2")).toBe(true);
    await writeFile(
      lock,
      JSON.stringify({ pid: process.pid, host: hostname(), instance: "an earlier process of this number", token: "t" }),
    );
    expect(await append("three\n", "k3")).toBe(true);
    expect((await readdir(join(folder.path, ".neuronforge/appends"))).filter((name) => name.includes("lock"))).toEqual([]);
  });

  test("a lock of another machine is waited for, and taken over when it is a minute old", async () => {
    await append("one\n", "k1");
    const lock = join(folder.path, ".neuronforge/appends", `${sha256Hex("log").slice(0, 40)}.lock`);
    await writeFile(lock, JSON.stringify({ pid: 1, host: "another", instance: "x", token: "t" }));
    clock.jumpWall(Date.now() - clock.nowMs());
    const waiting = append("two\n", "k2").then(
      () => undefined,
      (error: unknown) => error,
    );
    while (clock.monotonicMs() < 21_000) {
      if (clock.waiting > 0) await clock.advance(1_000);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await waiting).toMatchObject({ code: "CONFLICT", retry: "later" });
    clock.jumpWall(61_000);
    expect(await append("two\n", "k2")).toBe(true);
  });
});

test("processes killed at any moment lose no line and repeat none", async () => {
  for (let kills = 0, isDone = false; !isDone && kills < 10; kills += 1) {
    const children = [0, 1].map(async (index) => runUntilKilled(kills < 4 ? 40 * (kills + 1) + 17 * index : undefined));
    isDone = (await Promise.all(children)).includes(true);
  }
  const lines = (await text()).trimEnd().split("\n");
  expect(lines.map((line) => Number(line.slice(5_000))).sort((left, right) => left - right)).toEqual(
    Array.from({ length: 60 }, (_, index) => index),
  );
  expect(lines.every((line) => line.startsWith("y".repeat(5_000)))).toBe(true);
});

/** @returns whether it came to its end; what it complains about fails the test */
async function runUntilKilled(afterMs: number | undefined): Promise<boolean> {
  const child = fork(join(import.meta.dirname, "appendManyLines.ts"), [folder.path, "60"], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    let isDone = false;
    child.on("message", (message) => {
      if (message === "done") isDone = true;
      else if (afterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), afterMs);
    });
    child.once("exit", (code) => (code === 0 || code === null ? resolve(isDone) : reject(new Error(complaints))));
  });
}
