// What a step asks to get back: names of output fields, and whether a model chooses between branches.
import { asRecord, isEmpty, type LooseRecord } from "./looseValues.ts";

const BRANCH_KEYS = ["categories", "scenarios", "classes", "routes", "branches"];
const KEY_IN_TEXT = /"([\w -]{1,40})"\s*:/g;

/** Field names of output_schema and of the schemas other languages write; at most forty. */
export function outputKeysOf(record: LooseRecord, params: LooseRecord, config: LooseRecord): readonly string[] {
  const keys: string[] = [];
  for (const schema of [record["output_schema"], config["output_schema"], params["schema"], params["outputSchema"]])
    addSchemaKeys(schema, keys);
  for (const list of [params["parameters"], params["structured_output"], asRecord(params["attributes"])["attributes"]])
    addNames(list, keys);
  for (const text of [params["inputSchema"], params["jsonSchemaExample"], params["jsonSchema"]]) addKeysInText(text, keys);
  return keys.slice(0, 40);
}

function addSchemaKeys(schema: unknown, keys: string[]): void {
  const { properties, fields } = asRecord(schema);
  for (const key in asRecord(properties)) if (keys.push(key) > 40) return;
  addNames(fields, keys);
}

function addNames(list: unknown, keys: string[]): void {
  if (!Array.isArray(list)) return;
  for (const item of list.slice(0, 40) as readonly unknown[]) {
    const name = asRecord(item)["name"] ?? asRecord(item)["key"];
    if (typeof name === "string") keys.push(name.slice(0, 60));
  }
}

function addKeysInText(text: unknown, keys: string[]): void {
  if (typeof text !== "string") return;
  for (const match of text.slice(0, 2_000).matchAll(KEY_IN_TEXT)) keys.push(match[1] ?? "");
}

export function findBranches(...places: readonly LooseRecord[]): boolean {
  return places.some((place) => BRANCH_KEYS.some((key) => isFilled(place[key])));
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return !isEmpty(asRecord(value));
}
