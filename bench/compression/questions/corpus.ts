// Texts that installed packages ship, taken apart: what questions are made from. Nothing of it enters the repository.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface Document {
  /** Path below node_modules. */
  readonly source: string;
  readonly text: string;
}

const MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const MAX_DEPTH = 7;

/** Every Markdown file of installed packages, in order of path: the same list on every machine with the same lock file. */
export async function readMarkdown(): Promise<readonly Document[]> {
  const files = (await filesBelow("", 0)).filter((file) => /\.mdx?$/i.test(file) && !/license/i.test(file)).sort();
  return Promise.all(files.map(async (source) => ({ source, text: await readFile(path.join(MODULES, source), "utf8") })));
}

export async function readModuleFile(source: string): Promise<string> {
  return readFile(path.join(MODULES, source), "utf8");
}

/** Manifests of all packages at the top, for tables and lists of true values. */
export async function readManifests(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const files = (await filesBelow("", 0)).filter((file) => /^(?:@[^/]+\/)?[^/]+\/package\.json$/.test(file)).sort();
  return Promise.all(files.map(async (file) => JSON.parse(await readModuleFile(file)) as Readonly<Record<string, unknown>>));
}

async function filesBelow(folder: string, depth: number): Promise<string[]> {
  if (depth > MAX_DEPTH) return [];
  const entries = await readdir(path.join(MODULES, folder), { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const file = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : filesBelow(file, depth + 1);
      return entry.isFile() ? [file] : [];
    }),
  );
  return nested.flat();
}

/** Paragraphs of running text: no code, no tables, no lists, no headings; links by their words. */
export function paragraphsOf(markdown: string): readonly string[] {
  return stripBlocks(markdown)
    .split(/\n\s*\n/)
    .map((block) => block.replace(/\s+/g, " ").trim())
    .filter(
      (block) =>
        !/^(?:[#>|*+-]|\d+\.|import |export )/.test(block) && block.length >= 120 && block.length <= 1_200 && /[.!?]["')]?$/.test(block),
    )
    .map((block) => block.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*_]{1,2}(\w)/g, "$1"));
}

function stripBlocks(markdown: string): string {
  return markdown
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^\s*<\/?[A-Za-z][^>]*>\s*$/gm, "");
}

export interface Section {
  readonly heading: string;
  readonly body: string;
}

/** Sections by headings of the second rank, or of the second and third. */
export function sectionsOf(markdown: string, ranks: "second" | "both" = "both"): readonly Section[] {
  return markdown
    .split(ranks === "second" ? /^(?=## )/m : /^(?=#{2,3} )/m)
    .slice(1)
    .map((part) => {
      const [first = "", ...rest] = part.split("\n");
      return {
        heading: first
          .replace(/^#+\s*/, "")
          .replace(/[`*]/g, "")
          .trim(),
        body: rest.join("\n").trim(),
      };
    })
    .filter(({ heading, body }) => heading !== "" && body.length >= 80);
}

/** Sentences of one paragraph: enough for questions, not for linguistics. */
export function sentencesOf(paragraph: string): readonly string[] {
  return paragraph.split(/(?<=[.!?]["')]?)\s+(?=[A-Z`"'(])/).filter((sentence) => sentence.length >= 40);
}
