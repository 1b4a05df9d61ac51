// JSON on one line without the quotes that nothing needs: how a value stands in a cell or after a key. Written and read here.
import { exactJsonIn, stringOf } from "./jsonInString.ts";
import { endOfString, type JsonMember, type JsonNode } from "./parseJson.ts";

/** Where a bare string ends: at the end of its line, at the end of its cell, inside brackets, or in a row inside of a cell. */
export type Place = "line" | "cell" | "inside" | "nested";

export type Delimiter = "," | "|" | "\t";

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
/** Characters that begin something else than a bare string. */
const OPENERS = new Set(["[", "{", '"', "@", "="]);
const BARE_KEY = /^[\p{L}\p{N}_$][\p{L}\p{N}_$ /-]*$/u;
const LONGEST_BARE_KEY = 100;

function isBare(text: string, place: Place, delimiter: Delimiter): boolean {
  if (text === "" || text.includes("\\") || OPENERS.has(text.charAt(0))) return false;
  if (text.trim() !== text) return false;
  if (text.length < 40 && LITERAL.test(text)) return false;
  if (text.length >= 40 && /^[-\d]/.test(text)) return false;
  if (place === "line") return true;
  if (place === "cell") return !text.includes(delimiter);
  if (place === "nested") return !/[;()"]/.test(text) && !text.includes(delimiter);
  return !/[,[\]{}:"]/.test(text) && !text.includes(delimiter);
}

/** A leaf as it stands in a view. */
export function writeLeaf(raw: string, place: Place, delimiter: Delimiter): string {
  if (!raw.startsWith('"')) return raw;
  const text = raw.slice(1, -1);
  return isBare(text, place, delimiter) ? text : raw;
}

export function writeKey(raw: string): string {
  const text = raw.slice(1, -1);
  return text.length <= LONGEST_BARE_KEY && BARE_KEY.test(text) && !text.endsWith(" ") ? text : raw;
}

export function writeInline(node: JsonNode, place: Place, delimiter: Delimiter): string {
  if (node.kind === "leaf") return writeInnerJson(node.raw, delimiter) ?? writeLeaf(node.raw, place, delimiter);
  if (node.kind === "array") return `[${node.items.map((item) => writeInline(item, "inside", delimiter)).join(",")}]`;
  return `{${node.members.map(({ key, value }) => `${writeKey(key)}:${writeInline(value, "inside", delimiter)}`).join(",")}}`;
}

/** What marks JSON that was inside of a string; no bare string begins with it. */
const INNER_MARKS = { tight: "@@", spaced: "@_" } as const;

export function isInnerMark(text: string, at: number): boolean {
  return text.startsWith(INNER_MARKS.tight, at) || text.startsWith(INNER_MARKS.spaced, at);
}

function writeInnerJson(raw: string, delimiter: Delimiter): string | null {
  const inner = exactJsonIn(raw);
  return inner === null ? null : `${INNER_MARKS[inner.style]}${writeInline(inner.node, "inside", delimiter)}`;
}

/** A bare word as the leaf it was written from. */
export function readLeaf(word: string): JsonNode {
  const isLiteral = word.startsWith('"') || (word.length < 40 ? LITERAL.test(word) : /^[-\d]/.test(word));
  return { kind: "leaf", raw: isLiteral ? word : `"${word}"` };
}

/** Reads what `writeInline` and `writeKey` wrote, from any place of a text on. */
export class InlineReader {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** One value; `stops` are the characters at which a bare word ends. */
  value(stops: string): JsonNode {
    const first = this.text.charAt(this.at);
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    if (first === '"') return { kind: "leaf", raw: this.quoted() };
    if (first === "@") {
      const style = this.text.startsWith(INNER_MARKS.tight, this.at) ? "tight" : "spaced";
      this.at += INNER_MARKS.tight.length;
      return { kind: "leaf", raw: stringOf({ node: this.value(stops), style }) };
    }
    return readLeaf(this.word(stops));
  }

  quoted(): string {
    const from = this.at;
    this.at = endOfString(this.text, from);
    return this.text.slice(from, this.at);
  }

  word(stops: string): string {
    const from = this.at;
    while (this.at < this.text.length && !stops.includes(this.text.charAt(this.at))) this.at += 1;
    return this.text.slice(from, this.at);
  }

  /** A key with its quotes, bare or quoted in the text. */
  key(stops: string): string {
    return this.text.charAt(this.at) === '"' ? this.quoted() : `"${this.word(stops)}"`;
  }

  #array(): JsonNode {
    const items: JsonNode[] = [];
    this.at += 1;
    while (this.at < this.text.length && this.text.charAt(this.at) !== "]") {
      items.push(this.value(",]"));
      if (this.text.charAt(this.at) === ",") this.at += 1;
    }
    this.at += 1;
    return { kind: "array", items };
  }

  #object(): JsonNode {
    const members: JsonMember[] = [];
    this.at += 1;
    while (this.at < this.text.length && this.text.charAt(this.at) !== "}") {
      const key = this.key(":");
      this.at += 1;
      members.push({ key, value: this.value(",}") });
      if (this.text.charAt(this.at) === ",") this.at += 1;
    }
    this.at += 1;
    return { kind: "object", members };
  }
}
