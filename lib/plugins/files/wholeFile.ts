// Files that are there whole or not at all, at any moment and after a power cut.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { errorCodeOf } from "./fileErrors.ts";
import type { OpenFolder } from "./jailFolder.ts";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const TEMPORARY = /^\.nf-[0-9a-f]{16}\.tmp$/;

/** What a killed process leaves behind; not shown to actions. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** @param mode permission bits, for keeping those of the file that is replaced */
export async function replaceFile(folder: OpenFolder, name: string, content: Uint8Array, mode?: number): Promise<void> {
  await withTemporary(folder, content, mode, async (temporary) => rename(temporary, folder.at(name)));
}

/** @returns false when there is something of that name */
export async function createFile(folder: OpenFolder, name: string, content: Uint8Array): Promise<boolean> {
  return withTemporary(folder, content, undefined, async (temporary) => {
    try {
      // Unlike rename, link never replaces: of two creators exactly one succeeds.
      await link(temporary, folder.at(name));
    } catch (error) {
      if (errorCodeOf(error) === "EEXIST") return false;
      throw error;
    }
    return true;
  });
}

async function withTemporary<T>(
  folder: OpenFolder,
  content: Uint8Array,
  mode: number | undefined,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = folder.at(`.nf-${randomBytes(8).toString("hex")}.tmp`);
  const file = await open(temporary, NEW_FILE);
  try {
    try {
      if (mode !== undefined) await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return await place(temporary);
  } finally {
    await removeIfPresent(temporary);
    await syncFolder(folder.handle);
  }
}

/** After a rename the old name is gone already. */
async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT") throw error;
  }
}

/** The name itself must survive a power cut; some file systems cannot sync a folder and need not. */
export async function syncFolder(folder: FileHandle): Promise<void> {
  try {
    await folder.sync();
  } catch (error) {
    if (errorCodeOf(error) !== "EINVAL" && errorCodeOf(error) !== "EPERM") throw error;
  }
}
