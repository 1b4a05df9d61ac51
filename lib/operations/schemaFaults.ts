// Why a schema cannot be used for checking: it does not compile, names another document, or refers to itself without ever reaching data. Fetches nothing.
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { isList } from "./lists.ts";
import { toJsonSchema } from "./schemaForm.ts";
import { checkSchema, type Defect } from "./validation.ts";

const MAX_DEPTH = 100;
/** Keywords whose schemas judge the very same value: a way round through them alone never ends. */
const SAME_VALUE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];

/** Every fault with its place in the schema; empty for a schema that can be used. */
export function schemaFaults(schema: JsonValue): Defect[] {
  const root = toJsonSchema(schema);
  const references = [...referencesIn(root, "schema", 0)];
  const foreign = references.filter(({ to }) => !to.startsWith("#"));
  if (foreign.length > 0) {
    return foreign.map(({ path, to }) => ({
      path,
      message: "names another document, and none is fetched",
      expected: "a reference into the same schema, such as #/$defs/name",
      got: to,
    }));
  }
  const endless = references.filter(({ to }) => isEndless(root, to));
  if (endless.length > 0) return endless.map(({ path, to }) => ({ path, message: "refers to itself without end", got: to }));
  return checkSchema(schema);
}

interface Reference {
  readonly path: string;
  readonly to: string;
}

function* referencesIn(schema: JsonValue, path: string, depth: number): Generator<Reference> {
  if (depth > MAX_DEPTH) return;
  if (isList(schema)) {
    for (const [index, member] of schema.entries()) yield* referencesIn(member, `${path}[${index}]`, depth + 1);
    return;
  }
  if (!isJsonObject(schema)) return;
  for (const [key, member] of Object.entries(schema)) {
    if (key === "$ref" && typeof member === "string") yield { path: `${path}.$ref`, to: member };
    else if (member !== undefined && key !== "enum" && key !== "const" && key !== "default" && key !== "examples")
      yield* referencesIn(member, `${path}.${key}`, depth + 1);
  }
}

/** True when following the reference comes back to it with the same value still to be judged. */
function isEndless(root: JsonValue, reference: string): boolean {
  const seen = new Set<string>();
  const open = [reference];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const onward = sameValueReferences(lookUp(root, next), 0);
    if (onward.includes(reference)) return true;
    open.push(...onward);
  }
  return false;
}

function sameValueReferences(schema: JsonValue | undefined, depth: number): string[] {
  if (depth > MAX_DEPTH || !isJsonObject(schema)) return [];
  const own = typeof schema["$ref"] === "string" ? [schema["$ref"]] : [];
  const inner = SAME_VALUE.flatMap((keyword) => {
    const member = schema[keyword];
    return isList(member) ? [...member] : member === undefined ? [] : [member];
  });
  return [...own, ...inner.flatMap((member) => sameValueReferences(member, depth + 1))];
}

function lookUp(root: JsonValue, reference: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decodePart(part);
    if (isList(value)) value = value[Number(key)];
    else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function decodePart(part: string): string {
  const plain = part.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}
