// Plugin `files`: read, write, append, list, exists, delete below the files root. The jail itself is files/FileJail.ts.
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { decodeForeignJson, isJsonObject, type JsonValue } from "../../core/json.ts";
import { definePlugin, defineAction } from "../definePlugin.ts";
import { APPEND_WINDOW_HOURS } from "../files/AppendLedger.ts";
import type { Plugin } from "../types.ts";
import { jsonValue } from "./jsonValue.ts";

const DEFAULT_READ_BYTES = 5_000_000;
const MAX_READ_BYTES = 10_000_000;
const MAX_WRITE_BYTES = 50_000_000;
const YEAR_HOURS = 365 * 24;
/** Doing it twice leaves what doing it once leaves. */
const NATURAL = { by: "natural", windowHours: YEAR_HOURS } as const;

const path = z.string().min(1).describe("Relative to the files root, with /");
const written = z.object({ path: z.string(), size_bytes: z.number() });

const readParams = z.strictObject({
  path,
  as: z.enum(["text", "json", "base64"]).default("text"),
  encoding: z.enum(["utf-8", "utf-16le", "latin1"]).default("utf-8"),
  max_bytes: z.int().positive().max(MAX_READ_BYTES).default(DEFAULT_READ_BYTES),
});

const writeParams = z.strictObject({
  path,
  content: jsonValue.describe("A text, or any JSON value, which is written as JSON"),
  as: z.enum(["text", "json", "base64"]).optional().describe("Default: text for a text, else json"),
});

const appendParams = z.strictObject({
  path,
  content: z.string(),
  newline: z.boolean().default(true).describe("Ends the content with a line break unless it has one"),
});

const listParams = z.strictObject({
  folder: z.string().default("."),
  recursive: z.boolean().default(false),
  limit: z.int().positive().max(10_000).default(1_000),
});

const read = defineAction({
  description: "Reads a file as text, JSON or base64",
  effect: "read",
  idempotency: NATURAL,
  params: readParams,
  output: z.object({ path: z.string(), size_bytes: z.number(), content: jsonValue }),
  costUsd: 0,
  run: async (params, { files }) => {
    const bytes = await files.read(params.path, params.max_bytes);
    return { path: params.path, size_bytes: bytes.byteLength, content: decode(bytes, params) };
  },
});

const write = defineAction({
  description: "Writes a file, whole or not at all, replacing what was there",
  effect: "write",
  idempotency: NATURAL,
  params: writeParams,
  output: written,
  costUsd: 0,
  run: async (params, { files }) => {
    const bytes = encode(params);
    await files.write(params.path, bytes);
    return { path: params.path, size_bytes: bytes.byteLength };
  },
  // The file holding this very content is what the write is for, whoever wrote it.
  verify: async ({ files }, params) => {
    const bytes = encode(params);
    const entry = await files.stat(params.path);
    if (entry?.kind !== "file" || entry.sizeBytes !== bytes.byteLength) return { happened: false };
    const present = await files.read(params.path, MAX_WRITE_BYTES);
    return present.equals(bytes) ? { happened: true, output: { path: params.path, size_bytes: bytes.byteLength } } : { happened: false };
  },
});

const append = defineAction({
  description: "Appends text to a file, making it when absent; a repeated call under the same key appends nothing",
  effect: "write",
  idempotency: { by: "natural", windowHours: APPEND_WINDOW_HOURS },
  params: appendParams,
  output: z.object({ path: z.string(), appended_bytes: z.number() }),
  costUsd: 0,
  run: async (params, { files, idempotencyKey }) => {
    const bytes = encodeLine(params);
    await files.appendOnce(params.path, bytes, idempotencyKey);
    return { path: params.path, appended_bytes: bytes.byteLength };
  },
  verify: async ({ files, idempotencyKey }, params) => {
    const happened = await files.hasAppended(params.path, idempotencyKey);
    if (happened !== true) return { happened };
    return { happened, output: { path: params.path, appended_bytes: encodeLine(params).byteLength } };
  },
});

const list = defineAction({
  description: "Lists files and folders, sorted by path",
  effect: "read",
  idempotency: NATURAL,
  params: listParams,
  output: z.object({
    entries: z.array(z.object({ path: z.string(), kind: z.enum(["file", "folder"]), size_bytes: z.number(), modified_at: z.string() })),
    is_truncated: z.boolean(),
  }),
  costUsd: 0,
  run: async ({ folder, recursive, limit }, { files }) => {
    const { entries, isTruncated } = await files.list(folder, { recursive, limit });
    const rows = entries.map((entry) => ({
      path: entry.path,
      kind: entry.kind,
      size_bytes: entry.sizeBytes,
      modified_at: entry.modifiedAt,
    }));
    return { entries: rows, is_truncated: isTruncated };
  },
});

