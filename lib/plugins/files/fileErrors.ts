// What the operating system says about a file, in words of the catalogue.
import { AppError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errorCatalogue.ts";

interface Reading {
  readonly code: ErrorCode;
  readonly what: string;
}

const READINGS: Readonly<Record<string, Reading>> = {
  ENOENT: { code: "FILE_UNREADABLE", what: "does not exist" },
  ENOTDIR: { code: "FILE_UNREADABLE", what: "goes through a file as if it were a folder" },
  EISDIR: { code: "FILE_UNREADABLE", what: "is a folder" },
  ENOTEMPTY: { code: "CONFLICT", what: "is a folder that is not empty" },
  EACCES: { code: "PATH_FORBIDDEN", what: "may not be opened by this user" },
  EPERM: { code: "PATH_FORBIDDEN", what: "may not be changed by this user" },
  EROFS: { code: "PATH_FORBIDDEN", what: "is on a read-only file system" },
  ELOOP: { code: "PATH_FORBIDDEN", what: "is a link that leads nowhere or out" },
  ENXIO: { code: "PATH_FORBIDDEN", what: "is a device or pipe" },
  ENAMETOOLONG: { code: "PARAMS_INVALID", what: "has a name that is too long" },
  ENOSPC: { code: "DISK_FULL", what: "cannot be written: the disk is full" },
  EDQUOT: { code: "DISK_FULL", what: "cannot be written: the disk quota is used up" },
  EMFILE: { code: "RATE_LIMITED", what: "cannot be opened: too many files are open" },
};

export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Writes are whole or not at all, so a failed one changed nothing: `accepted: no`. */
export function toFileError(error: unknown, path: string): unknown {
  const code = errorCodeOf(error);
  const reading = code === undefined ? undefined : READINGS[code];
  if (reading === undefined) return error;
  return new AppError(reading.code, `path ${JSON.stringify(path)} ${reading.what}`, {
    cause: error,
    details: { field: "path", got: path, accepted: "no" },
    // The step has failed, and what failed is not resumed: the catalogue's hint speaks of the database's disk.
    ...(reading.code === "DISK_FULL"
      ? { hint: "free some space, then go on from this step: `executions fork ID --from STEP --allow-effects`" }
      : {}),
  });
}
