// Text to plain JSON with the line of every value. Safe on hostile text: size, depth, expansion and tags are bounded. Knows nothing of workflows.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  type Document,
  type ParsedNode,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { JsonValue } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";
import { checkJsonSyntax, describeAt } from "./jsonSyntax.ts";
import { joinPath, SourceMap, type Place } from "./SourceMap.ts";
import { MAX_SOURCE_BYTES } from "../stepTypes.ts";
import type { WorkflowIssue } from "../types.ts";
import { explainYamlFault } from "./yamlFaults.ts";

export interface ReadDocument {
  readonly value: JsonValue;
  readonly sources: SourceMap;
  readonly issues: readonly WorkflowIssue[];
}

/** Room for 5 levels of steps with generous parameters; deeper text is an attack or an accident. */
export const MAX_DOCUMENT_DEPTH = 64;
/** Aliases included: ten lines of YAML can stand for 10⁹ values. */
const MAX_DOCUMENT_NODES = 500_000;
const FLATTEN = "take levels out, or move inner steps into a workflow of their own";
/** More help nobody reads, and each costs a line. */
const MAX_SYNTAX_ISSUES = 20;

export function readDocument(text: string, format: "yaml" | "json"): ReadDocument {
  const issues = checkText(text);
  if (issues.length > 0) return { value: null, sources: new SourceMap(), issues };
  if (format === "json") {
    const defect = checkJsonSyntax(text, MAX_DOCUMENT_DEPTH);
    if (defect !== null) return { value: null, sources: new SourceMap(), issues: [defect] };
  }
  const tooDeep = format === "yaml" ? findTooDeep(text) : null;
  if (tooDeep !== null) return { value: null, sources: new SourceMap(), issues: [tooDeepAt(tooDeep)] };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    schema: "core",
    stringKeys: false,
    logLevel: "error",
  });
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_ISSUES);
  if (faults.length > 0) {
    return { value: null, sources: new SourceMap(), issues: faults.map((fault) => syntaxIssue(fault, text, lines)) };
  }
  return new DocumentReader(lines).read(document);
}

/** The composer recurses: half a megabyte of brackets would cost it seconds and the stack. @returns the line, or null */
function findTooDeep(text: string): number | null {
  let flow = 0;
  let compact = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") flow += 1;
    else if (token === "]" || token === "}") flow -= 1;
    else if (token === "-" || token === "?" || token === ":") compact += 1;
    else if (token.includes("\n")) {
      compact = 0;
      line += token.split("\n").length - 1;
    }
    // A line of flow style may hold any number of `:`, but then nothing compact nests.
    if (flow > MAX_DOCUMENT_DEPTH || (flow === 0 && compact > MAX_DOCUMENT_DEPTH)) return line;
  }
  return null;
}

function tooDeepAt(line: number): WorkflowIssue {
  return {
    code: "SYNTAX_INVALID",
    path: "",
    line,
    message: "the document is nested too deeply",
    expected: `at most ${MAX_DOCUMENT_DEPTH} levels`,
    got: "more",
    hint: FLATTEN,
  };
}

function checkText(text: string): WorkflowIssue[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SOURCE_BYTES) {
    return [
      {
        code: "SYNTAX_INVALID",
        path: "",
        line: 1,
        message: `the file has ${bytes} bytes`,
        expected: `at most ${MAX_SOURCE_BYTES} bytes`,
        got: `${bytes} bytes`,
        hint: "keep data in files that steps read, and only the steps in the workflow",
      },
    ];
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const before = text.slice(0, nul).split("\n");
    return [
      {
        code: "SYNTAX_INVALID",
        path: "",
        line: before.length,
        column: before.at(-1)!.length + 1,
        message: "the file contains a NUL character",
        expected: "text",
        got: "a NUL character",
        hint: "save the file as UTF-8 text",
      },
    ];
  }
  return [];
}

