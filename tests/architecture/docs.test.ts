import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { findStaleDocs } from "./writeDocs.ts";
import { listFiles, ROOT } from "./sourceTree.ts";

/** Pages whose paths must exist. The plan map names files to come, and has its own test. */
const PAGES = [
  "README.md",
  "AGENTS.md",
  "CONTRIBUTING.md",
  ...listFiles("docs"),
  ...listFiles("lib"),
  ...listFiles("bench"),
  ...listFiles("examples"),
].filter((path) => path.endsWith(".md") && path !== "docs/plan-map.md" && !path.includes("node_modules") && existsSync(join(ROOT, path)));

/** Paths from the root in backticks, and relative links; not those with a placeholder (`*`, `…`, capitals such as NAME). */
function pathsIn(page: string, text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  const quoted = [...prose.matchAll(/`((?:lib|tests|docs|bench|examples|supabase|app|dashboard|\.ci)\/[^`\s]*)`/g)].map(
    (match) => match[1] ?? "",
  );
  const linked = [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map((match) => join(dirname(page), match[1] ?? ""));
  return [...quoted, ...linked]
    .map((path) => path.replace(/[:#].*$/, "").replace(/\/$/, ""))
    .filter((path) => !/[*<>{}…]|\b(NAME|ID|FILE)\b/.test(path));
}

describe("the docs", () => {
  test("name no path that does not exist", () => {
    const named = PAGES.flatMap((page) => pathsIn(page, readFileSync(join(ROOT, page), "utf8")).map((path) => ({ page, path })));

    expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("are up to date where they are made from code; else run `npm run docs:gen`", () => {
    expect(findStaleDocs()).toEqual([]);
  });
});

describe("the checker", () => {
  test("sees quoted paths and relative links, and leaves addresses, placeholders and code blocks", () => {
    const text =
      "See `lib/a.ts:12`, [b](../b.md#top), [c](https://x.test/c.md), `lib/*.ts`, `npm run lib/x`.\n```\n`lib/in-code.ts`\n```\n`docs/decisions/`";

    expect(pathsIn("docs/how-to/page.md", text)).toEqual(["lib/a.ts", "docs/decisions", "docs/b.md"]);
  });
});
