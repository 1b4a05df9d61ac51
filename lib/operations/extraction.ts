// Fields out of text or JSON by fixed rules: names, labels, tables and types. What is not there, or is there twice differently, is reported missing.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { findByName, findRecords, proseOf } from "./extraction/jsonFields.ts";
import { findLabelled, labelWords, readLabelledValues, type LabelledValue } from "./extraction/labels.ts";
import { findTables, matchColumns, type TextTable } from "./extraction/tables.ts";
import { findInText, findPattern, kindOfField, toKind, type ValueKind } from "./extraction/typedValues.ts";
import { isList } from "./lists.ts";
import { readFields, type SchemaField } from "./schemaForm.ts";

export interface ExtractionResult {
  /** Only what was found; absent fields are absent, not null. */
  readonly value: JsonValue;
  /** Paths of the fields without a value: `total`, `items[2].price`. */
  readonly missing: readonly string[];
  /** Those of them that the schema requires. */
  readonly missingRequired: readonly string[];
}

export interface ExtractionOptions {
  /** For dates written with slashes. @defaultValue `UTC` */
  readonly timeZone?: string;
}

const MAX_TEXT_CHARACTERS = 2_000_000;
const MAX_LINE_CHARACTERS = 1_000;
/** Names so general that the only value of the kind in the text must be meant. */
const GENERAL: Partial<Record<ValueKind, RegExp>> = {
  email: /^(contact )?email( address)?$/,
  phone: /^(contact )?phone( number)?$/,
  url: /^(url|link|website)$/,
  date: /^((invoice|receipt|document|order) )?date$/,
  money: /^(total|amount|total amount|price)$/,
};

/**
 * @param schema `{type: object, fields}`, `{type: array, items: {fields}}`, `{type: string}`, or JSON Schema with properties
 */
export function extractFields(source: JsonValue, schema: JsonObject, options: ExtractionOptions = {}): ExtractionResult {
  const state: State = { missing: [], missingRequired: [], timeZone: options.timeZone ?? "UTC" };
  const value = extractValue(source, schema, state);
  return { value, missing: state.missing, missingRequired: state.missingRequired };
}

interface State {
  readonly missing: string[];
  readonly missingRequired: string[];
  readonly timeZone: string;
}

function extractValue(source: JsonValue, schema: JsonObject, state: State): JsonValue {
  const type = schema["type"];
  if (type === "string") {
    if (typeof source === "string" && source.trim() !== "") return source.trim();
    state.missing.push("value");
    state.missingRequired.push("value");
    return "";
  }
  if (type !== "array") return extractObject(toDocument(source), readFields(schema), "", state);
  const records = extractList(toDocument(source), itemFields(schema), { name: undefined, path: "" }, state);
  if (records === undefined) {
    state.missing.push("items");
    state.missingRequired.push("items");
  }
  return records ?? [];
}

function itemFields(schema: JsonObject): SchemaField[] {
  const { items } = schema;
  return isJsonObject(items) ? readFields(items) : readFields(schema);
}

/** A source prepared once: its JSON, and its text as lines with what they label. */
interface Document {
  readonly json: JsonValue | undefined;
  readonly lines: readonly string[];
  readonly pairs: readonly LabelledValue[];
}

function toDocument(source: JsonValue): Document {
  const json = typeof source === "string" ? readJson(source) : source;
  const prose = isJsonObject(json) ? proseOf(json) : "";
  const lines = toLines(typeof source === "string" && json === undefined ? source : prose);
  return { json, lines, pairs: readLabelledValues(lines) };
}

function readJson(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/.test(text) || text.length > MAX_TEXT_CHARACTERS) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Long lines are cut at blanks: the patterns that read a line need more than linear time in its length. */
function toLines(text: string): string[] {
  return text
    .slice(0, MAX_TEXT_CHARACTERS)
    .split(/\r\n|\n|\r/)
    .flatMap((line) => {
      const pieces: string[] = [];
      let rest = line;
      while (rest.length > MAX_LINE_CHARACTERS) {
        const blank = rest.lastIndexOf(" ", MAX_LINE_CHARACTERS);
        const end = blank > 0 ? blank : MAX_LINE_CHARACTERS;
        pieces.push(rest.slice(0, end));
        rest = rest.slice(end);
      }
      return [...pieces, rest];
    });
}

function extractObject(document: Document, fields: readonly SchemaField[], prefix: string, state: State): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const field of fields) {
    const path = prefix === "" ? field.name : `${prefix}.${field.name}`;
    const value = extractField(document, field, path, state);
    if (value !== undefined) entries.push([field.name, value]);
    else reportMissing(field, path, state);
  }
  return Object.fromEntries(entries);
}

function reportMissing(field: SchemaField, path: string, state: State): void {
  state.missing.push(path);
  if (field.isRequired) state.missingRequired.push(path);
}

