// What a call was refused with, for tests that compare codes. It knows no codes.
import { AppError } from "../../../lib/core/errors.ts";

/** "none": it was not refused. */
export async function codeOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return AppError.is(error) ? error.code : String(error);
  }
}
