// Fills a JSON Schema from the input alone. What is not there stays null (or out, where the schema lets it), and is reported.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { classifyItem, plainText } from "./classifyItem.ts";
import { scalarText } from "./scalarText.ts";
import { findAllInText, findInText, findKey } from "./findField.ts";

export interface FillSource {
  readonly data: JsonValue;
  readonly text: string;
  /** What a field that asks for a summary gets; made only when one does. */
  readonly summarize: (data: JsonValue, text: string) => string;
}

export interface Filled {
  readonly value: JsonValue;
  /** Paths of fields that the input does not answer. */
  readonly missing: readonly string[];
}

const SUMMARY =
  /^(?:summary|overview|digest|synopsis|report|recap|tldr|highlights|key_?points|result|answer|response|output|text|content|body|message|analysis)$/i;
const COUNT = /^(?:count|total|total_?count|total_?items|item_?count|items_?count|number_?of_?items|num_?items|size|length)$/i;
const MAX_DEPTH = 8;
const MAX_ITEMS = 2_000;

export function fillSchema(schema: JsonObject, source: FillSource): Filled {
  const filler = new Filler(source.summarize);
  const value = filler.fill(schema, "", source, 0);
  return { value, missing: filler.missing };
}

interface Place {
  readonly data: JsonValue;
  readonly text: string;
}

class Filler {
  readonly missing: string[] = [];
  readonly #summarize: FillSource["summarize"];

  constructor(summarize: FillSource["summarize"]) {
    this.#summarize = summarize;
  }

  fill(schema: JsonObject, path: string, place: Place, depth: number): JsonValue {
    const actual = withoutNull(schema);
    if (actual["const"] !== undefined) return actual["const"];
    const type = typeOf(actual);
    if (depth > MAX_DEPTH) return this.#absent(path);
    if (type === "object") return this.#object(actual, path, place, depth);
    if (type === "array") return this.#array(actual, path, place, depth);
    return this.#scalar(actual, path, place);
  }

  #object(schema: JsonObject, path: string, place: Place, depth: number): JsonValue {
    const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as readonly JsonValue[]) : []);
    const own = path === "" ? place.data : (findKey(lastName(path), place.data) ?? place.data);
    const filled: Record<string, JsonValue> = {};
    for (const [key, member] of Object.entries(isJsonObject(schema["properties"]) ? schema["properties"] : {})) {
      if (!isJsonObject(member)) continue;
      const value = this.fill(member, path === "" ? key : `${path}.${key}`, { data: own, text: place.text }, depth + 1);
      if (value !== null || required.has(key) || isNullable(member)) filled[key] = value;
    }
    return filled;
  }

  #array(schema: JsonObject, path: string, place: Place, depth: number): JsonValue {
    const items = isJsonObject(schema["items"]) ? schema["items"] : {};
    const list = path === "" ? asList(place.data) : (asList(findKey(lastName(path), place.data)) ?? onlyList(place.data));
    if (list !== null) {
      return list.slice(0, MAX_ITEMS).map((item, index) => {
        if (typeOf(withoutNull(items)) !== "object" && typeof item !== "object") return item;
        return this.fill(items, "", { data: item, text: plainText(item) }, depth + 1) ?? this.#absent(`${path}[${index}]`);
      });
    }
    const found = findAllInText(lastName(path), place.text);
    if (found.length === 0) this.#absent(path);
    return found;
  }

  #scalar(schema: JsonObject, path: string, place: Place): JsonValue {
    const name = path === "" ? "value" : lastName(path);
    const labels = Array.isArray(schema["enum"])
      ? (schema["enum"] as readonly JsonValue[]).filter((label) => typeof label === "string")
      : null;
    const keyed = findKey(name, place.data);
    if (labels !== null) return this.#label(labels, keyed, path, place);
    const type = typeOf(schema);
    const value = coerce(keyed, type) ?? coerce(findInText(name, place.text), type);
    if (value !== null) return value;
    if ((type === "integer" || type === "number") && COUNT.test(name)) {
      const list = asList(place.data) ?? onlyList(place.data);
      if (list !== null) return list.length;
    }
    if (type === "string" && (path === "" || SUMMARY.test(name))) {
      const summary = this.#summarize(place.data, place.text);
      if (summary !== "") return summary;
    }
    return this.#absent(path);
  }

  #label(labels: readonly string[], keyed: JsonValue | undefined, path: string, place: Place): JsonValue {
    if (typeof keyed === "string") {
      const given = labels.find((label) => label.toLowerCase() === keyed.toLowerCase());
      if (given !== undefined) return given;
    }
    const names = labels.map((name) => ({ name }));
    return classifyItem(`${plainText(place.data)}\n${place.text}`, names) ?? this.#absent(path);
  }

  #absent(path: string): null {
    this.missing.push(path === "" ? "(the whole answer)" : path);
    return null;
  }
}

/** Only lossless: `"1,250.00"` is a number, `"about 5"` is not. */
function coerce(value: JsonValue | undefined, type: string): JsonValue {
  if (value === undefined || value === null) return null;
  if (type === "string")
    return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : null;
  if (type === "boolean") return typeof value === "boolean" ? value : (BOOLEANS[scalarText(value).toLowerCase()] ?? null);
  if (type === "number" || type === "integer") return toNumber(value, type);
  return value;
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

function toNumber(value: JsonValue, type: string): number | null {
  const text =
    typeof value === "number"
      ? String(value)
      : typeof value === "string"
        ? value
            .trim()
            .replace(/^(?:[$€£]|USD|EUR|GBP|CHF)\s*/, "")
            .replace(/\s*(?:[$€£%]|USD|EUR|GBP|CHF)$/, "")
        : "";
  if (!/^[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text)) return null;
  const number = Number(text.replaceAll(",", ""));
  return type === "integer" && !Number.isInteger(number) ? null : number;
}

function typeOf(schema: JsonObject): string {
  const { type, properties, items } = schema;
  if (typeof type === "string") return type;
  if (Array.isArray(type))
    return (type as readonly JsonValue[]).find((name): name is string => typeof name === "string" && name !== "null") ?? "string";
  if (properties !== undefined) return "object";
  return items === undefined ? "any" : "array";
}

/** `anyOf: [X, null]` is how many generators write an optional X. */
function withoutNull(schema: JsonObject): JsonObject {
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(options)) return schema;
  const first = (options as readonly JsonValue[]).find((option): option is JsonObject => isJsonObject(option) && option["type"] !== "null");
  return first ?? schema;
}

function isNullable(schema: JsonObject): boolean {
  const { type } = schema;
  if (Array.isArray(type)) return (type as readonly JsonValue[]).includes("null");
  const options = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(options) && (options as readonly JsonValue[]).some((option) => isJsonObject(option) && option["type"] === "null");
}

function asList(value: JsonValue | undefined): readonly JsonValue[] | null {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : null;
}

function onlyList(data: JsonValue): readonly JsonValue[] | null {
  if (Array.isArray(data)) return data as readonly JsonValue[];
  if (!isJsonObject(data)) return null;
  const lists = Object.values(data).filter((value) => Array.isArray(value));
  return lists.length === 1 ? (lists[0] as readonly JsonValue[]) : null;
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
