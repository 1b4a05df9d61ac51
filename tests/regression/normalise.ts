// Takes out of a trace what differs from execution to execution: ids and the time of day. The only place that does.
import { isJsonObject, type JsonValue } from "../../lib/core/json.ts";
import { hashedIdempotencyKey } from "../../lib/plugins/idempotencyKey.ts";

/** Times this near to now are of the execution itself; the agents' own data are years away. */
const NEAR_MS = 2 * 86_400_000;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const HTTP_DATE = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

export interface Volatile {
  /** Exact texts and what stands for each: execution ids, folders, hashes of keys. */
  readonly texts: ReadonlyMap<string, string>;
}

export function volatileOf(executionId: string, keys: Iterable<string>, folders: readonly string[]): Volatile {
  const texts = new Map<string, string>([[executionId, "<execution>"]]);
  for (const key of keys) texts.set(hashedIdempotencyKey(key), `<hash of ${key.replaceAll(executionId, "<execution>")}>`);
  for (const folder of folders) texts.set(folder, "<folder>");
  return { texts };
}

const NOTHING: Volatile = { texts: new Map() };

export function normalise(value: JsonValue, volatile: Volatile = NOTHING): JsonValue {
  if (typeof value === "string") return normaliseText(value, volatile);
  if (typeof value === "number") return isNear(value) ? "<time>" : value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => normalise(item, volatile));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      member === undefined ? [] : [[normaliseText(key, volatile), normalise(member, volatile)]],
    ),
  );
}

export function normaliseText(text: string, { texts }: Volatile = NOTHING): string {
  let result = text;
  for (const [from, to] of texts) result = result.replaceAll(from, to);
  const timeless = (time: string): string => (isNear(Date.parse(time)) ? "<time>" : time);
  return result.replaceAll(TIME, timeless).replaceAll(HTTP_DATE, timeless).replaceAll(UUID, "<uuid>");
}

function isNear(ms: number): boolean {
  return Math.abs(ms - Date.now()) < NEAR_MS;
}
