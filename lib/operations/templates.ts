// `{{path}}` in JSON values: finding and filling. It reads paths and nothing else; no text is ever evaluated, and what was filled in is not read again.
import { AppError } from "../core/errors.ts";
import { encodeJson, isJsonObject, type JsonValue } from "../core/json.ts";
import { describeKeys } from "./describeValue.ts";
import { didYouMean } from "./didYouMean.ts";
import { isList } from "./lists.ts";
import { describeFailure, formatPath, lookUpPath, parsePath, type PathLookup, type PathSegment } from "./paths.ts";

type RootLookup = { readonly found: true; readonly value: JsonValue; readonly isStep?: boolean } | { readonly found: false };

/** The names that templates may begin with. `value` of a step is its `data`, which makes a leading `.data` optional. */
export interface TemplateScope {
  get(root: string): RootLookup;
  roots(): readonly string[];
}

export interface TemplateReference {
  /** What stands between the braces, trimmed. */
  readonly expression: string;
  readonly root: string;
  /** The path after the root. */
  readonly path: readonly PathSegment[];
  /** Where in the value, as a field path: `params.rows[0].to`; empty for the value itself. */
  readonly location: string;
}

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "template"; readonly expression: string; readonly root: string; readonly path: readonly PathSegment[] };

const MAX_DEPTH = 100;
const MAX_TEMPLATES_PER_TEXT = 1_000;
const MAX_EXPRESSION_CHARACTERS = 600;
const MAX_RESULT_CHARACTERS = 50_000_000;

/** A scope over fixed values, none of them a step's output. */
export function scopeOf(values: Readonly<Record<string, JsonValue>>, outer?: TemplateScope): TemplateScope {
  return {
    get: (root) => {
      const value = Object.hasOwn(values, root) ? values[root] : undefined;
      return value === undefined ? (outer?.get(root) ?? { found: false }) : { found: true, value };
    },
    roots: () => [...new Set([...Object.keys(values), ...(outer?.roots() ?? [])])],
  };
}

/**
 * Splits a text into literal parts and templates. `\{{` is a literal `{{`; a backslash before it is written twice.
 *
 * @throws AppError `TEMPLATE_INVALID` for `{{` without `}}` and for anything between them that is not a path
 */
export function parseTemplate(text: string, location = ""): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = "";
  let position = 0;
  for (let open = text.indexOf("{{"); open !== -1; open = text.indexOf("{{", position)) {
    const backslashes = countBackslashes(text, open, position);
    literal += text.slice(position, open - backslashes) + "\\".repeat(Math.floor(backslashes / 2));
    if (backslashes % 2 === 1) {
      literal += "{{";
      position = open + 2;
      continue;
    }
    const close = findClose(text, open + 2);
    if (close === -1)
      throw templateError(`"{{" has no matching "}}"`, location, {
        expected: '"}}"',
        got: shorten(text.slice(open)),
        hint: "close it with }}; a literal {{ is written \\{{",
      });
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    if (parts.length >= MAX_TEMPLATES_PER_TEXT * 2) {
      throw templateError("a text holds too many templates", location, {
        expected: `at most ${MAX_TEMPLATES_PER_TEXT}`,
        got: "more",
        hint: "make the text in a transform step",
      });
    }
    parts.push(parseExpression(text.slice(open + 2, close), location));
    position = close + 2;
  }
  literal += text.slice(position);
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

function countBackslashes(text: string, end: number, start: number): number {
  let count = 0;
  while (end - count > start && text[end - count - 1] === "\\") count += 1;
  return count;
}

