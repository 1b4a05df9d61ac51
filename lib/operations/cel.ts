// CEL expressions: compiled once, checked against the names they may use, evaluated on plain JSON. No other expression language and no JavaScript.
import { Environment } from "@marcbachmann/cel-js";
import { LRUCache } from "lru-cache";
import { AppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { celBindings } from "./celBindings.ts";
import { inspectCel, type CelReference } from "./celReferences.ts";
import { toJson } from "./celValues.ts";
import { describeKeys } from "./describeValue.ts";
import { didYouMean } from "./didYouMean.ts";
import { matchesPattern } from "./regularExpressions.ts";

/** Which part of the product asks: it decides between `CONDITION_…` and `TRANSFORM_…` codes. */
export type CelPurpose = "condition" | "transform";

export interface CompiledCel {
  readonly source: string;
  /** Root variables that the expression reads, each once. */
  readonly references: readonly string[];
  /** The same with the path read from each, for checking against schemas. */
  readonly paths: readonly CelReference[];
  /** @throws AppError `CONDITION_FAILED` or `TRANSFORM_FAILED` when the data do not suit the expression */
  evaluate(bindings: Readonly<Record<string, JsonValue>>): JsonValue;
}

const MAX_SOURCE_CHARACTERS = 10_000;
const LIMITS = { maxAstNodes: 2_000, maxDepth: 50, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 16 };
/** Macros that loop inside each other multiply their cost; three levels over 100 items are a million turns. */
const MAX_MACRO_DEPTH = 3;

const cache = new LRUCache<string, CompiledCel>({ max: 1_000 });
const baseEnvironment = createEnvironment();

function createEnvironment(): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false, limits: LIMITS });
  environment.registerFunction("re2(string, string): bool", (text: string, pattern: string) => matchesPattern(text, pattern));
  // JSON numbers are doubles and literals such as 1 are integers (bigint here); CEL itself refuses to mix them in arithmetic.
  for (const types of ["double int", "int double", "double double"]) {
    const [left, right] = types.split(" ");
    const register = (operator: string, compute: (first: number, second: number) => number): void => {
      const isBuiltIn = types === "double double" && operator !== "%";
      const handler = (first: number | bigint, second: number | bigint): number => compute(Number(first), Number(second));
      if (!isBuiltIn) environment.registerOperator(`${left} ${operator} ${right}`, handler);
    };
    register("+", (first, second) => first + second);
    register("-", (first, second) => first - second);
    register("*", (first, second) => first * second);
    register("/", (first, second) => first / second);
    register("%", (first, second) => first % second);
  }
  return environment;
}

/**
 * @param variables the names that may be used; absent = any, to be checked by the caller through `references`
 * @throws AppError `CONDITION_INVALID` or `TRANSFORM_INVALID` with the place in the text
 */
