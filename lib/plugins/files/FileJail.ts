// Files below one folder, for actions. Every path is judged here; nothing else in plugins/ touches the file system by a name that a workflow gave.
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { FileEntry, FileServices } from "../types.ts";
import { AppendLedger } from "./AppendLedger.ts";
import { errorCodeOf, toFileError } from "./fileErrors.ts";
import { forbidden, type OpenFolder, openFolder, PRIVATE_FOLDER, resolveLinks, splitPath } from "./jailFolder.ts";
import { createFile, isTemporaryName, replaceFile } from "./wholeFile.ts";

export interface FileJailOptions {
  /** Made when absent. May itself be a link; what it points to at first use is the root. */
  readonly root: string;
  readonly clock: Clock;
}

/** A name inside an open folder. */
interface Place {
  readonly folder: OpenFolder;
  readonly name: string;
  /** Relative to the root, without links. */
  readonly realPath: string;
}

// Not blocking: opening a pipe would wait for its other end for ever.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const UPDATE_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MAX_FOLDER_DEPTH = 32;
const CHUNK_BYTES = 256 * 1024;

export class FileJail implements FileServices {
  readonly #options: FileJailOptions;
  #root: string | undefined;

  constructor(options: FileJailOptions) {
    this.#options = options;
  }

  async read(path: string, maxBytes: number): Promise<Buffer> {
    return this.#at(path, { create: false, followLast: true }, async ({ folder, name }) => {
      const file = await openRegular(folder.at(name), READ_FLAGS, path);
      try {
        return await readBounded(file, path, maxBytes);
      } finally {
        await file.close();
      }
    });
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    await this.#at(path, { create: true, followLast: true }, async ({ folder, name }) => {
      const present = await lstatOrUndefined(folder.at(name));
      if (present !== undefined && !present.isFile() && !present.isSymbolicLink())
        throw forbidden(path, `is ${describeKind(present)}, not a file`);
      await replaceFile(folder, name, content, present?.isFile() === true ? Number(present.mode) & 0o777 : undefined);
    });
  }

  async createExclusive(path: string, content: Uint8Array): Promise<boolean> {
    return this.#at(path, { create: true, followLast: false }, async ({ folder, name }) => createFile(folder, name, content));
  }

  async appendOnce(path: string, content: Uint8Array, key: string): Promise<boolean> {
    return this.#at(path, { create: true, followLast: true }, async (place) => (await this.#ledgerOf(place, path)).append(content, key));
  }

  async hasAppended(path: string, key: string): Promise<boolean | "unknown"> {
    try {
      return await this.#at(path, { create: false, followLast: true }, async (place) => (await this.#ledgerOf(place, path)).has(key));
    } catch (error) {
      // Not even the folder is there, and an append makes it.
      if (AppError.is(error, "FILE_UNREADABLE")) return false;
      throw error;
    }
  }

  async list(
    folder: string,
    { recursive, limit }: { readonly recursive: boolean; readonly limit: number },
  ): Promise<{ entries: readonly FileEntry[]; isTruncated: boolean }> {
    const root = await this.#openRoot();
    const entries: FileEntry[] = [];
    const waiting: (readonly string[])[] = [await resolveLinks(root, splitPath(folder), folder)];
    for (let parts = waiting.shift(); parts !== undefined && entries.length <= limit; parts = waiting.shift()) {
      const found = await this.#listOne(root, parts, { path: folder, room: limit + 1 - entries.length });
      entries.push(...found);
      if (!recursive || parts.length >= MAX_FOLDER_DEPTH) continue;
      waiting.push(...found.filter(({ kind }) => kind === "folder").map(({ path }) => path.split("/")));
    }
    const shown = entries.slice(0, limit).sort((left, right) => (left.path < right.path ? -1 : 1));
    return { entries: shown, isTruncated: entries.length > limit };
  }

  async stat(path: string): Promise<FileEntry | undefined> {
    try {
      return await this.#at(path, { create: false, followLast: true }, async ({ folder, name, realPath }) => {
        const found = await lstatOrUndefined(folder.at(name));
        if (found === undefined || found.isSymbolicLink()) return undefined;
        if (!found.isFile() && !found.isDirectory()) throw forbidden(path, `is ${describeKind(found)}`);
        return toEntry(realPath, found);
      });
    } catch (error) {
      if (AppError.is(error, "FILE_UNREADABLE")) return undefined;
      throw error;
    }
  }

  async delete(path: string): Promise<boolean> {
    try {
      return await this.#at(path, { create: false, followLast: false }, async ({ folder, name }) => {
        const found = await lstatOrUndefined(folder.at(name));
        if (found === undefined) return false;
        // A link is removed itself, never what it points to.
        await (found.isDirectory() ? rmdir(folder.at(name)) : unlink(folder.at(name)));
        return true;
      });
    } catch (error) {
      if (AppError.is(error, "FILE_UNREADABLE")) return false;
      throw error;
    }
  }

  async #at<T>(
    path: string,
    options: { readonly create: boolean; readonly followLast: boolean },
    work: (place: Place) => Promise<T>,
  ): Promise<T> {
    const parts = splitPath(path);
    if (parts.length === 0) throw forbidden(path, "names the files root itself");
    const root = await this.#openRoot();
    const last = parts.at(-1)!;
    const real = options.followLast
      ? await resolveLinks(root, parts, path)
      : [...(await resolveLinks(root, parts.slice(0, -1), path)), last];
    const name = real.at(-1);
    if (name === undefined) throw forbidden(path, "names the files root itself");
    await using folder = await openFolder(root, real.slice(0, -1), { create: options.create, path });
    try {
      return await work({ folder, name, realPath: real.join("/") });
    } catch (error) {
      throw toFileError(error, path);
    }
  }

  async #openRoot(): Promise<string> {
    // Each time: somebody may have removed the folder while we run.
    await mkdir(this.#root ?? this.#options.root, { recursive: true });
    this.#root ??= await realpath(this.#options.root);
    return this.#root;
  }

  async #ledgerOf({ folder, name, realPath }: Place, path: string): Promise<AppendLedger> {
    return new AppendLedger({
      folder: join(await this.#openRoot(), PRIVATE_FOLDER, "appends"),
      target: realPath,
      clock: this.#options.clock,
      openTarget: async (create) => {
        try {
          return await openRegular(folder.at(name), create ? UPDATE_FLAGS | constants.O_CREAT : UPDATE_FLAGS, path);
        } catch (error) {
          if (AppError.is(error, "FILE_UNREADABLE") && !create) return undefined;
          throw error;
        }
      },
    });
  }

  async #listOne(
    root: string,
    parts: readonly string[],
    { path, room }: { readonly path: string; readonly room: number },
  ): Promise<FileEntry[]> {
    await using folder = await openFolder(root, parts, { create: false, path });
    const names = (await readdir(folder.at("."))).sort();
    const entries: FileEntry[] = [];
    for (const name of names) {
      if (entries.length >= room) break;
      if (isTemporaryName(name) || (parts.length === 0 && name === PRIVATE_FOLDER)) continue;
      const found = await lstatOrUndefined(folder.at(name));
      // Links and devices are not shown: what is shown can be opened.
      if (found?.isFile() === true || found?.isDirectory() === true) entries.push(toEntry([...parts, name].join("/"), found));
    }
    return entries;
  }
}