function syntaxIssue(fault: YAMLError, text: string, lines: LineCounter): WorkflowIssue {
  const offset = fault.pos[0];
  const { line, col } = lines.linePos(offset);
  // Thrown inside the composer and reported as a fault of the text.
  if (/call stack|stack overflow/i.test(fault.message)) return tooDeepAt(Math.max(1, line));
  const { message, expected, hint } = explainYamlFault(fault);
  return {
    code: "SYNTAX_INVALID",
    path: "",
    // A position of 0 means "before the first line is known", as in an empty text.
    line: Math.max(1, line),
    column: Math.max(1, col),
    message: maskSecretText(message),
    expected,
    got: describeFound(text, offset),
    hint,
  };
}

/** Names of keys and tags are told, other text is not: it may be a secret. */
function describeFound(text: string, offset: number): string {
  const isLineStart = /(?:^|\n)[ \t]*$/.test(text.slice(Math.max(0, offset - 200), offset));
  const at = isLineStart ? offset + /^ */.exec(text.slice(offset, offset + 200))![0].length : offset;
  const name = /^(?:[A-Za-z_][\w-]{0,60}(?=\s*:)|!\S{1,60})/.exec(text.slice(at, at + 80))?.[0];
  const found = name ?? describeAt(text, at);
  return isLineStart && !found.startsWith("the end") ? `a line that begins with ${found}` : found;
}

const NO_NUL = { expected: "text", got: "a NUL character", hint: "take the NUL character out" } as const;
const NO_HALF_PAIR = {
  expected: "well-formed Unicode",
  got: "half of a character",
  hint: "save the file as UTF-8, and write an escape such as \\ud83d with its second half",
} as const;
export const NO_PROTOTYPE = { expected: "another key", got: "__proto__", hint: "rename the key" } as const;

const START: Place = { path: "", line: 1, column: 1 };

class DocumentReader {
  readonly #lines: LineCounter;
  readonly #sources = new SourceMap(START);
  readonly #issues: WorkflowIssue[] = [];
  readonly #anchors = new Map<string, ParsedNode>();
  /** Nodes being read: an alias to one of them would never end. */
  readonly #open = new Set<ParsedNode>();
  #nodes = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(document: Document.Parsed): ReadDocument {
    const value = document.contents === null ? null : this.#read(document.contents, START, 0);
    return { value, sources: this.#sources, issues: this.#issues };
  }

