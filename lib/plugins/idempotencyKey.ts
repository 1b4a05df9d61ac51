// The one recipe for keys of outside effects: the same for every retry of a call, different for every other call.
import { sha256Hex } from "../core/ids.ts";

export interface CallIdentity {
  readonly executionId: string;
  /** The whole nesting, `s2[3].s5[0].send`: an iteration number alone collides in nested loops. */
  readonly stepPath: string;
  /** Which call of the step: `0` for an action step, `<turn>/<call id>` in a tool loop. @defaultValue "0" */
  readonly call?: string;
}

/** `<executionId>/<stepPath>/<call>`: readable, for the journal and for ledgers of our own. */
export function idempotencyKey({ executionId, stepPath, call = "0" }: CallIdentity): string {
  return `${executionId}/${stepPath}/${call}`;
}

/** The key as header value or file name: 43 characters of base64url, whatever step ids contain, and nothing of them leaks to the receiver. */
export function hashedIdempotencyKey(key: string): string {
  return Buffer.from(sha256Hex(key), "hex").toString("base64url");
}
