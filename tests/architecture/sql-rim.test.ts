import { describe, expect, test } from "vitest";
import { findSourceFaults, RULES } from "./sourceRules.ts";
import { parseSource, readSources } from "./sourceTree.ts";

const faultsIn = (path: string, text: string): readonly string[] => findSourceFaults([parseSource(path, text)]);

test("the world is touched at its named places only", () => {
  expect(findSourceFaults(readSources("lib"))).toEqual([]);
});

test("the places that may are seen to do it, so that the rules are not blind", () => {
  const everywhere = readSources("lib");

  const seen = RULES.filter((rule) => everywhere.some((source) => rule.find(source).length > 0)).map(({ name }) => name);

  expect(seen).toEqual(
    expect.arrayContaining(
      RULES.slice(0, 1)
        .concat(RULES.slice(3, 5))
        .map(({ name }) => name),
    ),
  );
});

describe("the checker", () => {
  test.each([
    ["SQL in a literal", 'db.query("SELECT id FROM agents");'],
    ["SQL in a template", "db.query(`\n  INSERT INTO agents (id) VALUES (${1})`);"],
    ["an update", 'const q = "UPDATE agents SET a = 1";'],
    ["a common table expression", 'const q = "WITH gone AS (DELETE FROM a) SELECT 1";'],
    ["fromPglite", 'import { fromPglite } from "pg-boss";'],
    ["a query on PGlite itself", "await this.#pglite.query(text);"],
    ["the environment", 'const x = process.env["A"];'],
    ["the environment, computed", 'const x = process["env"];'],
    ["Date.now", "const x = Date.now();"],
    ["Date.now handed on", "const x = { nowMs: Date.now };"],
    ["the time of day", "const x = new Date();"],
    ["Math.random", "const x = Math.random();"],
    ["setTimeout", "setTimeout(() => 1, 5);"],
    ["setTimeout under another name", 'import { setTimeout as wait } from "node:timers/promises";'],
    ["fetch", 'await fetch("https://example.com");'],
    ["globalThis.fetch", 'await globalThis.fetch("https://example.com");'],
    ["eval", 'eval("1");'],
    ["new Function", 'new Function("return 1");'],
  ])("finds %s", (_kind, text) => {
    expect(faultsIn("lib/pilot/wrong.ts", `\n${text}`)).not.toEqual([]);
  });

  test("names file, line and rule", () => {
    expect(faultsIn("lib/pilot/wrong.ts", "\n\nconst x = Math.random();")).toEqual([
      "lib/pilot/wrong.ts:3 time or chance outside core/clock.ts, core/ids.ts",
    ]);
  });

  test.each([
    ["lib/ledger/LedgerStore.ts", 'db.query("SELECT id FROM agents");'],
    ["lib/pilot/a.ts", "// SELECT a FROM b, Date.now()\nconst x = new Date(5);"],
    ["lib/orchestration/verbs.ts", 'const verbs = ["SELECT", "INSERT", "update the table"];'],
    ["lib/pilot/a.ts", 'const message = "select one from the list"; clock.sleep(5); guarded.fetch(x);'],
    ["lib/core/clock.ts", "Date.now(); setTimeout(f, 1);"],
    ["lib/cli/main.ts", "run(process.env);"],
  ])("lets %s be: %s", (path, text) => {
    expect(faultsIn(path, text)).toEqual([]);
  });
});
