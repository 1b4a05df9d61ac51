import { describe, expect, test } from "vitest";
import { buildGraph, findCycles, findLayerFaults, folderOf } from "./importGraph.ts";
import { parseSource, readSources } from "./sourceTree.ts";

const graph = buildGraph(readSources("lib"));

/** A small product of two or three files. */
function planted(files: Readonly<Record<string, string>>) {
  return buildGraph(Object.entries(files).map(([path, text]) => parseSource(path, text)));
}

describe("lib/", () => {
  test("is seen: many files of many folders with many imports", () => {
    expect(graph.files.size).toBeGreaterThan(50);
    expect(graph.edges.length).toBeGreaterThan(100);
    expect(new Set([...graph.files].map(folderOf)).size).toBeGreaterThan(10);
  });

  test("imports downwards only", () => {
    expect(findLayerFaults(graph)).toEqual([]);
  });

  test("has no import cycle, type imports included", () => {
    expect(findCycles(graph)).toEqual([]);
  });

  test("has no inner barrel", () => {
    const entries = ["lib/index.ts", "lib/server/index.ts", "lib/ai-sdk/index.ts", "lib/testing/index.ts"];

    expect([...graph.files].filter((path) => path.endsWith("/index.ts") && !entries.includes(path))).toEqual([]);
  });
});

describe("the checker", () => {
  const files = { "lib/core/a.ts": "export const a = 1;", "lib/pilot/b.ts": "export const b = 1; export type B = 1;", "lib/db/c.ts": "" };

  test.each([
    ["an import", 'import { b } from "../pilot/b.ts";'],
    ["a type import", 'import type { B } from "../pilot/b.ts";'],
    ["an inline type", 'export const x: import("../pilot/b.ts").B = 1;'],
    ["a re-export", 'export { b } from "../pilot/b.ts";'],
    ["a dynamic import", 'export const x = await import("../pilot/b.ts");'],
    ["an import for its effect", 'import "../pilot/b.ts";'],
  ])("finds %s upwards", (_kind, text) => {
    expect(findLayerFaults(planted({ ...files, "lib/core/wrong.ts": text }))).toEqual([
      "lib/core/wrong.ts (rank 0) imports lib/pilot/b.ts (rank 7)",
    ]);
  });

  test("finds imports between folders of one rank, of what is not there, and from outside", () => {
    const text = 'import "../db/c.ts"; import "./gone.ts"; import "../../tests/x.ts";';

    expect(findLayerFaults(planted({ ...files, "lib/config/wrong.ts": text }))).toEqual([
      "lib/config/wrong.ts (rank 1) imports lib/db/c.ts (rank 1)",
      "lib/config/wrong.ts imports lib/config/gone.ts, which does not exist",
      "lib/config/wrong.ts imports tests/x.ts, outside lib/",
    ]);
  });

  test("finds a folder without a rank", () => {
    expect(findLayerFaults(planted({ "lib/utils/a.ts": "" }))).toEqual([expect.stringMatching(/^lib\/utils has no rank/)]);
  });

  test("lets folders import themselves and lower ones, and only one command the server", () => {
    const server = { "lib/server/s.ts": 'import "../pilot/b.ts"; import "./t.ts";', "lib/server/t.ts": "" };
    const start = 'import "../../server/s.ts";';

    expect(findLayerFaults(planted({ ...files, ...server, "lib/cli/commands/serve.ts": start }))).toEqual([]);
    expect(findLayerFaults(planted({ ...files, ...server, "lib/cli/commands/run.ts": start }))).toHaveLength(1);
  });

  test("finds a cycle through types and over three files", () => {
    const cycle = {
      "lib/core/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
      "lib/core/b.ts": 'import { c } from "./c.ts"; export type B = typeof c;',
      "lib/core/c.ts": 'import type { A } from "./a.ts"; export const c = 1 as unknown as A;',
    };

    expect(findCycles(planted(cycle))).toEqual(["lib/core/a.ts → lib/core/b.ts → lib/core/c.ts → lib/core/a.ts"]);
  });
});