type Stats = Awaited<ReturnType<typeof lstat>>;

async function lstatOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT" || errorCodeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

async function openRegular(place: string, flags: number, path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(place, flags);
  } catch (error) {
    throw toFileError(error, path);
  }
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  throw found.isDirectory()
    ? toFileError(Object.assign(new Error("folder"), { code: "EISDIR" }), path)
    : forbidden(path, `is ${describeKind(found)}, not a file`);
}

async function readBounded(file: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  const chunks: Buffer[] = [];
  let total = 0;
  // The size alone is not trusted: the file may grow while it is read.
  for (let isMore = size <= maxBytes; isMore; isMore = total <= maxBytes) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  const foundBytes = Math.max(size, total);
  throw new AppError("OUTPUT_TOO_LARGE", `path ${JSON.stringify(path)} has ${foundBytes} bytes, more than ${maxBytes}`, {
    details: { field: "path", expected: `at most ${maxBytes} bytes`, got: `${foundBytes} bytes` },
  });
}

function toEntry(path: string, stats: Stats): FileEntry {
  return {
    path,
    kind: stats.isDirectory() ? "folder" : "file",
    sizeBytes: stats.isDirectory() ? 0 : Number(stats.size),
    modifiedAt: stats.mtime.toISOString(),
  };
}

function describeKind(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isSymbolicLink()) return "a link";
  return stats.isFIFO() || stats.isSocket() ? "a pipe or socket" : "a device";
}
