// Takes out of a text what an MCP server was given and must not show. Knows the values; what only looks like a secret is core/redaction.ts.
import { MASK } from "../../core/redaction.ts";

/** A shorter one is a switch or a number, and found in half of all words. */
const MIN_CHARACTERS = 4;

export function hideSecrets(text: string, secrets: readonly string[]): string {
  // The longest first: one may stand inside of another.
  const values = secrets.filter(({ length }) => length >= MIN_CHARACTERS).toSorted((left, right) => right.length - left.length);
  return values.reduce((shown, secret) => shown.replaceAll(secret, MASK), text);
}
