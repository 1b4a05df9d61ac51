// Golden files: one per agent, a line per request, call and step, so that a difference is a line. Long contents stand once, by hash.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../../lib/core/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";

export const GOLDEN_FOLDER = join(import.meta.dirname, "golden");
/** Contents above this many characters of JSON are stored once per file. */
const LONG_CHARACTERS = 300;
const HASH_CHARACTERS = 16;
const REFERENCE = /^#[0-9a-f]{16}$/;
/** A text's data and its instruction apart: the data recur from step to step. */
const PIECES = /(?<=<data>\n)|(?=\n<\/data>)/;

export function encodeGolden(trace: JsonObject): string {
  const contents = new Map<string, string>();
  const { requests, actions, steps, ...head } = trace;
  const shorten = (value: JsonValue | undefined): JsonValue => shortened(value ?? null, contents, 0);
  const lines = (list: JsonValue | undefined): string =>
    `[${(Array.isArray(list) ? (list as readonly JsonValue[]) : []).map((entry) => `\n${JSON.stringify(shorten(entry))}`).join(",")}\n]`;
  const parts = [
    ...Object.entries(head).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(key === "output" ? shorten(value) : value)}`),
    `"requests": ${lines(requests)}`,
    `"actions": ${lines(actions)}`,
    `"steps": ${lines(steps)}`,
  ];
  const stored = [...contents].sort(([left], [right]) => (left < right ? -1 : 1)).map(([hash, json]) => `\n"${hash}": ${json}`);
  return `{\n${parts.join(",\n")},\n"contents": {${stored.join(",")}\n}\n}\n`;
}

/** @throws Error when a content is missing or not what its hash says */
export function decodeGolden(text: string): JsonObject {
  const { contents, ...trace } = JSON.parse(text) as JsonObject;
  if (!isJsonObject(contents)) throw new Error("the golden file has no contents");
  return expanded(trace, contents) as JsonObject;
}

/** Inside out, so that a message of a long history is found again where it stands alone. */
function shortened(value: JsonValue, contents: Map<string, string>, depth: number): JsonValue {
  if (typeof value === "string") return shortenText(value, contents, depth);
  if (value === null || typeof value !== "object") return value;
  const inner = Array.isArray(value)
    ? (value as readonly JsonValue[]).map((item) => shortened(item, contents, depth + 1))
    : Object.fromEntries(Object.entries(value as JsonObject).map(([key, member]) => [key, shortened(member ?? null, contents, depth + 1)]));
  return depth === 0 ? inner : stored(inner, contents);
}

function shortenText(text: string, contents: Map<string, string>, depth: number): JsonValue {
  if (REFERENCE.test(text)) throw new Error(`a text of the trace looks like a reference: ${text}`);
  const pieces = text.length > LONG_CHARACTERS ? text.split(PIECES) : [text];
  const inner = pieces.length < 2 ? text : { "#joined": pieces.map((piece) => stored(piece, contents)) };
  return depth === 0 ? inner : stored(inner, contents);
}

function stored(value: JsonValue, contents: Map<string, string>): JsonValue {
  const json = JSON.stringify(value);
  if (json.length <= LONG_CHARACTERS) return value;
  const hash = `#${sha256Hex(json).slice(0, HASH_CHARACTERS)}`;
  contents.set(hash, json);
  return hash;
}

function expanded(value: JsonValue, contents: JsonObject): JsonValue {
  if (typeof value === "string" && REFERENCE.test(value)) {
    const found = contents[value];
    if (found === undefined) throw new Error(`the golden file lacks the content ${value}`);
    if (`#${sha256Hex(JSON.stringify(found)).slice(0, HASH_CHARACTERS)}` !== value)
      throw new Error(`the content ${value} was changed by hand`);
    return expanded(found, contents);
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => expanded(item, contents));
  if (!isJsonObject(value)) return value;
  const joined = value["#joined"];
  if (Array.isArray(joined)) return (joined as readonly string[]).map((piece) => expanded(piece, contents) as string).join("");
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expanded(member ?? null, contents)]));
}

/** @returns undefined when nothing was recorded for the agent */
export async function readGolden(agent: string): Promise<JsonObject | undefined> {
  const text = await readFile(join(GOLDEN_FOLDER, `${agent}.json`), "utf8").catch(() => undefined);
  return text === undefined ? undefined : decodeGolden(text);
}

/** Replaces the whole folder. @returns characters written */
export async function writeGoldens(traces: ReadonlyMap<string, JsonObject>): Promise<number> {
  await mkdir(GOLDEN_FOLDER, { recursive: true });
  for (const file of await readdir(GOLDEN_FOLDER)) if (file.endsWith(".json")) await rm(join(GOLDEN_FOLDER, file));
  let written = 0;
  for (const [agent, trace] of traces) {
    const text = encodeGolden(trace);
    written += text.length;
    await writeFile(join(GOLDEN_FOLDER, `${agent}.json`), text);
  }
  return written;
}
