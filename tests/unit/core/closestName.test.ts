import { expect, test } from "vitest";
import { closestName } from "../../../lib/core/closestName.ts";

const known = ["logLevel", "poolSize", "apiKeyFrom", "maxConcurrentSteps"];

test.each([
  ["log_level", "logLevel"],
  ["loglevle", "logLevel"],
  ["poolsize", "poolSize"],
  ["apiKey", "apiKeyFrom"],
  ["maxConcurentStep", "maxConcurrentSteps"],
])("takes %s for %s", (name, expected) => {
  expect(closestName(name, known)).toBe(expected);
});

test.each(["colour", "x", ""])("suggests nothing for %j", (name) => {
  expect(closestName(name, known)).toBeNull();
});
