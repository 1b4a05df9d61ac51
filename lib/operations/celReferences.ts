// What a CEL expression reads, found on its syntax tree: roots with their paths, loops inside loops, and the forbidden matches().
import type { ASTNode } from "@marcbachmann/cel-js";
import type { PathSegment } from "./paths.ts";

export interface CelReference {
  readonly root: string;
  /** As far as it is written out: `rows[i].x` is read up to `rows`. */
  readonly path: readonly PathSegment[];
}

export interface CelInspection {
  readonly references: readonly CelReference[];
  readonly usesMatches: boolean;
  readonly macroDepth: number;
  /** A key of an object literal that the library silently drops. */
  readonly droppedKey: string | undefined;
}

const DROPPED_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const LOOP_MACROS = new Set(["all", "exists", "exists_one", "map", "filter"]);

interface Walk {
  readonly references: CelReference[];
  usesMatches: boolean;
  macroDepth: number;
  droppedKey: string | undefined;
}
/** `bound`: names that a macro introduces and that are therefore no references. */
interface Place {
  readonly bound: ReadonlySet<string>;
  readonly macros: number;
}

export function inspectCel(ast: ASTNode): CelInspection {
  const walk: Walk = { references: [], usesMatches: false, macroDepth: 0, droppedKey: undefined };
  visit(ast, walk, { bound: new Set(), macros: 0 });
  return walk;
}

function visit(node: ASTNode, walk: Walk, place: Place): void {
  const chain = readChain(node);
  if (chain !== undefined) {
    if (!place.bound.has(chain.root)) walk.references.push({ root: chain.root, path: chain.path });
    return;
  }
  if (node.op === "map") walk.droppedKey ??= droppedKeyOf(node.args);
  if (node.op === "rcall") visitMethod(node.args, walk, place);
  else if (node.op === "call") visitCall(node.args, walk, place);
  else if (node.op !== "value") visitChildren(node.args, walk, place);
}

function droppedKeyOf(entries: readonly (readonly [ASTNode, ASTNode])[]): string | undefined {
  for (const [key] of entries) if (key.op === "value" && typeof key.args === "string" && DROPPED_KEYS.has(key.args)) return key.args;
  return undefined;
}

function visitChildren(args: unknown, walk: Walk, place: Place): void {
  if (Array.isArray(args)) for (const part of args) visitChildren(part, walk, place);
  else if (isNode(args)) visit(args, walk, place);
}

function visitMethod([name, receiver, args]: [string, ASTNode, ASTNode[]], walk: Walk, place: Place): void {
  if (name === "matches") walk.usesMatches = true;
  const [variable, ...rest] = args;
  const isBind = name === "bind" && receiver.op === "id" && receiver.args === "cel";
  if (isBind && variable?.op === "id") {
    const [value, ...body] = rest;
    if (value !== undefined) visit(value, walk, place);
    for (const part of body) visit(part, walk, enter(place, variable.args, walk));
    return;
  }
  visit(receiver, walk, place);
  const isMacro = LOOP_MACROS.has(name) && variable?.op === "id" && rest.length > 0;
  const inside = isMacro ? enter(place, variable.args, walk) : place;
  for (const part of isMacro ? rest : args) visit(part, walk, inside);
}

function enter(place: Place, variable: string, walk: Walk): Place {
  const macros = place.macros + 1;
  walk.macroDepth = Math.max(walk.macroDepth, macros);
  return { bound: new Set([...place.bound, variable]), macros };
}

function visitCall([name, args]: [string, ASTNode[]], walk: Walk, place: Place): void {
  if (name === "matches") walk.usesMatches = true;
  const [only] = args;
  if (name === "has" && only !== undefined && (only.op === "." || only.op === "[]")) {
    // has(a.b) asks whether b exists, so only a must be there.
    visit(only.args[0], walk, place);
    return;
  }
  for (const part of args) visit(part, walk, place);
}

/** `a.b["c"][0]` as root and path; `undefined` when the node is no such chain. */
function readChain(node: ASTNode): { root: string; path: PathSegment[] } | undefined {
  if (node.op === "id") return { root: node.args, path: [] };
  if (node.op === ".") {
    const parent = readChain(node.args[0]);
    return parent && { root: parent.root, path: [...parent.path, { kind: "key", key: node.args[1] }] };
  }
  if (node.op !== "[]") return undefined;
  const [target, index] = node.args;
  const parent = readChain(target);
  if (parent === undefined || index.op !== "value") return undefined;
  if (typeof index.args === "string") return { root: parent.root, path: [...parent.path, { kind: "key", key: index.args }] };
  if (typeof index.args !== "bigint") return undefined;
  return { root: parent.root, path: [...parent.path, { kind: "index", index: Number(index.args) }] };
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}
