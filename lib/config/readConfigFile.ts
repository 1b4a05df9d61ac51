// Finds and reads the operator's optional file. What its keys mean is loadConfig.ts's work.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

export const CONFIG_FILE_NAMES = ["neuronforge.config.json", "neuronforge.config.yaml", "neuronforge.config.yml"] as const;

export interface ConfigFile {
  /** null: there is none. */
  readonly path: string | null;
  readonly content: JsonObject;
}

/**
 * @throws AppError `FILE_UNREADABLE`, `SYNTAX_INVALID` with the line, `CONFIG_INVALID` when there are two of them: which one
 *   would count must not be a matter of order
 */
export function readConfigFile(folder: string): ConfigFile {
  const found = CONFIG_FILE_NAMES.flatMap((name) => {
    const path = join(folder, name);
    const text = readIfThere(path);
    return text === null ? [] : [{ path, text }];
  });
  const [first, second] = found;
  if (first === undefined) return { path: null, content: {} };
  if (second !== undefined)
    throw new AppError("CONFIG_INVALID", `there are two configuration files, ${first.path} and ${second.path}; expected one`);
  return { path: first.path, content: parse(first.path, first.text) };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw new AppError("FILE_UNREADABLE", `cannot read the configuration file ${path}: ${String(cause)}`, {
      details: { file: path },
      cause,
    });
  }
}

function parse(path: string, text: string): JsonObject {
  // JSON is YAML; one parser tells the line of a fault in both.
  const document = parseDocument(text, { prettyErrors: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line;
    throw new AppError("SYNTAX_INVALID", `${path} is not valid: ${fault.message}`, {
      details: { file: path, ...(line === undefined ? {} : { line }) },
      cause: fault,
    });
  }
  const content = document.toJS() as unknown;
  if (content === null) return {};
  if (!isJsonObject(content))
    throw new AppError("SYNTAX_INVALID", `${path} must hold keys and values, got ${Array.isArray(content) ? "a list" : typeof content}`, {
      details: { file: path, line: 1 },
    });
  return content;
}
