import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as aiSdk from "../../../lib/ai-sdk/index.ts";

test("the package offers ./ai-sdk, built from the same folder", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, string>;
  };

  expect(exports["./ai-sdk"]).toBe("./dist/ai-sdk/index.js");
  expect(Object.keys(aiSdk).toSorted()).toEqual(["AppError", "ProcessLedger", "SystemLedger", "govern"]);
});
