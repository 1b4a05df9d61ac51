// The contents that `compress` works on: one text from a file or stdin, or many from JSON lines. Every fault is named with its line.
import { readFile } from "node:fs/promises";
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";

export interface ContentRow {
  readonly id: string | number;
  readonly content: string;
  readonly task?: string;
  /** Whole, at least 1. */
  readonly targetTokens?: number;
}

/**
 * The text of `file`, `-` for stdin.
 *
 * @throws AppError `FILE_UNREADABLE` naming the file and the reason; `SYNTAX_INVALID` where it is not UTF-8, with the line.
 */
export async function readContent(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = firstInvalidLine(bytes);
    throw new AppError("SYNTAX_INVALID", `${nameOf(file)} is not UTF-8 text: line ${line} holds bytes that are no character`, {
      details: { file: nameOf(file), line, expected: "UTF-8 text" },
      hint: "convert the file to UTF-8 first, or pass on the text that it holds",
      cause,
    });
  }
}

/** All lines are checked before the first is returned, so that a bad one is known before any work. */
export async function readContentRows(file: string): Promise<readonly ContentRow[]> {
  const lines = (await readContent(file)).split("\n").map((text, index) => ({ text, line: index + 1 }));
  const rows = lines.filter(({ text }) => text.trim() !== "").map(({ text, line }) => ({ line, row: parseRow(text, nameOf(file), line) }));
  const seen = new Set<string>();
  for (const { line, row } of rows) {
    const id = JSON.stringify(row.id);
    if (seen.has(id)) throw rowFault(nameOf(file), line, `the id ${id} stands twice`, "each id once");
    seen.add(id);
  }
  return rows.map(({ row }) => row);
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    if (file !== "-") return await readFile(file);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      EACCES: "reading it is not permitted",
      ERR_FS_FILE_TOO_LARGE: "it is too large to be read at once",
    };
    throw new AppError("FILE_UNREADABLE", `${nameOf(file)} could not be read: ${reasons[code ?? ""] ?? message}`, {
      details: { file: nameOf(file) },
      cause,
    });
  }
}

function firstInvalidLine(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(10, from);
    const to = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) return line;
    from = to + 1;
  }
  return line;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function parseRow(text: string, file: string, line: number): ContentRow {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `line ${line} of ${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file, line },
      cause,
    });
  }
  if (!isJsonObject(row)) throw rowFault(file, line, "it is not a JSON object", '{"id", "content", "task"?, "targetTokens"?}');
  const { id, content, task, targetTokens } = row;
  if (typeof id !== "string" && typeof id !== "number") throw rowFault(file, line, "id is missing or neither text nor number", "an id");
  if (typeof content !== "string") throw rowFault(file, line, "content is missing or not a text", "the content as a string");
  if (task !== undefined && task !== null && typeof task !== "string") throw rowFault(file, line, "task is not a text", "a string");
  if (targetTokens !== undefined && targetTokens !== null && !isTokenCount(targetTokens))
    throw rowFault(file, line, `targetTokens is ${JSON.stringify(targetTokens)}`, "a whole number of at least 1");
  return {
    id,
    content,
    ...(typeof task === "string" ? { task } : {}),
    ...(typeof targetTokens === "number" ? { targetTokens } : {}),
  };
}

function isTokenCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function rowFault(file: string, line: number, what: string, expected: string): AppError {
  return new AppError("USAGE", `line ${line} of ${file} cannot be compressed: ${what}`, { details: { file, line, expected } });
}

function nameOf(file: string): string {
  return file === "-" ? "<stdin>" : file;
}
