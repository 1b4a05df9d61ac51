// A JSON document as units: single values as `path: value` lines, arrays of alike values as tables. It cleans nothing; cleanNode.ts did.
import { nestedKeys } from "../../lossless/nestedRows.ts";
import { writeInline } from "../../lossless/inlineJson.ts";
import { minifyNode, textOf, type JsonArray, type JsonNode, type JsonObject } from "../../lossless/parseJson.ts";
import type { PinReason, ReduceContext } from "../../types.ts";
import { isAddressText, isOpaqueText } from "./columnFacts.ts";
import { layTable, type DataUnit } from "./layTable.ts";
import { LongTexts } from "./longText.ts";
import { isIdentifying, needOf, shortenText, tellingName } from "./projectColumns.ts";
import { arrayTable, objectTable, type FoundTable } from "./tableShapes.ts";
import { isErrorName, isTroubleValue } from "./trouble.ts";
import type { DataTerms } from "./taskTerms.ts";

const DEEPEST = 24;
/** An object this short stands on one line. */
const SHORT_OBJECT = 100;
/** Quotes included. */
const SHORTEST_QUOTE = 6;
const LONGEST_QUOTE = 60;
const QUOTE_DEPTH = 2;
const MEANT_WEIGHT = 0.8;
const SHORTEST_REPEAT = 60;
const LONGEST_REPEAT = 20_000;
/** What ends a line for some reader. */
const LINE_END = /\r\n?|[\n\v\f\u0085\u2028\u2029]/g;
/** A key with one of these could be read as the line of another field. */
const UNCLEAR_KEY = /[:\p{Cc}\u2028\u2029]|^\s/u;
/** A row or heading of a table that could be read as a field, or a table, of the document around it. */
const LIKE_FIELD = /^[^:]*(?::(?=\s|$)|(?<=\]):)/;

export interface LaidDocument {
  readonly units: readonly DataUnit[];
  readonly dropped: readonly string[];
}

/** A value as a reader sees it: strings without quotes and line breaks, null as nothing. */
function shownText(node: JsonNode, texts: LongTexts): string {
  if (node.kind !== "leaf") return writeInline(node, "inside", ",");
  if (node.raw === "null") return "";
  if (!node.raw.startsWith('"')) return node.raw;
  return texts.shorten(textOf(node.raw)).replaceAll(/\s+/g, " ").trim();
}

interface Place {
  /** Key or `[index]`; "" for the document. */
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  readonly parent?: number;
}

function indent({ depth }: Place): string {
  return " ".repeat(Math.max(0, depth - 1));
}

function shownKey(key: string): string {
  return UNCLEAR_KEY.test(key) ? JSON.stringify(key).replaceAll(/\s/g, " ") : key;
}

/** Lines of a text under its field: none of them can be taken for a field, whatever the text says. */
function quoted(text: string, at: Place): string {
  const margin = `${indent(at)} | `;
  return `${margin}${text.replaceAll(LINE_END, `\n${margin}`)}`;
}

class Layer {
  readonly units: DataUnit[] = [];
  readonly dropped: string[] = [];
  readonly #context: ReduceContext;
  readonly #terms: DataTerms;
  readonly #texts: LongTexts;
  readonly #seen = new Map<string, string>();
  /** Inside of an item that the task describes by one of its values ("the queued run"). */
  #isMeant = false;

  constructor(context: ReduceContext, terms: DataTerms) {
    this.#context = context;
    this.#terms = terms;
    this.#texts = new LongTexts(context);
  }

