import { describe, expect, test } from "vitest";
import { resolveExecutionId, shortId } from "../../../lib/cli/input/resolveId.ts";
import { EMPTY_REPORT, MemoryStore, MemorySystem } from "./MemorySystem.ts";

function createApi(...ids: readonly string[]) {
  const store = new MemoryStore();
  for (const executionId of ids) store.reports.set(executionId, { ...EMPTY_REPORT, executionId });
  return new MemorySystem(store).asSystem();
}

const FIRST = "0192f3a4-b5c6-7d8e-9f01-23456789abcd";
const SECOND = "0192f3a4-b5c7-7d8e-9f01-23456789abcd";

describe("resolveExecutionId", () => {
  test("finds the one execution that a prefix means, in any case", async () => {
    expect(await resolveExecutionId(createApi(FIRST, SECOND), "0192F3A4-B5C7")).toBe(SECOND);
  });

  test("takes a whole id as it is, without asking", async () => {
    expect(await resolveExecutionId(createApi(), FIRST)).toBe(FIRST);
  });

  test("refuses a prefix of two, naming both", async () => {
    await expect(resolveExecutionId(createApi(FIRST, SECOND), "0192f3a4")).rejects.toMatchObject({
      code: "USAGE",
      details: { matches: [FIRST, SECOND] },
    });
  });

  test("tells that there is none", async () => {
    await expect(resolveExecutionId(createApi(FIRST), "ffff")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "there is no execution whose id begins with ffff",
    });
  });

  test.each(["", "01", "latest", "'; drop"])("refuses %j", async (text) => {
    await expect(resolveExecutionId(createApi(FIRST), text)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("shows as many characters as tell two executions apart", () => {
    expect(shortId(FIRST)).not.toBe(shortId(SECOND));
  });
});
