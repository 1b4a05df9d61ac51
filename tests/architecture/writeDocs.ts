// `npm run docs:gen` writes the generated pages; with --check it only says which are out of date, and fails if any is.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderDocs } from "./generatedDocs.ts";
import { ROOT } from "./sourceTree.ts";

/** @returns paths whose file differs from what the code says */
export function findStaleDocs(): readonly string[] {
  return [...renderDocs()].filter(([path, content]) => readIfThere(path) !== content).map(([path]) => path);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function writeDocs(): void {
  for (const [path, content] of renderDocs()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
}

if (import.meta.main) {
  const stale = findStaleDocs();
  const isCheck = process.argv.includes("--check");
  if (!isCheck) writeDocs();
  for (const path of stale) process.stdout.write(`${isCheck ? "out of date" : "written"}: ${path}\n`);
  process.exitCode = isCheck && stale.length > 0 ? 1 : 0;
}
