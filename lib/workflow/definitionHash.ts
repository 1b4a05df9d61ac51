// The name of a definition by its content: equal definitions have equal hashes, whatever the spelling of the file.
import { canonicalJson, type JsonValue } from "../core/json.ts";
import { sha256Hex } from "../core/ids.ts";
import type { WorkflowDefinition } from "./types.ts";

/** 64 hexadecimal digits. Takes the normalised form, so aliases, key order and comments do not count. */
export function definitionHash(definition: WorkflowDefinition): string {
  return sha256Hex(canonicalJson(definition as unknown as JsonValue));
}
