// Where the keys of SecretBox come from: a value of the environment, or a 0600 file outside the data folder that is made on first use.
import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname, relative } from "node:path";
import { AppError } from "../core/errors.ts";
import type { KeySource } from "./SecretBox.ts";

const KEY_BYTES = 32;

export interface SecretKeyOptions {
  /** Beats the file. Keys as base64 or hex, newest first, separated by commas or line ends. */
  readonly secretKey: string | null;
  readonly secretKeyFile: string;
  readonly dataFolder: string;
}

export function createKeySource({ secretKey, secretKeyFile, dataFolder }: SecretKeyOptions): KeySource {
  if (secretKey !== null) return () => parseKeys(secretKey, "NEURONFORGE_SECRET_KEY");
  return (forSealing) => {
    refuseInside(dataFolder, secretKeyFile);
    const found = readKeyFile(secretKeyFile);
    if (found !== null) return parseKeys(found, secretKeyFile);
    // Never on opening: a new key opens nothing, and would hide that the old one is lost.
    if (!forSealing) return [];
    makeKeyFile(secretKeyFile);
    return parseKeys(readKeyFile(secretKeyFile) ?? "", secretKeyFile);
  };
}

/** Newest first. @throws AppError `SECRET_KEY_MISSING`, never quoting the text */
function parseKeys(text: string, source: string): readonly Buffer[] {
  const words = text
    .split(/[\r\n,]+/)
    .map((word) => word.trim())
    .filter((word) => word !== "" && !word.startsWith("#"));
  if (words.length === 0)
    throw new AppError("SECRET_KEY_MISSING", `${source} holds no key; expected ${KEY_BYTES} bytes as base64 or hex`, { hint: KEY_HINT });
  return words.map((word, index) => {
    const key = decodeKey(word);
    if (key === null)
      throw new AppError(
        "SECRET_KEY_MISSING",
        `key ${index + 1} of ${source} is not ${KEY_BYTES} bytes as base64 or hex (it has ${word.length} characters)`,
        { hint: KEY_HINT },
      );
    return key;
  });
}

const KEY_HINT = "make one with `openssl rand -base64 32`";

function decodeKey(word: string): Buffer | null {
  if (/^[0-9a-fA-F]{64}$/.test(word)) return Buffer.from(word, "hex");
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(word) ? Buffer.from(word, "base64") : null;
  return key?.length === KEY_BYTES ? key : null;
}

function refuseInside(folder: string, path: string): void {
  const way = relative(folder, path);
  if (way.startsWith("..") || way === "") return;
  throw new AppError(
    "CONFIG_INVALID",
    `the key file ${path} lies in the data folder ${folder}; expected a place outside, since a copy of the folder would hold the key to its secrets`,
  );
}

function readKeyFile(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw new AppError("SECRET_KEY_MISSING", `the key file ${path} cannot be read: ${String(cause)}`, { cause });
  }
  try {
    // Of the opened file, not of the path: what is checked is what is read.
    const { mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      const got = (mode & 0o777).toString(8).padStart(4, "0");
      throw new AppError("SECRET_KEY_MISSING", `the key file ${path} is open to others: its mode is ${got}, expected 0600`, {
        details: { file: path, expected: "0600", got },
        hint: `run \`chmod 600 ${path}\``,
      });
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Whole or not at all: written aside, then linked into place. Of two processes that come at once, the second takes the first one's. */
function makeKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.${randomBytes(6).toString("hex")}`;
  const file = openSync(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(
      file,
      `# Opens the secrets stored by NeuronForge. Keep a copy; newest key first.\n${randomBytes(KEY_BYTES).toString("base64")}\n`,
    );
    // A secret sealed with a key that a power cut takes away is lost.
    fsyncSync(file);
    linkSync(partial, path);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause;
  } finally {
    closeSync(file);
    rmSync(partial, { force: true });
  }
}