  value(node: JsonNode, at: Place): void {
    if (node.kind !== "leaf" && this.#table(node, at)) return;
    if (this.#longField(node, at)) return;
    const inline = node.kind === "leaf" ? shownText(node, this.#texts) : this.#shortInline(node, at.path);
    if (inline !== null || at.depth > DEEPEST) {
      this.#field(inline ?? writeInline(node, "inside", ","), node, at);
      return;
    }
    if (node.kind === "leaf") return;
    const repeated = node.kind === "object" ? this.#repeated(node) : null;
    if (repeated !== null) {
      this.#field(`same as ${repeated}`, { kind: "object", members: [] }, at);
      return;
    }
    const before = this.units.length;
    this.#members(node, at);
    // Only what is shown can be referred to.
    if (node.kind === "object" && this.units.length > before) this.#remember(node, at.path);
  }

  /** Each member or item for itself, under a heading. */
  #members(node: JsonArray | JsonObject, at: Place): void {
    const heading = at.name === "" ? at.parent : this.units.length;
    if (at.name !== "") {
      this.units.push({
        text: this.#context.mark.escape(`${indent(at)}${at.name}:`),
        weight: 0.5,
        covers: 0,
        kind: "heading",
        ...(at.parent === undefined ? {} : { parent: at.parent }),
      });
    }
    const own = this.units.length;
    const children =
      node.kind === "object"
        ? node.members.map(({ key, value }) => ({ name: shownKey(textOf(key)), value }))
        : node.items.map((value, index) => ({ name: `[${index}]`, value }));
    for (const { name, value } of children) {
      const path = at.path === "" ? name : `${at.path}.${name}`;
      const wasMeant = this.#isMeant;
      this.#isMeant ||= node.kind === "array" && holdsQuoted(value, this.#terms, QUOTE_DEPTH);
      this.value(value, { name, path, depth: at.depth + 1, ...(heading === undefined ? {} : { parent: heading }) });
      this.#isMeant = wasMeant;
    }
    // A heading without anything under it.
    if (this.units.length === own && at.name !== "") this.units.pop();
  }

  /** Where the very same object stands already. */
  #repeated(node: JsonObject): string | null {
    return this.#seen.size === 0 ? null : (this.#seen.get(minifyNode(node)) ?? null);
  }

  #remember(node: JsonObject, path: string): void {
    const text = minifyNode(node);
    if (text.length >= SHORTEST_REPEAT && text.length <= LONGEST_REPEAT) this.#seen.set(text, path);
  }

