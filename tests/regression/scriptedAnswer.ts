// What the scripted model answers: computed from the request alone, so that any changed byte of a prompt changes what follows from it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import { sha256Hex } from "../../lib/core/ids.ts";
import type { ModelRequest } from "../../lib/models/types.ts";
import { shortSchema } from "../../lib/pilot/governance/shortSchema.ts";
import type { ScriptedAnswer } from "../../lib/testing/ScriptedModel.ts";
import { normaliseText } from "./normalise.ts";
import { EXPAND_NAME } from "../../lib/orchestration/loops/expand.ts";
import { schemaValue, sentence } from "./schemaValue.ts";
import { SeededRandom } from "./seededRandom.ts";

/**
 * `request`: every byte counts. `instruction`: only what stands after the data, so that a shortened view of the data gets the
 * same answer from every model; for comparing executions with and without compression and routing.
 */
export type SeedSource = "request" | "instruction";

/** Models of the provider `sloppy` do something wrong first. */
export const SLOPPY_PROVIDER = "sloppy";
/** Up to here, the model `sloppy/brief` has no room for an answer. */
const BRIEF_TOKENS = 100;
const MAX_TOOL_TURNS = 2;

export function scriptedAnswer(request: ModelRequest, seedSource: SeedSource): ScriptedAnswer {
  const random = new SeededRandom(seedOf(request, seedSource));
  const schema = request.outputSchema ?? closingSchema(request);
  if (request.provider === SLOPPY_PROVIDER) {
    if (request.model === "brief" && request.maxOutputTokens <= BRIEF_TOKENS) return { text: "", finishReason: "length" };
    if (request.model === "unfitting" && schema !== undefined && turnsOf(request) === 0) return { text: '{"unexpected": true}' };
  }
  const calls = toolCalls(request, random, seedSource);
  if (calls.length > 0) return { text: random.chance(0.5) ? sentence(random) : "", toolCalls: calls };
  if (schema === undefined) return { text: prose(random) };
  const value = isClassification(schema) ? labelsFor(schema, request) : schemaValue(schema, random);
  return request.outputSchema === undefined ? { text: JSON.stringify(value) } : { output: value };
}

function seedOf(request: ModelRequest, source: SeedSource): string {
  const { model, system, messages, tools, outputSchema, maxOutputTokens, temperature } = request;
  if (source === "instruction") return normaliseText(JSON.stringify([instructionOf(request), outputSchema, turnsOf(request)]));
  return normaliseText(JSON.stringify([model, system, messages, tools, outputSchema, maxOutputTokens, temperature]));
}

function firstText({ messages }: ModelRequest): string {
  const content = messages[0]?.content;
  if (typeof content === "string") return content;
  // Content with a cache mark comes in parts.
  return (content ?? []).map((part) => ("text" in part ? part.text : JSON.stringify(part))).join("");
}

function instructionOf(request: ModelRequest): string {
  const text = firstText(request);
  const end = text.lastIndexOf("</data>");
  return end < 0 ? text : text.slice(end);
}

function turnsOf({ messages }: ModelRequest): number {
  return messages.filter(({ role }) => role === "assistant").length;
}

/** A tool loop says its schema in words. */
function closingSchema(request: ModelRequest): JsonObject | undefined {
  const text = firstText(request);
  const marker = "fitting this schema:\n";
  const at = text.lastIndexOf(marker);
  if (at < 0) return undefined;
  const parsed = JSON.parse(text.slice(at + marker.length)) as JsonValue;
  return isJsonObject(parsed) ? parsed : undefined;
}

/** One or two turns of one or two calls; what reaches the network is never asked for. */
function toolCalls(request: ModelRequest, random: SeededRandom, source: SeedSource): NonNullable<ScriptedAnswer["toolCalls"]> {
  const tools = (request.tools ?? []).filter(({ name }) => !name.startsWith("http__") && name !== EXPAND_NAME);
  const turn = turnsOf(request);
  const wanted = 1 + (Number.parseInt(sha256Hex(instructionOf(request)).slice(0, 2), 16) % MAX_TOOL_TURNS);
  if (tools.length === 0 || turn >= wanted) return [];
  return Array.from({ length: random.whole(1, 2) }, (_, index) => {
    const { name, inputSchema } = random.pick(tools);
    // A short schema says the same to a model: what it leaves out must not change these arguments.
    const schema = source === "instruction" ? shortSchema(inputSchema) : inputSchema;
    return { id: `call_${turn + 1}_${index + 1}`, name, arguments: schemaValue(schema, random) };
  });
}

function prose(random: SeededRandom): string {
  return Array.from({ length: random.whole(2, 5) }, () => `${sentence(random)}.`).join(" ");
}

function isClassification({ properties }: JsonObject): boolean {
  return isJsonObject(properties) && isJsonObject(properties["labels"]) && JSON.stringify(properties["labels"]).includes('"index"');
}

interface Item {
  readonly index: number;
  readonly item: JsonValue;
}

/** A lossless view of the items is no JSON: then they are taken as they were given. */
function itemsOf(data: string, given: JsonValue | undefined): readonly Item[] {
  try {
    return JSON.parse(data) as Item[];
  } catch {
    return (given ?? []) as unknown as readonly Item[];
  }
}

/** By item, not by batch: an item gets the same label wherever it stands. */
function labelsFor(schema: JsonObject, request: ModelRequest): JsonValue {
  const { data: given } = request.facts ?? {};
  const offered = /"enum":(\[[^\]]*\])/.exec(JSON.stringify(schema))?.[1] ?? "[]";
  const labels = JSON.parse(offered) as JsonValue[];
  const text = firstText(request);
  const data = /<data>\n([^]*)\n<\/data>/.exec(text)?.[1];
  const items = data === undefined ? [{ index: 0, item: text }] : itemsOf(data, given);
  return { labels: items.map(({ index, item }) => ({ index, label: new SeededRandom(normaliseText(JSON.stringify(item))).pick(labels) })) };
}
