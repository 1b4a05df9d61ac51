import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeySource } from "../../../lib/access/secretKeys.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function sourceOf(secretKey: string | null = null) {
  const file = join(folder, "config", "secret.key");
  return { file, keys: createKeySource({ secretKey, secretKeyFile: file, dataFolder: join(folder, "data") }) };
}

describe("the key file", () => {
  test("is made on the first sealing, mode 0600 in a folder of mode 0700, and then kept", () => {
    const { file, keys } = sourceOf();

    const made = keys(true);

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(file, ".."))).toEqual(["secret.key"]);
    expect(made[0]).toHaveLength(32);
    expect(sourceOf().keys(true)).toEqual(made);
    expect(sourceOf().keys(false)).toEqual(made);
  });

  test("is not made on opening", () => {
    const { file, keys } = sourceOf();

    expect(keys(false)).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  test.each([0o644, 0o640, 0o606, 0o666])("is refused with mode %i", (mode) => {
    const { file, keys } = sourceOf();
    keys(true);
    chmodSync(file, mode);

    expect(() => keys(false)).toThrow(
      expect.objectContaining({
        code: "SECRET_KEY_MISSING",
        message: expect.stringMatching(/open to others: its mode is 0\d{3}, expected 0600/),
        hint: expect.stringContaining("chmod 600"),
      }),
    );
  });

  test("is refused inside the data folder", () => {
    const keys = createKeySource({ secretKey: null, secretKeyFile: join(folder, "data", "secret.key"), dataFolder: join(folder, "data") });

    expect(() => keys(true)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  test("may hold several keys, newest first, and remarks", () => {
    const { file, keys } = sourceOf();
    const [first] = keys(true);
    const newest = Buffer.alloc(32, 7);

    writeFileSync(file, `# new\n${newest.toString("hex")}\r\n\n${readFileSync(file, "utf8")}`);

    expect(keys(false)).toEqual([newest, first]);
  });
});

describe("a key from the environment", () => {
  const key = Buffer.alloc(32, 0xfb);

  test.each(["hex", "base64", "base64url"] as const)("is read as %s and beats the file", (encoding) => {
    const { file, keys } = sourceOf(` ${key.toString(encoding)} `);

    expect(keys(true)).toEqual([key]);
    expect(existsSync(file)).toBe(false);
  });

  test("may be several, newest first", () => {
    expect(sourceOf(`${key.toString("base64")},${Buffer.alloc(32, 1).toString("hex")}`).keys(false)).toEqual([key, Buffer.alloc(32, 1)]);
  });

  test.each(["hunter2", "a".repeat(63), "a".repeat(45), " , "])("is refused when malformed, without being quoted: %j", (text) => {
    expect(() => sourceOf(text).keys(false)).toThrow(
      expect.objectContaining({ code: "SECRET_KEY_MISSING", message: expect.not.stringContaining(text.trim() === "," ? "\0" : text) }),
    );
  });
});