  #read(node: ParsedNode, place: Place, depth: number): JsonValue {
    this.#nodes += 1;
    if (this.#nodes > MAX_DOCUMENT_NODES)
      return this.#fail(place, "aliases expand to too many values", {
        expected: `at most ${MAX_DOCUMENT_NODES} values`,
        got: "more",
        hint: "write out what the aliases stand for, and keep large data in files",
      });
    if (depth > MAX_DOCUMENT_DEPTH)
      return this.#fail(place, "the document is nested too deeply", {
        expected: `at most ${MAX_DOCUMENT_DEPTH} levels`,
        got: "more",
        hint: FLATTEN,
      });
    if (isAlias(node)) return this.#readAlias(node.source, place, depth);
    if (node.tag !== undefined && !CORE_TAGS.has(node.tag))
      return this.#fail(place, `the tag ${node.tag} is not allowed`, {
        expected: "plain YAML without tags",
        got: node.tag,
        hint: "take the tag, which begins with `!`, out",
      });
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#readScalar(node, place);
    this.#open.add(node);
    const value = isMap(node) ? this.#readMap(node, place, depth) : isSeq(node) ? this.#readList(node.items, place, depth) : null;
    this.#open.delete(node);
    return value;
  }

  #readAlias(name: string, place: Place, depth: number): JsonValue {
    const target = this.#anchors.get(name);
    if (target === undefined)
      return this.#fail(place, `the alias *${name} names no anchor before it`, {
        expected: "an anchor before the alias",
        got: `*${name}`,
        hint: `put the anchor &${name} before it, or put a text that begins with * in quotes`,
      });
    if (this.#open.has(target))
      return this.#fail(place, `the alias *${name} contains itself`, {
        expected: "an alias of something else",
        got: `*${name}`,
        hint: "write out what the alias stands for",
      });
    return this.#read(target, place, depth + 1);
  }

  #readScalar(node: Scalar.Parsed, place: Place): JsonValue {
    const value = node.value;
    if (typeof value === "string") {
      if (value.includes("\0")) return this.#fail(place, "the text contains a NUL character", NO_NUL);
      if (!value.isWellFormed()) return this.#fail(place, "the text contains half of a surrogate pair", NO_HALF_PAIR);
      return value;
    }
    if (typeof value === "number") {
      if (!Number.isFinite(value))
        return this.#fail(place, `${node.source} is not a JSON number`, {
          expected: "a finite number",
          got: node.source,
          hint: "write a number, or put the text in quotes",
        });
      const isRounded = losesDigits(node.source, value);
      if (isRounded)
        return this.#fail(place, `${node.source} has more digits than a number can hold`, {
          expected: "a number up to 9007199254740991",
          got: node.source,
          hint: "put the digits in quotes",
        });
      return value;
    }
    if (typeof value === "boolean" || value === null) return value;
    return this.#fail(place, `a ${typeof value} is not JSON`, {
      expected: "text, number, boolean, null, list or map",
      got: `a ${typeof value}`,
      hint: "put the value in quotes",
    });
  }

  #readList(items: readonly ParsedNode[], place: Place, depth: number): JsonValue {
    const list: JsonValue[] = [];
    for (const [index, item] of items.entries()) {
      const itemPlace = this.#placeOf(item, joinPath(place.path, index), place);
      this.#sources.set(list, index, itemPlace);
      list.push(this.#read(item, itemPlace, depth + 1));
    }
    return list;
  }

  #readMap(map: YAMLMap.Parsed, place: Place, depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    for (const { key: keyNode, value } of map.items) {
      const key = this.#readKey(keyNode, place);
      if (key === null) continue;
      const memberPlace = this.#placeOf(keyNode, joinPath(place.path, key), place);
      if (Object.hasOwn(object, key))
        this.#fail(memberPlace, "the same key is given twice", { expected: "each key once", got: key, hint: "keep one of the two" });
      this.#sources.set(object, key, memberPlace);
      object[key] = value === null ? null : this.#read(value, memberPlace, depth + 1);
    }
    return object;
  }

  #readKey(node: ParsedNode, place: Place): string | null {
    const keyPlace = this.#placeOf(node, place.path, place);
    if (!isScalar(node) || node.anchor !== undefined || node.tag !== undefined) {
      const isTemplate = isMap(node);
      if (isTemplate)
        this.#fail(keyPlace, "an unquoted {{template}} is read as a map", {
          expected: 'the template in quotes: "{{…}}"',
          got: "{{…}} without quotes",
          hint: "put the whole value in double quotes",
        });
      else
        this.#fail(keyPlace, "a key must be plain text", {
          expected: "a name",
          got: "a list, a tag or an anchor",
          hint: "write the key as a plain name, in quotes if it holds signs",
        });
      return null;
    }
    // `200:` and `true:` are keys as written: cases of a switch are compared as text.
    const key = typeof node.value === "string" ? node.value : node.source;
    if (key === "__proto__") this.#fail(keyPlace, "__proto__ cannot be a key", NO_PROTOTYPE);
    else if (key.includes("\0") || !key.isWellFormed())
      this.#fail(keyPlace, "a key contains NUL or half of a surrogate pair", NO_HALF_PAIR);
    else return key;
    return null;
  }

  #placeOf(node: ParsedNode, path: string, around: Place): Place {
    // Inside an alias the anchor's lines are where the text stands.
    if (node.range === undefined || node.range === null) return { ...around, path };
    const { line, col } = this.#lines.linePos(node.range[0]);
    return { path, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #fail(place: Place, message: string, facts: { readonly expected: string; readonly got: string; readonly hint: string }): null {
    if (this.#issues.length < MAX_SYNTAX_ISSUES) this.#issues.push({ code: "SYNTAX_INVALID", ...place, message, ...facts });
    return null;
  }
}

const CORE_TAGS: ReadonlySet<string> = new Set(
  ["map", "seq", "str", "int", "float", "bool", "null"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Digits that neither the number nor its shortest spelling has: `12345678901234567890`, but not what JSON itself writes for a large double. */
function losesDigits(source: string, value: number): boolean {
  if (!Number.isInteger(value) || Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(source)) return false;
  return String(value) !== source && BigInt(source.replace("+", "")) !== BigInt(value);
}
