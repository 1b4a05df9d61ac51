// Reads the operator's file of the current folder. What it may hold is config/Config.ts's matter.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../core/errors.ts";

const NAMES = [
  "neuronforge.config.json",
  "neuronforge.config.yaml",
  "neuronforge.config.yml",
  "neuronforge.config.ts",
  "neuronforge.config.mjs",
] as const;

/** @returns the file's settings; an empty object when there is none */
export async function readConfigFile(folder: string): Promise<object> {
  for (const name of NAMES) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new AppError("FILE_UNREADABLE", `${name} could not be read: ${error.message}`, { details: { file }, cause: error });
    });
    if (text !== undefined) return requireObject(await parse(file, text), file);
  }
  return {};
}

async function parse(file: string, text: string): Promise<unknown> {
  try {
    if (/\.(ts|mjs)$/.test(file)) {
      const loaded = (await import(pathToFileURL(file).href)) as { readonly config?: unknown; readonly default?: unknown };
      return loaded.config ?? loaded.default;
    }
    if (file.endsWith(".json")) return JSON.parse(text) as unknown;
    const { parse: parseYaml } = await import("yaml");
    return parseYaml(text) as unknown;
  } catch (cause) {
    throw new AppError(
      "SYNTAX_INVALID",
      `${path.basename(file)} cannot be read as configuration: ${cause instanceof Error ? cause.message : String(cause)}`,
      { details: { file }, cause },
    );
  }
}

function requireObject(document: unknown, file: string): object {
  if (document === null || document === undefined) return {};
  if (typeof document === "object") return document;
  throw new AppError("CONFIG_INVALID", `${path.basename(file)} must hold an object`, {
    details: { file, expected: "an object of settings", got: typeof document },
  });
}
