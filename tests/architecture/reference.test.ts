import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Environment } from "@marcbachmann/cel-js";
import { describe, expect, test } from "vitest";
import { operatorNames } from "../../lib/operations/conditionOperators.ts";
import { FIELD_EXPRESSION_KINDS } from "../../lib/operations/transforms/fieldExpression.ts";
import { transformNames, TRANSFORMS } from "../../lib/operations/transforms/registry.ts";
import { CEL_GROUPS, CEL_LEFT_OUT } from "./conditionExamples.ts";
import { readSources, ROOT, textsOf } from "./sourceTree.ts";
import { settingsOf } from "./transformsPage.ts";

const conditions = readFileSync(join(ROOT, "docs/reference/conditions.md"), "utf8");
const transforms = readFileSync(join(ROOT, "docs/reference/transforms.md"), "utf8");

/** What stands in backticks in the first columns of the tables. */
function namesIn(page: string, columns: number): ReadonlySet<string> {
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  const cells = rows.flatMap((row) => row.split(" | ").slice(0, columns));
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`|\[(\w+)\]/g)].map((match) => match[1] ?? match[2] ?? "")));
}

/** The part of a page below a heading of the second level. */
function sectionOf(page: string, heading: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
}

describe("the reference of conditions", () => {
  test("names every operator and every alias of one", () => {
    const named = namesIn(sectionOf(conditions, "Operators"), 2);

    expect(operatorNames().filter((name) => !named.has(name))).toEqual([]);
  });

  test("shows every function of CEL, or says nothing of it on purpose", () => {
    const { functions } = new Environment().getDefinitions();
    const known = new Set(functions.map(({ name }) => name));
    const shown = CEL_GROUPS.flatMap(({ expressions }) => expressions.map(([source]) => source)).join("\n");

    expect(known.size).toBeGreaterThan(40);
    expect([...known].filter((name) => !new RegExp(`\\b${name}\\(`).test(shown) && !CEL_LEFT_OUT.includes(name))).toEqual([]);
    expect(CEL_LEFT_OUT.filter((name) => !known.has(name))).toEqual([]);
  });

  test("shows no expression that cannot be read", () => {
    expect(conditions).not.toContain("CONDITION_INVALID");
  });
});

describe("the reference of transforms", () => {
  test("names every transform and every alias of one", () => {
    const named = namesIn(transforms.slice(0, transforms.indexOf("\n## ")), 2);

    expect(transformNames().filter((name) => !named.has(name))).toEqual([]);
  });

  test("has for every transform a section with its settings, each explained, and an example", () => {
    for (const transform of TRANSFORMS) {
      const section = sectionOf(transforms, transform.name);
      const named = namesIn(section, 1);
      const settings = settingsOf(transform);
      expect(settings.filter(({ name }) => !named.has(name))).toEqual([]);
      expect(
        settings.filter(({ schema }) => typeof schema["description"] !== "string").map(({ name }) => `${transform.name}.${name}`),
      ).toEqual([]);
      expect(section).toContain("**Output:**");
      expect(section).toContain("// output\n");
    }
  });

  test("names every node of with_fields", () => {
    const named = namesIn(sectionOf(transforms, "with_fields"), 1);

    expect(Object.keys(FIELD_EXPRESSION_KINDS).filter((kind) => !named.has(kind))).toEqual([]);
  });
});

/** Pages that a text names, with and without their ending. */
function pagesIn(text: string): readonly string[] {
  return [...text.matchAll(/\bdocs\/[\w./-]*\w/g)].map(([page]) => page);
}

describe("the texts of the product", () => {
  test("name no page of the docs that does not exist", () => {
    const named = readSources("lib").flatMap(({ path, program }) =>
      [...textsOf(program)].flatMap(({ text }) => pagesIn(text).map((page) => ({ path, page }))),
    );

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter(({ page }) => !existsSync(join(ROOT, page)))).toEqual([]);
  });

  test("find their pages in what is published", () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: readonly string[] };

    expect(files).toContain("docs/reference");
  });
});

describe("the checker", () => {
  test("sees a page with and without its ending, and leaves the dot of a sentence", () => {
    expect(pagesIn("see docs/reference/conditions, or docs/how-to/plugins.md.")).toEqual([
      "docs/reference/conditions",
      "docs/how-to/plugins.md",
    ]);
  });

  test("sees an operator that is not on its page", () => {
    const page = sectionOf("# A\n\n## Operators\n\n| Operator | Also |\n| `==` | `eq` |\n\n## CEL\n\n| `!=` | x |\n", "Operators");

    expect([...namesIn(page, 2)]).toEqual(["==", "eq"]);
  });
});