const exists = defineAction({
  description: "Says whether a file or folder exists",
  effect: "read",
  idempotency: NATURAL,
  params: z.strictObject({ path }),
  output: z.object({
    path: z.string(),
    exists: z.boolean(),
    kind: z.enum(["file", "folder"]).nullable(),
    size_bytes: z.number().nullable(),
  }),
  costUsd: 0,
  run: async (params, { files }) => {
    const entry = await files.stat(params.path);
    return { path: params.path, exists: entry !== undefined, kind: entry?.kind ?? null, size_bytes: entry?.sizeBytes ?? null };
  },
});

const remove = defineAction({
  description: "Deletes a file or an empty folder; deleting what is not there is no error",
  effect: "destructive",
  idempotency: NATURAL,
  params: z.strictObject({ path }),
  output: z.object({ path: z.string(), exists: z.literal(false) }),
  costUsd: 0,
  run: async (params, { files }) => {
    await files.delete(params.path);
    // The same whether it was there or not, so that a repetition yields what the first call did.
    return { path: params.path, exists: false };
  },
  verify: async ({ files }, params) => {
    const entry = await files.stat(params.path);
    return entry === undefined ? { happened: true, output: { path: params.path, exists: false } } : { happened: false };
  },
});

export const filesPlugin: Plugin = definePlugin({
  name: "files",
  version: "1.0.0",
  description: "Files below the folder that the operator allows",
  actions: { read, write, append, list, exists, delete: remove },
});

function decode(bytes: Buffer, { path, as, encoding }: z.output<typeof readParams>): JsonValue {
  if (as === "base64") return bytes.toString("base64");
  const text = decodeText(bytes, encoding, path);
  if (as === "text") return text;
  try {
    return decodeForeignJson(text);
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `file ${path} is not JSON: ${String(cause)}`, {
      cause,
      details: { file: path, expected: "JSON" },
    });
  }
}

function decodeText(bytes: Buffer, encoding: "utf-8" | "utf-16le" | "latin1", path: string): string {
  // The TextDecoder of that name is windows-1252, which differs from Latin-1 in 32 characters.
  if (encoding === "latin1") return bytes.toString("latin1");
  if (encoding === "utf-8" && !isUtf8(bytes)) {
    throw new AppError("FILE_UNREADABLE", `file ${path} is not UTF-8: the bytes near ${firstInvalidByte(bytes)} are no character`, {
      details: { file: path, expected: "UTF-8", got: "other bytes" },
      hint: "read it with `encoding: latin1` or `utf-16le`, or `as: base64` for what is not text",
    });
  }
  return new TextDecoder(encoding).decode(bytes);
}

function firstInvalidByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  return Buffer.byteLength(text.slice(0, text.indexOf("\u{FFFD}")));
}

function encode({ path, content, as }: z.output<typeof writeParams>): Buffer {
  const kind = as ?? (typeof content === "string" ? "text" : "json");
  const bytes = kind === "json" ? Buffer.from(`${JSON.stringify(content, null, 2)}\n`) : encodeText(content, kind, path);
  if (bytes.byteLength > MAX_WRITE_BYTES) {
    throw new AppError("PARAMS_INVALID", `content of ${path} has ${bytes.byteLength} bytes, more than ${MAX_WRITE_BYTES}`, {
      details: { field: "content" },
    });
  }
  return bytes;
}

function encodeText(content: JsonValue, kind: "text" | "base64", path: string): Buffer {
  if (typeof content === "string") return kind === "base64" ? decodeBase64(content, path) : Buffer.from(content);
  const got = Array.isArray(content) ? "a list" : isJsonObject(content) ? "an object" : typeof content;
  throw new AppError("PARAMS_INVALID", `content of ${path}: with \`as: ${kind}\` expected a text, got ${got}`, {
    details: { field: "content", expected: "a text", got },
  });
}

/** Node skips what is not base64, which would write another file than was meant. */
function decodeBase64(text: string, path: string): Buffer {
  const compact = text.replace(/\s/g, "");
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.length % 4 === 0) return Buffer.from(compact, "base64");
  throw new AppError("PARAMS_INVALID", `content of ${path} is not base64`, { details: { field: "content", expected: "base64" } });
}

function encodeLine({ content, newline }: z.output<typeof appendParams>): Buffer {
  return Buffer.from(newline && !content.endsWith("\n") ? `${content}\n` : content);
}
