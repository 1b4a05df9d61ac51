// Says a JSON text by what differs from another one that the reader has already: same keys, in the same order, need not be said again. Lossless.
import { InlineReader, writeInline } from "../compression/lossless/inlineJson.ts";
import { minifyNode, parseJson, type JsonNode } from "../compression/lossless/parseJson.ts";

/** Stands for "as in the other text". A text that holds this very string is not written so. */
const SAME: JsonNode = { kind: "leaf", raw: "=" };
const SAME_AS_TEXT = '"="';
/** Member name that marks an array standing where the other text has an object. */
const LITERAL_KEY = '""';
const MAX_CHARS = 64_000;

/**
 * Objects with the keys of the other text's object at the same place become lists of their values; what is the same becomes `=`.
 *
 * @returns null when either is no JSON object or array, is too long, or would not come back exactly
 */
export function encodeRelative(content: string, base: string): string | null {
  if (content.length > MAX_CHARS || base.length > MAX_CHARS) return null;
  const [node, other] = [parseJson(content), parseJson(base)];
  if (node === null || other === null || node.kind === "leaf" || node.kind !== other.kind) return null;
  const text = writeInline(relate(node, other), "inside", ",");
  return decodeRelative(text, base) === minifyNode(node) ? text : null;
}

/** The minified JSON text that `encodeRelative` was given; null when `base` is no JSON. */
export function decodeRelative(text: string, base: string): string | null {
  const other = parseJson(base);
  return other === null ? null : minifyNode(restore(new InlineReader(text).value(""), other));
}

function relate(node: JsonNode, other: JsonNode): JsonNode {
  if (minifyNode(node) === minifyNode(other)) return SAME;
  if (other.kind === "object" && node.kind === "object" && hasSameKeys(node.members, other.members)) {
    return { kind: "array", items: node.members.map(({ value }, index) => relate(value, other.members[index]?.value ?? SAME)) };
  }
  if (other.kind === "array" && node.kind === "array") {
    return { kind: "array", items: node.items.map((item, index) => relateItem(item, itemAt(other.items, index))) };
  }
  return other.kind === "object" && node.kind === "array" ? { kind: "object", members: [{ key: LITERAL_KEY, value: node }] } : node;
}

function relateItem(item: JsonNode, other: JsonNode | undefined): JsonNode {
  return other === undefined ? item : relate(item, other);
}

function restore(node: JsonNode, other: JsonNode): JsonNode {
  if (node.kind === "leaf") return node.raw === SAME_AS_TEXT ? other : node;
  if (node.kind === "object") {
    const [only] = node.members;
    return node.members.length === 1 && only?.key === LITERAL_KEY && other.kind === "object" ? only.value : node;
  }
  if (other.kind === "object") {
    const members = other.members.map(({ key, value }, index) => ({ key, value: restore(node.items[index] ?? SAME, value) }));
    return { kind: "object", members };
  }
  if (other.kind === "leaf") return node;
  return {
    kind: "array",
    items: node.items.map((item, index) => {
      const beside = itemAt(other.items, index);
      return beside === undefined ? item : restore(item, beside);
    }),
  };
}

/** Beyond the other array's end its last item goes on being the pattern. */
function itemAt(items: readonly JsonNode[], index: number): JsonNode | undefined {
  return items[Math.min(index, items.length - 1)];
}

function hasSameKeys(left: readonly { readonly key: string }[], right: readonly { readonly key: string }[]): boolean {
  return left.length === right.length && left.every(({ key }, index) => key === right[index]?.key);
}
