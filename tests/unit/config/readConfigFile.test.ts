import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfigFile } from "../../../lib/config/readConfigFile.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

test("is empty without a file", () => {
  expect(readConfigFile(folder)).toEqual({ path: null, content: {} });
});

test.each([
  ["neuronforge.config.json", '{"poolSize": 3}', { poolSize: 3 }],
  ["neuronforge.config.yaml", "poolSize: 3 # small\n", { poolSize: 3 }],
  ["neuronforge.config.yml", "", {}],
])("reads %s", (name, text, content) => {
  put(name, text);

  expect(readConfigFile(folder)).toEqual({ path: join(folder, name), content });
});

test("names file and line of a syntax error", () => {
  put("neuronforge.config.yaml", "a: 1\nb: [1\n");

  expect(() => readConfigFile(folder)).toThrow(
    expect.objectContaining({
      code: "SYNTAX_INVALID",
      details: expect.objectContaining({ line: expect.any(Number), file: join(folder, "neuronforge.config.yaml") }),
    }),
  );
});

test("refuses a list and two files", () => {
  put("neuronforge.config.yaml", "- a\n");
  expect(() => readConfigFile(folder)).toThrow(/must hold keys and values, got a list/);

  put("neuronforge.config.json", "{}");
  expect(() => readConfigFile(folder)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
