// The AppError that a call throws; a call that throws nothing, or anything else, fails the test.
import { AppError } from "../../../lib/core/errors.ts";

export function errorOf(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (AppError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
