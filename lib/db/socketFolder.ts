// Where the lock sockets of a data folder lie: in it, or, when its path is too long for a socket, in a short folder it names.
import { randomBytes } from "node:crypto";
import { access, constants, link, lstat, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { sha256Hex } from "../core/ids.ts";

/** sun_path holds 104 bytes on macOS, 108 on Linux, the end mark included; `new.12345678` and a slash follow. */
const MAX_FOLDER_BYTES = 88;

/** @throws AppError `CONFIG_INVALID` for a folder that cannot be made or written to */
export async function socketFolder(folder: string): Promise<string> {
  await makeWritable(folder);
  // One folder under two names (symbolic links) must have one lock.
  const real = await realpath(folder);
  if (Buffer.byteLength(real) <= MAX_FOLDER_BYTES) return real;
  // Recorded, because another process may have another TMPDIR.
  const record = join(real, "lock.path");
  const recorded = await readFile(record, "utf8").catch(() => undefined);
  const short = recorded ?? (await recordOnce(record, join(tmpdir(), `neuronforge-${sha256Hex(real).slice(0, 16)}`)));
  await mkdir(short, { recursive: true, mode: 0o700 });
  await refuseForeign(short);
  return short;
}

const UNUSABLE: Readonly<Record<string, string>> = {
  EEXIST: "it is a file",
  ENOTDIR: "a part of its path is a file",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "its file system is read-only",
  ENAMETOOLONG: "its path is too long",
};

async function makeWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = UNUSABLE[(cause as NodeJS.ErrnoException).code ?? ""];
    if (why === undefined) throw cause;
    throw new AppError("CONFIG_INVALID", `the data folder ${folder} cannot be used: ${why}`, {
      cause,
      details: { field: "dataFolder", expected: "a folder that this user may write to", got: folder },
      hint: "name another one with --data or NEURONFORGE_DATA",
    });
  }
}

/** First one wins, and nobody reads half a path: the file appears complete, under its name, or not at all. */
async function recordOnce(record: string, short: string): Promise<string> {
  const partial = `${record}.${randomBytes(4).toString("hex")}`;
  await writeFile(partial, short, { mode: 0o600 });
  await link(partial, record).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(partial, { force: true });
  return await readFile(record, "utf8");
}

async function refuseForeign(short: string): Promise<void> {
  const found = await lstat(short);
  const uid = process.getuid?.();
  if (found.isDirectory() && (uid === undefined || found.uid === uid) && (found.mode & 0o077) === 0) return;
  throw new AppError("FOLDER_LOCKED", `${short}, where this data folder's lock belongs, is not a folder of this user alone`, {
    details: { file: short },
    hint: "remove it, or use a data folder with a shorter path",
  });
}
