// The product's source as syntax trees, for the checks beside this file. Reads files; judges nothing.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A node of the ESTree; only what is asked for is looked at. */
export type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Node;
}

export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  return { path, text, program: program as unknown as Node };
}

const parsed = new Map<string, readonly SourceFile[]>();

export function readSources(folder: string): readonly SourceFile[] {
  let files = parsed.get(folder);
  if (files === undefined) {
    files = listFiles(folder)
      .filter((path) => path.endsWith(".ts"))
      .map((path) => parseSource(path, readFileSync(join(ROOT, path), "utf8")));
    parsed.set(folder, files);
  }
  return files;
}

/** Sorted; an absent folder has no files. */
export function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath.slice(ROOT.length)}/${entry.name}`)
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

export function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const member of value) yield* nodesOf(member);
    return;
  }
  const node = value as Node;
  if (typeof node.type === "string") yield node;
  for (const member of Object.values(node)) yield* nodesOf(member);
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** `a.b` for a plain member expression, `a` for an identifier, else an empty text. */
export function dottedName(value: unknown): string {
  const node = value as Node | null;
  if (node?.type === "Identifier") return String(node["name"]);
  if (node?.type !== "MemberExpression") return "";
  const property = node["property"] as Node;
  const name = node["computed"] === true ? property["value"] : property["name"];
  const object = dottedName(node["object"]);
  return object === "" ? "" : `${object}.${String(name)}`;
}

/** Text literals and the fixed parts of templates, with where they stand. */
export function* textsOf(program: Node): Generator<{ readonly text: string; readonly start: number }> {
  for (const node of nodesOf(program)) {
    if (node.type === "Literal" && typeof node["value"] === "string") yield { text: node["value"], start: node.start };
    if (node.type === "TemplateLiteral") {
      const parts = node["quasis"] as readonly { readonly value: { readonly cooked: string | null; readonly raw: string } }[];
      yield { text: parts.map(({ value }) => value.cooked ?? value.raw).join("…"), start: node.start };
    }
  }
}
