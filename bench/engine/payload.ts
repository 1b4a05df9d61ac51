// What the measured steps return.
import { randomBytes } from "node:crypto";

/** JSON of about so many bytes that no compression shrinks: distinct per call, so that no value is shared. */
export function payload(bytes: number): { readonly data: string } {
  return {
    data: randomBytes(Math.ceil((bytes * 3) / 4))
      .toString("base64")
      .slice(0, bytes),
  };
}
