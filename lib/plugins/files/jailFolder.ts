// Opens folders below a root so that no link and no race leads out. Judges paths; reads and writes nothing (FileJail.ts).
import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { AppError } from "../../core/errors.ts";
import { errorCodeOf, toFileError } from "./fileErrors.ts";

/** Ledgers of our own inside the root; actions neither see nor reach it. */
export const PRIVATE_FOLDER = ".neuronforge";

const MAX_PATH_CHARACTERS = 4_096;
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Linux can name "this very folder, wherever it is now": what follows cannot be led astray by a swapped link. */
const HAS_FOLDER_HANDLES = process.platform === "linux" && existsSync("/proc/self/fd");

const OPERATOR_CONFIG = /^neuronforge\.config\./i;

/** The parts of a relative path. @throws AppError `PATH_FORBIDDEN` */
export function splitPath(path: string): readonly string[] {
  const forbid = (why: string): AppError => forbidden(path, why);
  if (path.includes("\0")) throw forbid("contains a NUL character");
  if (path.length > MAX_PATH_CHARACTERS) throw forbid(`is longer than ${MAX_PATH_CHARACTERS} characters`);
  if (isAbsolute(path) || /^[A-Za-z]:/.test(path) || path.startsWith("~")) throw forbid("is not relative to the files root");
  if (path.includes("\\")) throw forbid("contains a backslash; use /");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw forbid("contains ..");
  // A workflow must not be able to widen what the operator allows: the next command would load it.
  if (parts.some((part) => OPERATOR_CONFIG.test(part))) throw forbid("is the operator's configuration");
  if (parts[0] === PRIVATE_FOLDER) throw forbid("is kept for the product's own records");
  return parts;
}

export function forbidden(path: string, why: string): AppError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new AppError("PATH_FORBIDDEN", `path ${JSON.stringify(shown)} ${why}`, {
    details: { field: "path", expected: "a path below the files root", got: shown, accepted: "no" },
  });
}

/** An open folder. Paths made with {@link OpenFolder.at} stay inside it. */
export interface OpenFolder extends AsyncDisposable {
  readonly handle: FileHandle;
  at(name: string): string;
}

export interface OpenOptions {
  /** Makes missing folders. */
  readonly create: boolean;
  /** For messages. */
  readonly path: string;
}

/** Opens the folder `parts` below `root`, which must be a real path, following no links. */
export async function openFolder(root: string, parts: readonly string[], { create, path }: OpenOptions): Promise<OpenFolder> {
  let folder = toOpenFolder(await open(root, FOLDER_FLAGS), root);
  for (const part of parts) {
    const place = folder.at(part);
    try {
      if (create) await makeFolder(place);
      const next = toOpenFolder(await open(place, FOLDER_FLAGS), place);
      await folder[Symbol.asyncDispose]();
      folder = next;
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw errorCodeOf(error) === "ELOOP"
        ? forbidden(path, "leads through a link that was not there a moment ago")
        : toFileError(error, path);
    }
  }
  return folder;
}

function toOpenFolder(handle: FileHandle, path: string): OpenFolder {
  const base = HAS_FOLDER_HANDLES ? `/proc/self/fd/${handle.fd}` : path;
  return { handle, at: (name) => join(base, name), [Symbol.asyncDispose]: async () => handle.close() };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
  }
}

/**
 * Where `parts` really are, links resolved, as parts below `root`; missing ones are kept as given.
 *
 * @throws AppError `PATH_FORBIDDEN` when a link leads out
 */
export async function resolveLinks(root: string, parts: readonly string[], path: string): Promise<readonly string[]> {
  for (let known = parts.length; known > 0; known -= 1) {
    const real = await realpathOrMissing(join(root, ...parts.slice(0, known)), path);
    if (real === undefined) continue;
    const inside = relative(root, real);
    if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      throw forbidden(path, "leads out of the files root through a link");
    const realParts = inside === "" ? [] : inside.split(sep);
    if (realParts[0] === PRIVATE_FOLDER) throw forbidden(path, "is kept for the product's own records");
    return [...realParts, ...parts.slice(known)];
  }
  return parts;
}

async function realpathOrMissing(place: string, path: string): Promise<string | undefined> {
  try {
    return await realpath(place);
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    if (errorCodeOf(error) === "ELOOP") throw forbidden(path, "leads through links that go round in a circle");
    throw toFileError(error, path);
  }
}
