import { describe, expect, it } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import { isConnectionLost, sqlState, toDatabaseError } from "../../../lib/db/databaseErrors.ts";

function databaseError(code: string): Error {
  return Object.assign(new Error(`error ${code}`), { code, severity: "ERROR" });
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe("sqlState", () => {
  it("reads the state of a database error", () => {
    expect(sqlState(databaseError("23505"))).toBe("23505");
  });

  it("reads the state through our own wrapping", () => {
    const wrapped = new AppError("MIGRATION_FAILED", "failed", { cause: databaseError("42601") });

    expect(sqlState(wrapped)).toBe("42601");
  });

  it("takes neither a system error nor an error code of ours of five letters for a state", () => {
    expect(sqlState(systemError("EPIPE"))).toBeUndefined();
    expect(sqlState(new AppError("USAGE", "wrong"))).toBeUndefined();
    expect(sqlState("23505")).toBeUndefined();
  });
});

describe("toDatabaseError", () => {
  it.each(["08006", "08003", "57P01", "57P03", "53300"])("maps SQLSTATE %s to DATABASE_UNAVAILABLE, to be tried later", (code) => {
    expect(toDatabaseError(databaseError(code))).toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      retry: "later",
      details: { sqlState: code },
    });
  });

  it.each(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EPIPE"])("maps the system error %s to DATABASE_UNAVAILABLE", (code) => {
    expect(toDatabaseError(systemError(code))).toMatchObject({ code: "DATABASE_UNAVAILABLE", retry: "later" });
  });

  it("maps the refusal of all of a name's addresses and says why", () => {
    const refused = Object.assign(new AggregateError([systemError("ECONNREFUSED")]), { code: "ECONNREFUSED" });

    expect(toDatabaseError(refused)).toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      message: "the database cannot be reached: ECONNREFUSED",
    });
  });

  it("maps a full disk to DISK_FULL and keeps the cause", () => {
    const cause = databaseError("53100");

    expect(toDatabaseError(cause)).toMatchObject({ code: "DISK_FULL", cause });
  });

  it.each(["23505", "40001", "22021", "57014", "08P01"])("lets SQLSTATE %s pass as it is", (code) => {
    const error = databaseError(code);

    expect(toDatabaseError(error)).toBe(error);
  });
});

describe("isConnectionLost", () => {
  it("tells a broken connection from a failed statement", () => {
    expect(isConnectionLost(new Error("Connection terminated unexpectedly"))).toBe(true);
    expect(isConnectionLost(databaseError("57P01"))).toBe(true);
    expect(isConnectionLost(databaseError("23505"))).toBe(false);
    expect(isConnectionLost(new Error("value is not a number"))).toBe(false);
  });
});
