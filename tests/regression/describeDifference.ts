// Where two traces differ, for people: the first places, and around each the text before and after.
import { isJsonObject, type JsonValue } from "../../lib/core/json.ts";

const MAX_TOLD = 8;
const CONTEXT_CHARACTERS = 60;

/** @returns empty when they are the same, byte for byte */
export function describeDifference(golden: JsonValue, now: JsonValue): string {
  // Key order is part of a request's bytes; what follows only says where.
  if (JSON.stringify(golden) === JSON.stringify(now)) return "";
  const found: string[] = [];
  collect(golden, now, "", found);
  if (found.length === 0) return "the same values, but keys in another order";
  const rest = found.length - MAX_TOLD;
  return [...found.slice(0, MAX_TOLD), ...(rest > 0 ? [`… and ${rest} more differences`] : [])].join("\n");
}

function collect(golden: JsonValue | undefined, now: JsonValue | undefined, place: string, found: string[]): void {
  if (JSON.stringify(golden) === JSON.stringify(now)) return;
  if (Array.isArray(golden) && Array.isArray(now)) return collectLists(golden, now, place, found);
  if (isJsonObject(golden) && isJsonObject(now)) {
    const before = found.length;
    for (const key of new Set([...Object.keys(golden), ...Object.keys(now)])) collect(golden[key], now[key], `${place}.${key}`, found);
    if (found.length === before)
      found.push(`${place}: keys in another order: ${Object.keys(golden).join(", ")} → ${Object.keys(now).join(", ")}`);
    return;
  }
  found.push(`${place === "" ? "the whole" : place}:\n${describePair(golden, now)}`);
}

/** Entries with a path are paired by it, so that one more call is one line and not all that follow it. */
function collectLists(golden: readonly JsonValue[], now: readonly JsonValue[], place: string, found: string[]): void {
  const names = [golden, now].map((list) => list.map(nameOf));
  const isNamed = names.every((list) => list.every((name) => name !== undefined) && new Set(list).size === list.length);
  if (!isNamed) {
    for (let index = 0; index < Math.max(golden.length, now.length); index += 1)
      collect(golden[index], now[index], `${place}[${index}]`, found);
    return;
  }
  const [left, right] = [golden, now].map((list) => new Map(list.map((entry) => [nameOf(entry), entry])));
  const before = found.length;
  for (const name of new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]))
    collect(left?.get(name), right?.get(name), `${place}(${name})`, found);
  if (found.length === before) found.push(`${place}: entries in another order`);
}

function nameOf(entry: JsonValue): string | undefined {
  if (!isJsonObject(entry) || typeof entry["path"] !== "string") return undefined;
  return [entry["path"], entry["attempt"], entry["call"]]
    .flatMap((part) => (part === undefined ? [] : [JSON.stringify(part).replaceAll('"', "")]))
    .join(" ");
}

function describePair(golden: JsonValue | undefined, now: JsonValue | undefined): string {
  const [left, right] = [golden, now].map((value) =>
    value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value),
  );
  const [one, other] = [left ?? "", right ?? ""];
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const from = Math.max(0, start - CONTEXT_CHARACTERS);
  const show = (text: string): string =>
    `${from > 0 ? "…" : ""}${text.slice(from, start + CONTEXT_CHARACTERS)}${text.length > start + CONTEXT_CHARACTERS ? "…" : ""}`;
  return `  golden: ${JSON.stringify(show(one))}\n  now:    ${JSON.stringify(show(other))}\n  (differs from character ${start}; ${one.length} → ${other.length} characters)`;
}
