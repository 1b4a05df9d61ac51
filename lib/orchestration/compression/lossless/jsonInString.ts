// JSON inside of a JSON string, where it can be said plainly and put back character by character. It looks at no other string.
import { parseJson, textOf, type JsonNode } from "./parseJson.ts";

/** How the inner text puts space after commas and colons. */
export type InnerStyle = "tight" | "spaced";

export interface InnerJson {
  readonly node: JsonNode;
  readonly style: InnerStyle;
}

/** Quotes included; shorter ones gain nothing. */
const SHORTEST = 24;

function innerText(node: JsonNode, style: InnerStyle): string {
  if (node.kind === "leaf") return node.raw;
  const comma = style === "tight" ? "," : ", ";
  const colon = style === "tight" ? ":" : ": ";
  if (node.kind === "array") return `[${node.items.map((item) => innerText(item, style)).join(comma)}]`;
  return `{${node.members.map(({ key, value }) => `${key}${colon}${innerText(value, style)}`).join(comma)}}`;
}

/** The string, with quotes, that holds this JSON. */
export function stringOf({ node, style }: InnerJson): string {
  return JSON.stringify(innerText(node, style));
}

/** The JSON object or array that a string holds, in any layout. */
export function jsonIn(raw: string): JsonNode | null {
  if (raw.length < SHORTEST || !/^"\s{0,8}[[{]/.test(raw)) return null;
  const node = parseJson(textOf(raw));
  return node === null || node.kind === "leaf" ? null : node;
}

/** As `jsonIn`, only where `stringOf` gives the very same string back. */
export function exactJsonIn(raw: string): InnerJson | null {
  const node = raw.length >= SHORTEST && /^"[[{]/.test(raw) ? jsonIn(raw) : null;
  if (node === null) return null;
  const style = (["tight", "spaced"] as const).find((one) => stringOf({ node, style: one }) === raw);
  return style === undefined ? null : { node, style };
}