/** The `}}` that ends the template; braces inside a quoted key such as `['}}']` do not. */
function findClose(text: string, start: number): number {
  const end = Math.min(text.length, start + MAX_EXPRESSION_CHARACTERS);
  for (let at = start; at < end; at += 1) {
    if (text.startsWith("}}", at)) return at;
    if (text[at] !== "[") continue;
    const quote = /^\[ *(['"])/.exec(text.slice(at, at + 10))?.[1];
    if (quote === undefined) continue;
    at = text.indexOf(quote, at) + 1;
    while (at < end && text[at] !== quote) at += text[at] === "\\" ? 2 : 1;
  }
  return -1;
}

function parseExpression(source: string, location: string): TemplatePart {
  const expression = source.trim();
  try {
    const [first, ...path] = parsePath(expression);
    if (first?.kind === "key") return { kind: "template", expression, root: first.key, path };
  } catch (cause) {
    if (!AppError.is(cause, "TEMPLATE_INVALID")) throw cause;
    throw new AppError("TEMPLATE_INVALID", `{{${shorten(expression)}}}${inField(location)}: ${cause.message}`, {
      cause,
      details: { ...cause.details, ...fieldOf(location) },
      hint: cause.hint,
    });
  }
  throw templateError(`{{${expression}}} does not begin with a name`, location, {
    expected: "a name such as step1",
    got: expression,
    hint: "begin with the id of a step, or with input",
  });
}

/** Every template in the strings of a value. Keys of objects are not templates. */
export function templateReferences(value: JsonValue): TemplateReference[] {
  const references: TemplateReference[] = [];
  visitTexts(value, "", 0, (text, location) => {
    for (const part of parseTemplate(text, location)) {
      if (part.kind === "template") references.push({ expression: part.expression, root: part.root, path: part.path, location });
    }
  });
  return references;
}

function visitTexts(value: JsonValue, location: string, depth: number, visit: (text: string, location: string) => void): void {
  if (typeof value === "string") {
    if (value.includes("{{")) visit(value, location);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  checkDepth(depth, location);
  if (isList(value)) {
    for (const [index, element] of value.entries()) visitTexts(element, `${location}[${index}]`, depth + 1, visit);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) visitTexts(member, childLocation(location, key), depth + 1, visit);
  }
}

/**
 * The value with every template filled in. A string that is exactly one template becomes the raw value; in a longer text
 * objects and lists are written as JSON and null as nothing. `location` prefixes the field named in errors.
 *
 * @throws AppError `TEMPLATE_INVALID` when a path does not exist; no value is made up
 */
export function resolveTemplates(value: JsonValue, scope: TemplateScope, location = ""): JsonValue {
  return resolveAt(value, scope, location, 0);
}

function resolveAt(value: JsonValue, scope: TemplateScope, location: string, depth: number): JsonValue {
  if (typeof value === "string") return value.includes("{{") ? resolveText(value, scope, location) : value;
  if (typeof value !== "object" || value === null) return value;
  checkDepth(depth, location);
  if (isList(value)) return value.map((element, index) => resolveAt(element, scope, `${location}[${index}]`, depth + 1));
  // fromEntries defines own keys, so that a key named __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      member === undefined ? [] : [[key, resolveAt(member, scope, childLocation(location, key), depth + 1)]],
    ),
  );
}

function resolveText(text: string, scope: TemplateScope, location: string): JsonValue {
  const parts = parseTemplate(text, location);
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "template") return resolveReference(only, scope, location);
  let result = "";
  for (const part of parts) {
    result += part.kind === "text" ? part.text : stringifyValue(resolveReference(part, scope, location));
    if (result.length > MAX_RESULT_CHARACTERS) {
      throw templateError("the filled-in text is too long", location, {
        expected: `at most ${MAX_RESULT_CHARACTERS} characters`,
        got: "more",
        hint: "fill in less, or hand the data on as a file",
      });
    }
  }
  return result;
}

/** How a value stands in a longer text. */
export function stringifyValue(value: JsonValue): string {
  if (typeof value === "string") return value;
  return value === null ? "" : encodeJson(value);
}

function resolveReference(part: TemplatePart & { readonly kind: "template" }, scope: TemplateScope, location: string): JsonValue {
  const lookup = lookUpInScope(part.root, part.path, scope);
  if (lookup.found) return lookup.value;
  const message = `{{${part.expression}}}${inField(location)}: ${describeFailure(lookup.at, lookup)}`;
  throw new AppError("TEMPLATE_INVALID", message, {
    details: { ...fieldOf(location), expected: lookup.expected, got: lookup.got },
    ...(lookup.suggestion !== undefined && { hint: `did you mean "${lookup.suggestion}"?` }),
  });
}

/** A root and a path looked up strictly, with the optional `.data` of steps. For conditions too. */
export function lookUpInScope(root: string, path: readonly PathSegment[], scope: TemplateScope): PathLookup {
  const lookup = scope.get(root);
  if (!lookup.found) {
    const roots = scope.roots();
    const got = JSON.stringify(shorten(root));
    const suggestion = didYouMean(root, roots);
    return { found: false, problem: "is not a known name", at: root, expected: describeKeys(roots), got, suggestion };
  }
  const { value } = lookup;
  const [first] = path;
  const skipsData = lookup.isStep === true && first?.kind === "key" && first.key === "data" && !hasOwnData(value);
  const found = lookUpPath(value, skipsData ? path.slice(1) : path);
  if (found.found) return found;
  const prefix = skipsData ? `${root}.data` : root;
  return { ...found, at: found.at === "" ? prefix : `${prefix}${found.at.startsWith("[") ? "" : "."}${found.at}` };
}

function hasOwnData(value: JsonValue): boolean {
  return isJsonObject(value) && Object.hasOwn(value, "data") && value["data"] !== undefined;
}

function childLocation(location: string, key: string): string {
  const part = formatPath([{ kind: "key", key }]);
  return location === "" || part.startsWith("[") ? `${location}${part}` : `${location}.${part}`;
}

function checkDepth(depth: number, location: string): void {
  if (depth > MAX_DEPTH)
    throw templateError("a value is nested too deeply", location, {
      expected: `at most ${MAX_DEPTH} levels`,
      got: "more",
      hint: "take levels out",
    });
}

function templateError(problem: string, location: string, { hint, ...facts }: { expected: string; got: string; hint: string }): AppError {
  const message = `${problem}${inField(location)}: expected ${facts.expected}, got ${facts.got}`;
  return new AppError("TEMPLATE_INVALID", message, { details: { ...fieldOf(location), ...facts }, hint });
}

function inField(location: string): string {
  return location === "" ? "" : ` in ${location}`;
}

function fieldOf(location: string): { field?: string } {
  return location === "" ? {} : { field: location };
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
