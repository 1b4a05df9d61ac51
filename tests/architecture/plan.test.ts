import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AUDIT_EVENTS } from "../../lib/audit/events.ts";
import { FLAGS } from "../../lib/flags/flagKeys.ts";
import { checkPlan, type PlanWorld } from "./planChecks.ts";
import { DEVIATIONS, FINISHED_EARLY, FINISHED_PHASES, PLAN_ITEMS } from "./planItems.ts";
import type { PlanCheck } from "./planVocabulary.ts";
import { listFiles, ROOT } from "./sourceTree.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const world: PlanWorld = {
  deviations: DEVIATIONS,
  finishedPhases: FINISHED_PHASES,
  finishedEarly: FINISHED_EARLY,
  files: ["lib", "app", "tests", "supabase"].flatMap(listFiles),
  read,
  events: AUDIT_EVENTS,
  flags: FLAGS,
  schema: JSON.parse(read("lib/db/schema.snapshot.json")) as PlanWorld["schema"],
};

describe("the plan", () => {
  test("is listed: all six phases, its test sentences, its columns", () => {
    const count = (kind: PlanCheck["kind"]): number => PLAN_ITEMS.filter((item) => item.kind === kind).length;

    expect(new Set(PLAN_ITEMS.map(({ phase }) => phase))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    expect({ tests: count("test"), suites: count("suite"), events: count("event"), flags: count("flag") }).toEqual({
      tests: 44,
      suites: 11,
      events: 5,
      flags: 4,
    });
    expect(count("path")).toBeGreaterThan(50);
    expect(count("column")).toBeGreaterThan(30);
  });

  test("is kept: what finished phases name exists, and nothing is said to come that is there", () => {
    expect(checkPlan(PLAN_ITEMS, world)).toEqual([]);
  });
});

describe("the checker", () => {
  const files: Readonly<Record<string, string>> = {
    "lib/a.ts": 'export class A { run() {} }\nexport interface B { readonly c: string }\n// "word"\nexport const words = ["other"];',
    "tests/a.test.ts": 'describe("A", () => { test("does it", f); test.skip("skips it", f); test.each([1])("does %i", f); });',
    "supabase/migrations/1.sql": "('f', 'false', 'about f');",
  };
  const small: PlanWorld = {
    deviations: { "lib/old.ts": "lib/a.ts", OldA: "A" },
    finishedPhases: [0],
    finishedEarly: [],
    files: Object.keys(files),
    read: (path) => files[path] ?? "",
    events: { X: "x.done" },
    flags: { f: { description: "about f" } },
    schema: { t: { columns: { c: {} }, indexes: { i: "" } } },
  };
  const faults = (check: PlanCheck, phase = 0, changes: Partial<PlanWorld> = {}): number =>
    checkPlan([{ ...check, phase, section: "here" }], { ...small, ...changes }).length;

  test.each<[PlanCheck, PlanCheck]>([
    [
      { kind: "path", path: "lib/old.ts" },
      { kind: "path", path: "lib/b.ts" },
    ],
    [
      { kind: "export", path: "lib", name: "OldA" },
      { kind: "export", path: "lib/a.ts", name: "C" },
    ],
    [
      { kind: "member", path: "lib/a.ts", owner: "B", name: "c" },
      { kind: "member", path: "lib/a.ts", owner: "A", name: "c" },
    ],
    [
      { kind: "event", name: "X", value: "x.done" },
      { kind: "event", name: "X", value: "x.other" },
    ],
    [
      { kind: "flag", name: "f", description: "about f" },
      { kind: "flag", name: "f", description: "about g" },
    ],
    [
      { kind: "table", table: "t" },
      { kind: "table", table: "u" },
    ],
    [
      { kind: "column", table: "t", column: "c" },
      { kind: "column", table: "t", column: "d" },
    ],
    [
      { kind: "index", table: "t", index: "i" },
      { kind: "index", table: "t", index: "j" },
    ],
    [
      { kind: "suite", path: "tests", sentence: "A" },
      { kind: "suite", path: "tests", sentence: "does it" },
    ],
    [
      { kind: "test", path: "tests/a.test.ts", sentence: "does %i" },
      { kind: "test", path: "tests/a.test.ts", sentence: "skips it" },
    ],
    [
      { kind: "text", path: "lib/a.ts", text: '"other"' },
      { kind: "text", path: "lib/a.ts", text: '"word"' },
    ],
  ])("finds %j and misses %j", (present, missing) => {
    expect([faults(present), faults(missing)]).toEqual([0, 1]);
  });

  test("names what is missing and where the plan has it", () => {
    expect(checkPlan([{ kind: "path", path: "lib/b.ts", phase: 0, section: "Phase 1: types" }], small)).toEqual([
      "missing, although phase 0 is finished: lib/b.ts (Phase 1: types)",
    ]);
  });

  test("asks nothing of phases that are not finished, but that their files do not exist yet", () => {
    expect(faults({ kind: "path", path: "lib/b.ts" }, 3)).toBe(0);
    expect(faults({ kind: "export", path: "lib/a.ts", name: "A" }, 3)).toBe(0);
    expect(faults({ kind: "path", path: "lib/a.ts" }, 3)).toBe(1);
  });

  test("takes a path listed as early for finished, and only one that the plan knows", () => {
    expect(faults({ kind: "path", path: "lib/a.ts" }, 3, { finishedEarly: ["lib/a.ts"] })).toBe(0);
    expect(faults({ kind: "path", path: "lib/b.ts" }, 3, { finishedEarly: ["lib/b.ts"] })).toBe(1);
    expect(faults({ kind: "path", path: "lib/b.ts" }, 3, { finishedEarly: ["lib/c.ts"] })).toBe(1);
  });
});
