// Reads the JSON in a model's answer. Whether it fits a schema is the caller's check.
import type { JsonValue } from "../core/json.ts";

const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/;

/** @returns null when the text is not JSON; models without a JSON mode like to fence theirs */
export function parseModelJson(text: string): JsonValue | null {
  const fenced = FENCED.exec(text);
  try {
    return JSON.parse(fenced?.[1] ?? text) as JsonValue;
  } catch {
    return null;
  }
}
