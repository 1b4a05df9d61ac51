// Appends once per key, over retries, crashes and processes. A note of what is about to be appended is durable before the file is touched, so that whoever comes next can tell what happened.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { sha256Hex } from "../../core/ids.ts";
import { errorCodeOf } from "./fileErrors.ts";
import { withFileLock } from "./FileLock.ts";
import { type OpenFolder, openFolder } from "./jailFolder.ts";
import { replaceFile } from "./wholeFile.ts";

/** How long a key is remembered; the window that the append action declares. */
export const APPEND_WINDOW_HOURS = 30 * 24;

const HOUR_MS = 3_600_000;
/** About 70 000 keys; then those past the window are dropped. */
const MAX_KEYS_BYTES = 4_000_000;

/** `unknown`: the file was changed by others between our crash and now, so nobody can tell. */
type KeyState = "done" | "unknown" | undefined;

interface Pending {
  readonly key: string;
  readonly offset: number;
  readonly contentBase64: string;
}

/** Opens the file that is appended to; `undefined` when it is absent and `create` is false. */
export type OpenTarget = (create: boolean) => Promise<FileHandle | undefined>;

export class AppendLedger {
  readonly #folder: string;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #openTarget: OpenTarget;

  /**
   * @param folder where ledgers are kept, a real path outside the reach of actions
   * @param target identifies the file, relative to the root and without links
   */
  constructor(options: { readonly folder: string; readonly target: string; readonly clock: Clock; readonly openTarget: OpenTarget }) {
    this.#folder = options.folder;
    this.#name = sha256Hex(options.target).slice(0, 40);
    this.#clock = options.clock;
    this.#openTarget = options.openTarget;
  }

  /** @returns false when the key had appended before. @throws AppError `EFFECT_UNCERTAIN` when that cannot be told */
  async append(content: Uint8Array, key: string): Promise<boolean> {
    return this.#locked(async (folder) => {
      const state = await this.#stateOf(folder, key);
      if (state === "done") return false;
      if (state === "unknown") {
        throw new AppError(
          "EFFECT_UNCERTAIN",
          "the file was changed by others after an append that did not end; whether it is in there cannot be told",
          {
            details: { accepted: "maybe" },
          },
        );
      }
      const target = await this.#openTarget(true);
      if (target === undefined) throw new AppError("FILE_UNREADABLE", "the file vanished while it was opened");
      try {
        await this.#appendTo(folder, target, content, key);
      } finally {
        await target.close();
      }
      return true;
    });
  }

  async has(key: string): Promise<boolean | "unknown"> {
    return this.#locked(async (folder) => {
      const state = await this.#stateOf(folder, key);
      return state === "unknown" ? "unknown" : state === "done";
    });
  }

  async #locked<T>(work: (folder: OpenFolder) => Promise<T>): Promise<T> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return withFileLock(join(this.#folder, `${this.#name}.lock`), this.#clock, async () => {
      await using folder = await openFolder(this.#folder, [], { create: false, path: this.#folder });
      await this.#settlePending(folder);
      // Awaited here: the folder closes when this block is left.
      return await work(folder);
    });
  }

  async #appendTo(folder: OpenFolder, target: FileHandle, content: Uint8Array, key: string): Promise<void> {
    const { size } = await target.stat();
    const pending: Pending = { key: hashOf(key), offset: size, contentBase64: Buffer.from(content).toString("base64") };
    await replaceFile(folder, this.#pendingName, Buffer.from(JSON.stringify(pending)));
    try {
      await writeAt(target, content, size);
    } catch (error) {
      // Out of disk half-way: back to what was there, so that nothing is half-written.
      await target.truncate(size);
      await this.#forgetPending(folder);
      throw error;
    }
    await this.#remember(folder, pending.key, "done");
    await this.#forgetPending(folder);
  }

  /** A note that is still there belongs to a process that died: the lock is ours. */
  async #settlePending(folder: OpenFolder): Promise<void> {
    const text = await readOrUndefined(folder.at(this.#pendingName));
    if (text === undefined) return;
    const pending = JSON.parse(text) as Pending;
    const content = Buffer.from(pending.contentBase64, "base64");
    const target = await this.#openTarget(false);
    try {
      // A file that is gone but was not empty then was removed by somebody, perhaps with our lines in it.
      const withoutFile = pending.offset === 0 ? "absent" : "foreign";
      const found = target === undefined ? withoutFile : await compare(target, content, pending.offset);
      if (found === "torn") await target?.truncate(pending.offset);
      if (found === "whole") await this.#remember(folder, pending.key, "done");
      if (found === "foreign") await this.#remember(folder, pending.key, "unknown");
    } finally {
      await target?.close();
    }
    await this.#forgetPending(folder);
  }

  async #stateOf(folder: OpenFolder, key: string): Promise<KeyState> {
    const wanted = hashOf(key);
    const keys = (await readOrUndefined(folder.at(this.#keysName))) ?? "";
    const line = keys.split("\n").findLast((candidate) => candidate.startsWith(`${wanted} `));
    if (line === undefined) return undefined;
    return line.endsWith(" unknown") ? "unknown" : "done";
  }

  async #remember(folder: OpenFolder, key: string, state: "done" | "unknown"): Promise<void> {
    const line = `${key} ${this.#clock.nowMs()} ${state}\n`;
    const file = await open(folder.at(this.#keysName), constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      // A line cut short by a power failure must not swallow the next.
      await file.appendFile(size > 0 ? `\n${line}` : line);
      await file.sync();
      if (size < MAX_KEYS_BYTES) return;
    } finally {
      await file.close();
    }
    await this.#dropOldKeys(folder);
  }

  async #dropOldKeys(folder: OpenFolder): Promise<void> {
    const oldestMs = this.#clock.nowMs() - APPEND_WINDOW_HOURS * HOUR_MS;
    const lines = ((await readOrUndefined(folder.at(this.#keysName))) ?? "").split("\n");
    const kept = lines.filter((line) => Number(line.split(" ")[1] ?? 0) >= oldestMs);
    await replaceFile(folder, this.#keysName, Buffer.from(`${kept.join("\n")}\n`));
  }

  async #forgetPending(folder: OpenFolder): Promise<void> {
    await unlink(folder.at(this.#pendingName));
  }

  get #pendingName(): string {
    return `${this.#name}.pending`;
  }

  get #keysName(): string {
    return `${this.#name}.keys`;
  }
}

/** Fixed length, no spaces or line breaks, whatever the key holds. */
function hashOf(key: string): string {
  return sha256Hex(key).slice(0, 40);
}

async function writeAt(target: FileHandle, content: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < content.byteLength;) {
    const { bytesWritten } = await target.write(content, written, content.byteLength - written, offset + written);
    written += bytesWritten;
  }
  await target.sync();
}

/** What became of an append: in there `whole`, cut short (`torn`), not begun (`absent`), or the file is not what it was (`foreign`). */
async function compare(target: FileHandle, content: Buffer, offset: number): Promise<"whole" | "torn" | "absent" | "foreign"> {
  const { size } = await target.stat();
  if (size < offset) return "foreign";
  if (size === offset) return "absent";
  const present = Buffer.alloc(Math.min(size - offset, content.byteLength));
  const { bytesRead } = await target.read(present, 0, present.byteLength, offset);
  const isPrefix = bytesRead === present.byteLength && present.equals(content.subarray(0, present.byteLength));
  if (!isPrefix) return "foreign";
  return present.byteLength === content.byteLength ? "whole" : "torn";
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
