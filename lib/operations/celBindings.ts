// JSON as the CEL library can hold it. It takes an object's `constructor` for its class and finds inherited names in it, so data with such keys go in as Maps.
import { isJsonObject, type JsonValue } from "../core/json.ts";

/** Both keep what was found for lists and objects: the same data are bound again for each item of a list. JSON values are never changed. */
const plainness = new WeakMap<object, boolean>();
const mapped = new WeakMap<object, unknown>();

/** One binding with such a key makes Maps of all: the library compares a Map and an object by inherited names, too. */
export function celBindings(bindings: Readonly<Record<string, JsonValue>>): Readonly<Record<string, unknown>> {
  if (Object.values(bindings).every(isPlain)) return bindings;
  return Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, asMaps(value)]));
}

/** True when no object in it has a key that every object inherits. */
function isPlain(value: JsonValue | undefined): boolean {
  if (typeof value !== "object" || value === null) return true;
  const known = plainness.get(value);
  if (known !== undefined) return known;
  const found = isJsonObject(value)
    ? Object.keys(value).every((key) => !(key in Object.prototype) && isPlain(value[key]))
    : value.every(isPlain);
  plainness.set(value, found);
  return found;
}

function asMaps(value: JsonValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = mapped.get(value);
  if (known !== undefined) return known;
  const made = isJsonObject(value)
    ? new Map(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, asMaps(member)] as const])))
    : value.map(asMaps);
  mapped.set(value, made);
  return made;
}