export function compileCel(source: string, variables: readonly string[] | undefined, purpose: CelPurpose = "condition"): CompiledCel {
  const key = JSON.stringify([purpose, source, variables]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const compiled = compile(source, variables, purpose);
  cache.set(key, compiled);
  return compiled;
}

function compile(source: string, variables: readonly string[] | undefined, purpose: CelPurpose): CompiledCel {
  const fail = (problem: string, facts: CelFacts = {}): AppError => invalid(source, purpose, problem, facts);
  if (source.trim() === "")
    throw fail("is empty", {
      expected: "an expression such as item.amount > 100",
      got: "nothing",
      hint: "write an expression, or take the field out",
    });
  if (source.length > MAX_SOURCE_CHARACTERS) {
    throw fail("is too long", {
      expected: `at most ${MAX_SOURCE_CHARACTERS} characters`,
      got: `${source.length}`,
      hint: "split it over several steps",
    });
  }
  if (source.includes("{{")) {
    throw fail("holds a {{template}}", {
      expected: "plain names such as step1.data.count",
      got: "{{",
      hint: `write it without braces: ${withoutBraces(source)}`,
    });
  }
  const program = parse(source, fail);
  const found = inspectCel(program.ast);
  if (found.usesMatches) {
    throw fail("uses matches()", {
      expected: "re2(text, pattern)",
      got: "matches()",
      hint: "write re2(item.subject, 'invoice.*') instead",
    });
  }
  if (found.droppedKey !== undefined) {
    throw fail(`writes the key "${found.droppedKey}", which the CEL library leaves out`, {
      expected: "another key, or the key set by a map transform's fields",
      got: found.droppedKey,
    });
  }
  if (found.macroDepth > MAX_MACRO_DEPTH) {
    throw fail("nests loops too deeply", {
      expected: `at most ${MAX_MACRO_DEPTH} levels of map, filter, all, exists, bind`,
      got: String(found.macroDepth),
      hint: "do the inner part in a transform step of its own",
    });
  }
  if (variables !== undefined) checkVariables(found.references, variables, fail);
  const references = [...new Set(found.references.map((reference) => reference.root))];
  return { source, references, paths: found.references, evaluate: (bindings) => evaluate(program, source, purpose, bindings) };
}

type Program = ReturnType<Environment["parse"]>;
interface CelFacts {
  readonly expected?: string;
  readonly got?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}
type Fail = (problem: string, facts?: CelFacts) => AppError;

function parse(source: string, fail: Fail): Program {
  try {
    const program = baseEnvironment.parse(source);
    const check = program.check();
    if (check.valid) return program;
    throw check.error ?? new Error("it does not type-check");
  } catch (cause) {
    if (AppError.is(cause)) throw cause;
    const { summary, character } = readCelError(cause);
    throw fail(`cannot be read${character === undefined ? "" : ` at character ${character}`}: ${summary}`, {
      cause,
      expected: "a CEL expression",
      got: summary.includes("EOF") ? "the end of the expression" : summary,
      hint: syntaxHint(source, summary),
    });
  }
}

/** `{{rows.length}} > 3` is meant as `size(rows) > 3`: in CEL a list has no length. */
function withoutBraces(source: string): string {
  return shorten(source.replace(/\{\{\s*|\s*\}\}/g, "").replace(/([\w.]+)\.length\b/g, "size($1)"));
}

/** The slips of people who know other languages; for the rest the page says what there is. */
function syntaxHint(source: string, summary: string): string {
  const code = source.replace(/"[^"]*"|'[^']*'/g, '""');
  if (/===|!==/.test(code)) return "compare with == and !=";
  if (/(?<![=!<>])=(?![=~])/.test(code)) return "compare with ==";
  if (/\b(?:and|or|not)\b/i.test(code)) return "write && for and, || for or, ! for not";
  if (/EOF/.test(summary)) return "something is missing at the end: a value, a bracket or a quote";
  return "docs/reference/conditions.md shows the operators and functions of CEL";
}

function checkVariables(references: readonly CelReference[], variables: readonly string[], fail: Fail): void {
  for (const { root } of references) {
    if (variables.includes(root)) continue;
    const suggestion = didYouMean(root, variables);
    throw fail(`uses the unknown name "${root}"`, {
      expected: describeKeys(variables),
      got: root,
      ...(suggestion !== undefined && { hint: `did you mean "${suggestion}"?` }),
    });
  }
}

function evaluate(program: Program, source: string, purpose: CelPurpose, bindings: Readonly<Record<string, JsonValue>>): JsonValue {
  try {
    return toJson(program(celBindings(bindings)));
  } catch (cause) {
    if (AppError.is(cause)) throw cause;
    const { summary, character } = readCelError(cause);
    const code = purpose === "condition" ? "CONDITION_FAILED" : "TRANSFORM_FAILED";
    const place = character === undefined ? "" : ` at character ${character}`;
    throw new AppError(code, `expression "${shorten(source)}" failed${place}: ${summary}`, {
      cause,
      details: { field: "expression", expected: "data that suit the expression", got: summary },
      hint: "guard optional fields with has(x.field)",
    });
  }
}

/** The library's `message` holds a picture of the source over several lines; its summary is one. */
function readCelError(thrown: unknown): { summary: string; character: number | undefined } {
  if (!(thrown instanceof Error)) return { summary: String(thrown), character: undefined };
  const summary = "summary" in thrown && typeof thrown.summary === "string" ? thrown.summary : (thrown.message.split("\n")[0] ?? "");
  const range = "range" in thrown ? (thrown.range as { start?: unknown } | undefined) : undefined;
  return { summary, character: typeof range?.start === "number" ? range.start + 1 : undefined };
}

function invalid(source: string, purpose: CelPurpose, problem: string, facts: CelFacts): AppError {
  const code = purpose === "condition" ? "CONDITION_INVALID" : "TRANSFORM_INVALID";
  const { expected, got, hint, cause } = facts;
  const tail = expected === undefined || cause !== undefined ? "" : ` (expected ${expected})`;
  return new AppError(code, `expression "${shorten(source)}" ${problem}${tail}${hint?.startsWith("did you mean") ? `; ${hint}` : ""}`, {
    details: { field: "expression", ...(expected !== undefined && { expected }), ...(got !== undefined && { got }) },
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  });
}

function shorten(source: string): string {
  const line = source.replace(/\s+/g, " ");
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
