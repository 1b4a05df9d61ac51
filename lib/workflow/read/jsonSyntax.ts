// Strict JSON, or the first place where it is not. The values themselves are read by readDocument, which knows the lines.
import type { WorkflowIssue } from "../types.ts";

/** @returns null when `text` is strict JSON nested at most `maxDepth` deep */
export function checkJsonSyntax(text: string, maxDepth: number): WorkflowIssue | null {
  const scanner = new JsonScanner(text, maxDepth);
  const message = scanner.scan();
  if (message === null) return null;
  const before = text.slice(0, scanner.offset).split("\n");
  return {
    code: "SYNTAX_INVALID",
    path: "",
    line: before.length,
    column: before.at(-1)!.length + 1,
    message: `not valid JSON: ${message}`,
    expected: "strict JSON",
    got: describeAt(text, scanner.offset),
    hint: hintFor(text, scanner.offset, message),
  };
}

/** One character, not more: what stands in the text may be a secret. */
export function describeAt(text: string, offset: number): string {
  const code = text.codePointAt(offset);
  if (code === undefined) return "the end of the file";
  if (code === 9 || code === 34) return code === 9 ? "a tab" : "a double quote";
  return code === 10 || code === 13 ? "the end of the line" : JSON.stringify(String.fromCodePoint(code));
}

function hintFor(text: string, offset: number, message: string): string {
  if (message.startsWith("comments")) return "take the comment out, or name the file .yaml";
  if (message.includes("nested deeper")) return "take levels out, or move inner steps into a workflow of their own";
  if (text.slice(0, offset).trim() === "" && offset >= text.trimEnd().length)
    return "write the workflow into the file: at least `name` and `steps`";
  if (/,\s*$/.test(text.slice(0, offset)) && /[\]}]/.test(text[offset] ?? "")) return "take out the comma before it";
  if (text[offset] === "'") return "put texts and keys in double quotes";
  if (text[offset] === undefined) return "close what is open: a quote, a bracket or a brace is missing";
  if (message.endsWith("or } is expected") || message.endsWith("or ] is expected")) return "put a comma before it, or close what is open";
  if (message.includes("a key in double quotes")) return "put the key in double quotes";
  return "put texts and keys in double quotes, and a comma between two entries";
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** JSON.parse tells no position for half of its errors, and quotes the text, which may be a secret. Iterative: depth costs no stack. */
class JsonScanner {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #closers: string[] = [];
  offset = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  /** What is wrong at `offset`, or null. */
  scan(): string | null {
    for (;;) {
      const fault = this.#value();
      if (fault === "open") continue;
      if (fault !== null) return fault;
      const after = this.#afterValue();
      if (after === "next") continue;
      return after;
    }
  }

  /** Reads a scalar or an empty container (null), or opens a container whose first value follows ("open"). */
  #value(): string | null {
    this.#match(SPACE);
    const opener = this.#text[this.offset];
    if (opener === '"') return this.#string();
    if (opener !== "{" && opener !== "[") return this.#match(SCALAR) ? null : this.#unexpected("a value");
    if (this.#closers.length >= this.#maxDepth) return `the document is nested deeper than ${this.#maxDepth} levels`;
    this.offset += 1;
    this.#match(SPACE);
    const closer = opener === "{" ? "}" : "]";
    if (this.#take(closer)) return null;
    this.#closers.push(closer);
    return closer === "}" ? (this.#key() ?? "open") : "open";
  }

  #afterValue(): string | null {
    for (;;) {
      this.#match(SPACE);
      const closer = this.#closers.at(-1);
      if (closer === undefined) return this.offset === this.#text.length ? null : this.#unexpected("the end");
      if (this.#take(",")) return closer === "}" ? (this.#key() ?? "next") : "next";
      if (!this.#take(closer)) return this.#unexpected(`, or ${closer}`);
      this.#closers.pop();
    }
  }

  #key(): string | null {
    this.#match(SPACE);
    const fault = this.#text[this.offset] === '"' ? this.#string() : this.#unexpected("a key in double quotes");
    if (fault !== null) return fault;
    this.#match(SPACE);
    return this.#take(":") ? null : this.#unexpected(":");
  }

  #string(): string | null {
    for (this.offset += 1; this.offset < this.#text.length; this.offset += 1) {
      const character = this.#text[this.offset]!;
      if (character === '"') {
        this.offset += 1;
        return null;
      }
      if (character < " ") return this.#unexpected("an escape such as \\n");
      if (character !== "\\") continue;
      if (!this.#match(ESCAPE)) return this.#unexpected("a JSON escape");
      this.offset -= 1;
    }
    return this.#unexpected('"');
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    if (!pattern.test(this.#text)) return false;
    this.offset = pattern.lastIndex;
    return true;
  }

  #take(character: string): boolean {
    if (this.#text[this.offset] !== character) return false;
    this.offset += 1;
    return true;
  }

  #unexpected(expected: string): string {
    const code = this.#text.codePointAt(this.offset);
    if (code === undefined) return `the text ends where ${expected} is expected`;
    if (/^\/[/*]/.test(this.#text.slice(this.offset, this.offset + 2))) return "comments are not allowed";
    return `${JSON.stringify(String.fromCodePoint(code))} where ${expected} is expected`;
  }
}
