// A value that fits a JSON Schema, drawn from seeded random numbers: answers of a scripted model, arguments of its tool calls.
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import type { SeededRandom } from "./seededRandom.ts";

const WORDS =
  "invoice order delivery customer report budget meeting supplier contract stock refund ticket survey release backup server payment address deadline price quality region quarter team review".split(
    " ",
  );

/** `name` is the property that holds it: dates and addresses look like what they are. */
export function schemaValue(schema: JsonObject, random: SeededRandom, name = ""): JsonValue {
  const choices = schema["enum"];
  if (Array.isArray(choices)) return random.pick(choices as readonly JsonValue[]);
  if (schema["const"] !== undefined) return schema["const"];
  const union = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(union)) return schemaValue(random.pick((union as JsonValue[]).filter(isJsonObject)), random, name);
  switch (typeOf(schema)) {
    case "object":
      return objectValue(schema, random);
    case "array":
      return listValue(schema, random, name);
    case "integer":
      return Math.round(numberValue(schema, random));
    case "number":
      return Math.round(numberValue(schema, random) * 100) / 100;
    case "boolean":
      return random.chance(0.5);
    case "null":
      return null;
    default:
      return textValue(schema, random, name);
  }
}

function typeOf({ type, properties, items }: JsonObject): JsonValue | undefined {
  if (Array.isArray(type)) return (type as readonly JsonValue[]).find((one) => one !== "null");
  if (type !== undefined) return type;
  return properties !== undefined ? "object" : items !== undefined ? "array" : "string";
}

function objectValue({ properties, required }: JsonObject, random: SeededRandom): JsonObject {
  if (!isJsonObject(properties)) return { note: sentence(random) };
  const needed = new Set(Array.isArray(required) ? (required as readonly JsonValue[]) : []);
  const entries = Object.entries(properties).flatMap(([name, property]): [string, JsonValue][] => {
    // Drawn whether it is needed or not, so that an optional field does not shift those after it.
    const isGiven = random.chance(0.7) || needed.has(name);
    return isGiven && isJsonObject(property) ? [[name, schemaValue(property, random, name)]] : [];
  });
  return Object.fromEntries(entries);
}

function listValue({ items, minItems, maxItems }: JsonObject, random: SeededRandom, name: string): JsonValue[] {
  const least = typeof minItems === "number" ? minItems : 1;
  const most = typeof maxItems === "number" ? maxItems : Math.max(least, 3);
  const inner = isJsonObject(items) ? items : { type: "string" };
  return Array.from({ length: random.whole(least, Math.min(most, least + 3)) }, () => schemaValue(inner, random, name));
}

function numberValue({ minimum, maximum, exclusiveMinimum }: JsonObject, random: SeededRandom): number {
  const least = typeof minimum === "number" ? minimum : typeof exclusiveMinimum === "number" ? exclusiveMinimum + 1 : 0;
  const most = typeof maximum === "number" ? Math.min(maximum, least + 1_000) : least + 100;
  return random.whole(least, most);
}

function textValue({ format, maxLength, pattern }: JsonObject, random: SeededRandom, name: string): string {
  if (pattern !== undefined) throw new Error(`the scripted model cannot make a text for the pattern ${JSON.stringify(pattern)}`);
  const day = `2019-0${random.whole(1, 9)}-1${random.whole(0, 9)}`;
  if (format === "date" || /date|day$/i.test(name)) return day;
  if (format === "date-time") return `${day}T08:30:00.000Z`;
  if (format === "email" || /e?mail/i.test(name)) return `${random.pick(WORDS)}@example.com`;
  const text = sentence(random);
  return typeof maxLength === "number" ? text.slice(0, maxLength) : text;
}

export function sentence(random: SeededRandom): string {
  const words = Array.from({ length: random.whole(3, 8) }, () => random.pick(WORDS));
  return `${words.join(" ")} ${random.whole(10, 99)}`;
}
