import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import { createLogger, silentLogger, type LogLevel } from "../../../lib/core/logger.ts";

function capture(level: LogLevel) {
  const lines: string[] = [];
  const log = createLogger({ level, destination: { write: (line) => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "null") as Record<string, unknown> };
}

describe("createLogger", () => {
  test("writes one JSON line with level, time, fields and message", () => {
    const { log, lines, last } = capture("info");

    log.info({ executionId: "e1", usedTokens: 12 }, "step finished");

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\n$/);
    expect(last()).toMatchObject({
      level: "info",
      executionId: "e1",
      usedTokens: 12,
      msg: "step finished",
      time: expect.stringMatching(/^\d{4}-/),
    });
  });

  test("leaves out what is below its level", () => {
    const { log, lines } = capture("warn");

    log.debug({}, "a");
    log.info({}, "b");
    log.warn({}, "c");
    log.error({}, "d");

    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["c", "d"]);
  });

  test("adds a child's fields to each of its lines, masked", () => {
    const { log, last } = capture("info");

    log.child({ executionId: "e1", apiKey: "abc" }).child({ step: "s2" }).info({}, "x");

    expect(last()).toMatchObject({ executionId: "e1", step: "s2", apiKey: "[masked]" });
  });

  test("masks secrets four levels down and shows nothing of deeper objects", () => {
    const { log, lines, last } = capture("info");

    log.info({ a: { b: { c: { password: "hunter2hunter2", d: { password: "deeper-secret" } } } } }, "x");

    expect(last()["a"]).toEqual({ b: { c: { password: "[masked]", d: "[object]" } } });
    expect(lines.join("")).not.toMatch(/hunter2|deeper-secret/);
  });

  test("shows an error's code, message and stack without the secrets in them", () => {
    const { log, lines, last } = capture("info");
    const cause = new Error("connect postgres://app:pa55word@db/app failed");

    log.error({ err: new AppError("DATABASE_UNAVAILABLE", "no answer", { cause, details: { token: "t-123" } }) }, "x");

    expect(last()["err"]).toMatchObject({ code: "DATABASE_UNAVAILABLE", message: "no answer", details: { token: "[masked]" } });
    expect(lines.join("")).toContain("postgres://app:[masked]@db/app");
    expect(lines.join("")).not.toContain("pa55word");
  });

  test("survives cycles, bigint, functions and invalid dates", () => {
    const { log, last } = capture("info");
    const cyclic: Record<string, unknown> = { n: 1n, f: () => 1, at: new Date(Number.NaN) };
    cyclic["self"] = cyclic;

    log.info(cyclic, "x");

    expect(last()).toMatchObject({ n: "1", f: "[function]", at: "Invalid Date", self: "[cycle]" });
  });
});

test("silentLogger says nothing, its children included", () => {
  expect(silentLogger.child({ a: 1 }).error({}, "x")).toBeUndefined();
});
