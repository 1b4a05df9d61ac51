// Reads JSON into nodes that keep the source text of every number, string and key, in order and with duplicates. It converts no value.

/** A number, string, `true`, `false` or `null`, as it stands in the source; strings with their quotes. */
export interface JsonLeaf {
  readonly kind: "leaf";
  readonly raw: string;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

/** `key` with its quotes, as in the source. */
export interface JsonMember {
  readonly key: string;
  readonly value: JsonNode;
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
}

export type JsonNode = JsonLeaf | JsonArray | JsonObject;

/** Deeper texts are left alone: what walks nodes recurses. */
const MAX_DEPTH = 120;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/** Index behind the closing quote of the string that opens at `from`. The text must be valid JSON there. */
export function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function isValid(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @returns null for what is no JSON, or nested deeper than 120 levels */
export function parseJson(text: string): JsonNode | null {
  return isValid(text) ? new Scanner(text).read() : null;
}

/** Walks a text that is known to be valid, so it checks nothing but the depth. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): JsonNode | null {
    return this.#value(0);
  }

  #skip(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code <= SPACE || code === COMMA || code === 58) {
      this.#at += 1;
      code = this.#text.charCodeAt(this.#at);
    }
    return code;
  }

  #value(depth: number): JsonNode | null {
    const code = this.#skip();
    if (code === 123) return this.#object(depth + 1);
    if (code === 91) return this.#array(depth + 1);
    return { kind: "leaf", raw: code === QUOTE ? this.#string() : this.#word() };
  }

  #object(depth: number): JsonNode | null {
    if (depth > MAX_DEPTH) return null;
    const members: JsonMember[] = [];
    this.#at += 1;
    while (this.#skip() !== 125) {
      const key = this.#string();
      const value = this.#value(depth);
      if (value === null) return null;
      members.push({ key, value });
    }
    this.#at += 1;
    return { kind: "object", members };
  }

  #array(depth: number): JsonNode | null {
    if (depth > MAX_DEPTH) return null;
    const items: JsonNode[] = [];
    this.#at += 1;
    while (this.#skip() !== 93) {
      const item = this.#value(depth);
      if (item === null) return null;
      items.push(item);
    }
    this.#at += 1;
    return { kind: "array", items };
  }

  #string(): string {
    const from = this.#at;
    this.#at = endOfString(this.#text, from);
    return this.#text.slice(from, this.#at);
  }

  #word(): string {
    const from = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code <= SPACE || code === COMMA || code === 93 || code === 125) break;
      this.#at += 1;
    }
    return this.#text.slice(from, this.#at);
  }
}

/** The node as JSON without white space; numbers and strings by their source text. */
export function minifyNode(node: JsonNode): string {
  if (node.kind === "leaf") return node.raw;
  if (node.kind === "array") return `[${node.items.map(minifyNode).join(",")}]`;
  return `{${node.members.map(({ key, value }) => `${key}:${minifyNode(value)}`).join(",")}}`;
}

/** A leaf's text without quotes and escapes; numbers and literals as they are. */
export function textOf(raw: string): string {
  if (!raw.startsWith('"')) return raw;
  if (!raw.includes("\\")) return raw.slice(1, -1);
  return String(JSON.parse(raw));
}