function extractField(document: Document, field: SchemaField, path: string, state: State): JsonValue | undefined {
  const words = labelWords(field.name);
  const kind = kindOfField(field, words);
  const inner = kind === "list" ? itemFields(field.schema) : readFields(field.schema);
  if (kind === "list" && inner.length > 0) return extractList(document, inner, { name: field.name, path }, state);
  const named = isJsonObject(document.json) ? findByName(document.json, field.name) : undefined;
  if (inner.length > 0) {
    const nested = extractObject(named === undefined ? document : toDocument(named), inner, path, state);
    return Object.keys(nested).length === 0 ? undefined : nested;
  }
  const fit = (value: JsonValue): JsonValue | undefined => toKind(value, kind, field.schema, state.timeZone);
  return (
    (named === undefined ? undefined : fit(named)) ??
    onlyOne(findLabelled(words, document.pairs), fit) ??
    findUnlabelled(document, field, kind, fit)
  );
}

/** One value, however often and in whatever spelling it occurs; two different ones are none. */
function onlyOne(texts: readonly string[], fit: (text: string) => JsonValue | undefined): JsonValue | undefined {
  const values = new Map<string, JsonValue>();
  for (const text of texts) {
    const value = fit(text);
    if (value !== undefined) values.set(JSON.stringify(value), value);
  }
  return values.size === 1 ? [...values.values()][0] : undefined;
}

function findUnlabelled(
  document: Document,
  field: SchemaField,
  kind: ValueKind,
  fit: (text: string) => JsonValue | undefined,
): JsonValue | undefined {
  const { pattern } = field.schema;
  if (typeof pattern === "string") return onlyOne(findPattern(document.lines, pattern), fit);
  const isGeneral = GENERAL[kind]?.test(labelWords(field.name).join(" ")) === true;
  if (!isGeneral) return undefined;
  // A date or amount with a label of its own is something else: an order date is no invoice date.
  const isLabelled = (text: string): boolean =>
    (kind === "date" || kind === "money") && document.pairs.some(({ value }) => value.includes(text));
  return onlyOne(
    findInText(document.lines, kind).filter((text) => !isLabelled(text)),
    fit,
  );
}

interface ListPlace {
  readonly name: string | undefined;
  readonly path: string;
}

/** Records from JSON, else the table whose header names most fields, else blocks of labelled lines; `undefined` when there is none. */
function extractList(document: Document, fields: readonly SchemaField[], place: ListPlace, state: State): JsonValue | undefined {
  const records = document.json === undefined ? undefined : findRecords(document.json, place.name);
  const [header, ...rows] = records?.filter(isList) ?? [];
  const isTable = header !== undefined && rows.length + 1 === records?.length;
  if (isTable)
    return extractTable(
      [{ header: header.map((cell) => (typeof cell === "string" ? cell : JSON.stringify(cell))), rows }],
      fields,
      place,
      state,
    );
  if (records !== undefined) return records.map((record, index) => readRecord(record, fields, `${place.path}[${index}]`, state));
  return extractTable(findTables(document.lines), fields, place, state) ?? extractBlocks(document, fields, place, state);
}

function readRecord(record: JsonValue, fields: readonly SchemaField[], path: string, state: State): JsonValue {
  return fields.length === 0 ? record : extractObject(toDocument(record), fields, path, state);
}

function extractTable(tables: readonly TextTable[], fields: readonly SchemaField[], place: ListPlace, state: State): JsonValue | undefined {
  const wanted = fields.map((field) => labelWords(field.name));
  const candidates = tables.map((table) => ({ table, columns: matchColumns(table.header, wanted) }));
  const [best] = candidates.toSorted((left, right) => countMatched(right.columns) - countMatched(left.columns));
  // One shared word is a coincidence more often than a table of these records.
  if (best === undefined || countMatched(best.columns) < Math.max(1, Math.ceil(fields.length / 2))) return undefined;
  const rows = best.table.rows.filter((row) => row.some((cell) => cell !== "" && cell !== null));
  return rows.map((row, index) => {
    const entries = fields.flatMap((field, position): [string, JsonValue][] => {
      const column = best.columns[position];
      const cell = column === undefined ? undefined : row[column];
      const kind = kindOfField(field, wanted[position] ?? []);
      const value = cell === undefined ? undefined : toKind(cell, kind, field.schema, state.timeZone);
      if (value === undefined) reportMissing(field, `${place.path}[${index}].${field.name}`, state);
      return value === undefined ? [] : [[field.name, value]];
    });
    return Object.fromEntries(entries);
  });
}

function countMatched(columns: readonly (number | undefined)[]): number {
  return columns.filter((column) => column !== undefined).length;
}

function extractBlocks(document: Document, fields: readonly SchemaField[], place: ListPlace, state: State): JsonValue | undefined {
  const blocks: string[][] = [[]];
  for (const line of document.lines) {
    if (line.trim() === "") blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  const documents = blocks.map((lines): Document => ({ json: undefined, lines, pairs: readLabelledValues(lines) }));
  const needed = Math.min(2, fields.length);
  const records = documents.filter(
    ({ pairs }) => fields.filter((field) => findLabelled(labelWords(field.name), pairs).length > 0).length >= needed,
  );
  if (records.length === 0 || needed === 0) return undefined;
  return records.map((record, index) => extractObject(record, fields, `${place.path}[${index}]`, state));
}

/** True when nothing at all was found: an empty list, object or text. */
export function isEmptyExtraction({ value }: ExtractionResult): boolean {
  if (isList(value)) return value.length === 0;
  return value === "" || (isJsonObject(value) && Object.keys(value).length === 0);
}
