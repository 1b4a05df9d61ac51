// Turns the command line's FILE or AGENT into what the system takes. Parses no workflow: the system does.
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { RunRequest } from "../../systemApi.ts";

const TEXT_FILE = /\.(ya?ml|json)$/i;
const CODE_FILE = /\.(ts|mts|js|mjs)$/i;

/** A path, or something that looks like one, is a file; anything else is the name or id of a stored agent. */
export async function readTarget(target: string): Promise<Pick<RunRequest, "source" | "definition" | "agent">> {
  if (target === "-") return { source: { text: await readStdin(), file: "<stdin>" } };
  const looksLikeFile = TEXT_FILE.test(target) || CODE_FILE.test(target) || target.includes("/") || target.includes(path.sep);
  if (!looksLikeFile && !(await isFile(target))) return { agent: target };
  if (CODE_FILE.test(target)) return { definition: await loadDefinition(target) };
  return { source: { text: await readText(target), file: target } };
}

/** @throws AppError `FILE_UNREADABLE` naming the file and the reason */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : code === "EACCES"
            ? "reading it is not permitted"
            : message;
    throw new AppError("FILE_UNREADABLE", `${file} could not be read: ${reason}`, { details: { file }, cause });
  }
}

async function isFile(target: string): Promise<boolean> {
  return stat(target).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A module that exports a workflow made with `defineWorkflow`, as `default` or `workflow`. */
export async function loadDefinition(file: string): Promise<JsonObject> {
  await readText(file);
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(pathToFileURL(path.resolve(file)).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    // `defineWorkflow` refused the workflow: its code and its defects say more than that the file did not load.
    if (AppError.is(cause)) {
      const { code, message, retry, hint, details } = cause;
      throw new AppError(code, `${file}: ${message}`, { retry, hint, details: { ...details, file }, cause });
    }
    throw new AppError("SYNTAX_INVALID", `${file} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file },
      hint: "run the file with node to see where it fails",
      cause,
    });
  }
  const definition = loaded["default"] ?? loaded["workflow"];
  if (isJsonObject(definition)) return definition;
  throw new AppError("WORKFLOW_INVALID", `${file} exports no workflow`, {
    details: { file, expected: "`export default defineWorkflow({…})`, or an export named workflow" },
    hint: "export what defineWorkflow gives",
  });
}

/** All that is written to this process. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
