// Finding fields and lists of records inside JSON by name. Only an unambiguous place counts.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { isList } from "../lists.ts";
import { labelWords } from "./labels.ts";

const MAX_VISITED = 50_000;
const TEXT_KEY = /^(text|content|body|message|snippet|raw|markdown|plain|html)$/i;

/** The value under the name, at the top or at the shallowest depth where it stands just once. */
export function findByName(source: JsonObject, name: string): JsonValue | undefined {
  if (Object.hasOwn(source, name) && source[name] !== undefined) return source[name];
  const wanted = labelWords(name).join(" ");
  let level: JsonObject[] = [source];
  let visited = 0;
  while (level.length > 0 && visited < MAX_VISITED) {
    const found: JsonValue[] = [];
    const next: JsonObject[] = [];
    for (const object of level) {
      for (const [key, value] of Object.entries(object)) {
        visited += 1;
        if (value === undefined) continue;
        if (labelWords(key).join(" ") === wanted) found.push(value);
        else if (isJsonObject(value)) next.push(value);
      }
    }
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
    level = next;
  }
  return undefined;
}

/** The source itself when it is a list, a list under the name, or the only list of objects or rows in it. */
export function findRecords(source: JsonValue, name: string | undefined): readonly JsonValue[] | undefined {
  if (isList(source)) return source;
  if (!isJsonObject(source)) return undefined;
  const named = name === undefined ? undefined : findByName(source, name);
  if (isList(named)) return named;
  const lists = Object.values(source).filter(
    (value): value is readonly JsonValue[] => isList(value) && value.some((entry) => isJsonObject(entry) || isList(entry)),
  );
  return lists.length === 1 ? lists[0] : undefined;
}

/** The prose inside an object such as an e-mail, in which labels may be looked for. */
export function proseOf(source: JsonObject): string {
  const texts: string[] = [];
  for (const [key, value] of Object.entries(source)) if (typeof value === "string" && TEXT_KEY.test(key)) texts.push(value);
  return texts.join("\n");
}