  /** A page, a mail, a log in a field: its view in lines of its own with a bar before each, markers included. @returns false where it is none, or the task needs less of it */
  #longField(node: JsonNode, at: Place): boolean {
    if (node.kind !== "leaf" || !node.raw.startsWith('"')) return false;
    const text = textOf(node.raw);
    const view = this.#texts.viewOf(text);
    if (view === null) return false;
    const lines = quoted(view, at);
    if (lines.length >= text.length) return false;
    const shape = { meanChars: view.length, isAddress: false, isOpaque: false, isNested: false, isSingle: !at.path.includes("[") };
    if (needOf(at.path, shape, this.#terms) !== "whole") return false;
    const name = this.#context.mark.escape(`${indent(at)}${at.name}:`);
    const pin = this.#pinOf(view, node, at);
    this.units.push({
      // What the reducer of its type wrote is escaped already.
      text: `${name}\n${lines}`,
      weight: pin !== null ? 1 : this.#isMeant ? MEANT_WEIGHT : 0.4,
      covers: 1,
      kind: "field",
      ...(pin === null ? {} : { pin }),
      ...(at.parent === undefined ? {} : { parent: at.parent }),
    });
    return true;
  }

  #field(text: string, node: JsonNode, at: Place): void {
    const shape = {
      meanChars: text.length,
      isAddress: isAddressText(text),
      isOpaque: isOpaqueText(text),
      isNested: node.kind === "object",
      isSingle: !at.path.includes("["),
    };
    // What stands on one line as a whole object was looked at member by member.
    const need = node.kind === "object" ? "whole" : this.#isPlainFlag(node, at) ? "none" : needOf(at.path, shape, this.#terms);
    if (need === "none") {
      this.dropped.push(at.path);
      return;
    }
    if (need === "shortened" && shortenText(text) !== text) this.dropped.push(`rest of ${at.path}`);
    const pin = this.#pinOf(text, node, at);
    this.units.push({
      text: this.#context.mark.escape(
        `${indent(at)}${at.name === "" ? "" : `${at.name}: `}${need === "shortened" ? shortenText(text) : text}`,
      ),
      weight: pin !== null ? 1 : this.#isMeant ? MEANT_WEIGHT : 0.4,
      covers: 1,
      kind: "field",
      ...(pin === null ? {} : { pin }),
      ...(at.parent === undefined ? {} : { parent: at.parent }),
    });
  }

  #pinOf(text: string, node: JsonNode, at: Place): PinReason | null {
    if (isErrorName(at.name) || isTroubleValue(text)) return "error";
    if (!this.#terms.projects) return null;
    const paths = node.kind === "object" ? [at.path, ...node.members.map(({ key }) => `${at.path}.${textOf(key)}`)] : [at.path];
    return paths.some((path) => this.#terms.names(tellingName(path)) > 0 || isIdentifying(path)) ? "named" : null;
  }

  /** Switches and zeros of things inside of things: nobody misses what no task names. */
  #isPlainFlag(node: JsonNode, at: Place): boolean {
    if (!this.#terms.projects || node.kind !== "leaf" || at.path.split(".").filter((part) => !/^\[\d+\]$/.test(part)).length < 2)
      return false;
    return (node.raw === "false" || node.raw === "true" || node.raw === "0") && this.#terms.names(tellingName(at.path)) === 0;
  }

  /** An object or list on one line, when that is short and all of it is needed. */
  #shortInline(node: JsonArray | JsonObject, path: string): string | null {
    if (node.kind === "array" && node.items.every(({ kind }) => kind === "leaf"))
      return node.items.map((item) => shownText(item, this.#texts)).join(", ");
    const text = writeInline(node, "inside", ",");
    if (text.length > SHORT_OBJECT) return null;
    if (!this.#terms.projects || node.kind === "array") return text;
    const isWhole = node.members.every(({ key, value }) => {
      const inner = value.kind === "leaf" ? textOf(value.raw) : "";
      return (
        value.kind === "leaf" &&
        needOf(
          `${path}.${textOf(key)}`,
          { meanChars: inner.length, isAddress: isAddressText(inner), isOpaque: false, isNested: false },
          this.#terms,
        ) === "whole"
      );
    });
    return isWhole ? text : null;
  }

  #table(node: JsonArray | JsonObject, at: Place): boolean {
    const found = node.kind === "array" ? arrayTable(node) : objectTable(node);
    if (found === null) return false;
    const shown = shownTable(found, this.#texts);
    const laid = layTable(
      { name: at.path, ...shown },
      { prefix: `${indent(at)}${at.name}[${shown.rows.length}]:`, context: this.#context, terms: this.#terms },
    );
    const base = this.units.length;
    for (const unit of laid.units) {
      const parent = unit.parent === undefined ? at.parent : base + unit.parent;
      const { parent: _own, text, ...rest } = unit;
      const isUnclear = at.name !== "" && unit.parent !== undefined && LIKE_FIELD.test(text);
      this.units.push({ ...rest, text: isUnclear ? `${indent(at)} ${text}` : text, ...(parent === undefined ? {} : { parent }) });
    }
    this.dropped.push(...laid.dropped);
    return true;
  }
}

/** True when a value of the object, or of an object in it, stands in the task. */
function holdsQuoted(node: JsonNode, terms: DataTerms, depth: number): boolean {
  if (node.kind === "leaf") {
    return node.raw.length >= SHORTEST_QUOTE && node.raw.length <= LONGEST_QUOTE && terms.literals.has(textOf(node.raw).toLowerCase());
  }
  return node.kind === "object" && depth > 0 && node.members.some(({ value }) => holdsQuoted(value, terms, depth - 1));
}

/** The cells as a reader sees them; lists of alike objects have their keys in the name of the column. */
function shownTable({ columns, rows }: FoundTable, texts: LongTexts): { readonly columns: string[]; readonly rows: string[][] } {
  const nested = columns.map((_name, index) => nestedKeys(rows.map((row) => row[index])));
  const cellText = (cell: JsonNode | undefined, index: number): string => {
    if (cell === undefined) return "";
    if (nested[index] === null || cell.kind !== "array") return shownText(cell, texts);
    return cell.items
      .map((item) => `(${item.kind === "object" ? item.members.map(({ value }) => shownText(value, texts)).join("; ") : ""})`)
      .join("");
  };
  return {
    columns: columns.map((name, index) => {
      const keys = nested[index] ?? null;
      return keys === null ? name : `${name}{${keys.map(textOf).join("; ")}}`;
    }),
    rows: rows.map((row) => row.map(cellText)),
  };
}

export function layDocument(node: JsonNode, context: ReduceContext, terms: DataTerms): LaidDocument {
  const layer = new Layer(context, terms);
  layer.value(node, { name: "", path: "", depth: 0 });
  return { units: layer.units, dropped: layer.dropped };
}
