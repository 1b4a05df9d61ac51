// Checks the id of a person. Whether there is such a person nobody here knows.
import { AppError } from "../core/errors.ts";
import { isUuid } from "../core/ids.ts";

/** @throws AppError `USAGE` */
export function checkUser(userId: string): string {
  if (isUuid(userId)) return userId;
  throw new AppError("USAGE", `not the id of a person: ${userId}`, { details: { expected: "a UUID in lower case", got: userId } });
}
