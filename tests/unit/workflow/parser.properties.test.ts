import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonValue } from "../../../lib/core/json.ts";
import { definitionHash } from "../../../lib/workflow/definitionHash.ts";
import { stepDependencies, topologicalLevels } from "../../../lib/workflow/dependencies.ts";
import { requireDefinition } from "../../../lib/workflow/defineWorkflow.ts";
import { readDocument } from "../../../lib/workflow/read/readDocument.ts";
import type { WorkflowDefinition } from "../../../lib/workflow/types.ts";
import { parseWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { SOUND } from "./brokenVariants.ts";
import { catalog } from "./catalog.ts";

/** What is wrong with the verdict on a text: it is a sound definition, or defects that say where and what. Nothing is thrown. */
function faultsOf(text: string, format: "yaml" | "json"): string[] {
  const { definition, issues } = parseWorkflow(text, { format, catalog });
  if (definition !== null) return faultsOfDefinition(definition);
  if (issues.length === 0) return ["refused without a reason"];
  return issues.flatMap((issue) =>
    issue.line !== undefined && issue.line > 0 && issue.message.trim() !== "" ? [] : [JSON.stringify(issue)],
  );
}

function faultsOfDefinition(definition: WorkflowDefinition): string[] {
  const faults: string[] = [];
  if (topologicalLevels(definition.steps) === null) faults.push("the order is circular");
  const ids = new Set(definition.steps.map((step) => step.id));
  for (const dependencies of stepDependencies(definition.steps).values())
    for (const id of dependencies) if (!ids.has(id)) faults.push(`${id} is no sibling`);
  const hash = definitionHash(definition);
  const written = [
    parseWorkflow(JSON.stringify(definition), { format: "json" }),
    parseWorkflow(JSON.stringify(definition, null, "\t"), { format: "json" }),
    parseWorkflow(stringify(definition)),
  ];
  for (const { definition: again, issues } of written) {
    if (again === null || !isDeepStrictEqual(again, definition) || definitionHash(again) !== hash)
      faults.push(`read back differently: ${JSON.stringify(issues)}`);
  }
  return faults;
}

const sound = readDocument(SOUND, "yaml").value as { readonly [key: string]: JsonValue };

/** Replaces, removes or adds one value somewhere in a document. */
function mutate(value: JsonValue, choices: Iterator<number>, replacement: JsonValue): JsonValue {
  const next = (bound: number): number => ((choices.next().value as number | undefined) ?? 0) % bound;
  if (typeof value !== "object" || value === null || next(6) === 0) return replacement;
  const copy = structuredClone(value) as Record<string, JsonValue>;
  const keys = Object.keys(copy);
  if (keys.length === 0) return replacement;
  const key = keys[next(keys.length)]!;
  const action = next(8);
  if (action === 0) delete copy[key];
  else if (action === 1 && !Array.isArray(copy)) copy[`${key}x`] = replacement;
  else copy[key] = mutate(copy[key] ?? null, choices, replacement);
  return Array.isArray(copy) ? (copy as JsonValue[]).filter(() => true) : copy;
}

const words = fc.constantFrom(
  "list",
  "{{list}}",
  "{{each[0].x}}",
  "{{item.a}}",
  "{{",
  "rows > 1",
  "delay",
  "action",
  "item",
  "",
  "each",
  -1,
  5,
  true,
  null,
);
const anything = fc.oneof(words, fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<JsonValue>;
const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 4, maxLength: 40 });

describe("the parser", () => {
  it("gives a verdict on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.constantFrom("yaml", "json"), (text, format) => {
        expect(faultsOf(text, format)).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it("gives a verdict on a sound file with a piece of text put in, cut out or repeated", () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom("\n", "- ", ": ", "&a ", "*a", "!!x ", "{", "]", '"', "'", "|\n", "#", "\t", "---\n", "%"),
    );
    fc.assert(
      fc.property(fc.nat({ max: SOUND.length }), fc.nat({ max: 60 }), piece, (start, length, text) => {
        expect(faultsOf(SOUND.slice(0, start) + text + SOUND.slice(start + length), "yaml")).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it("gives a verdict on any change of a sound document, and reads back what it wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(choices, anything), { maxLength: 3 }), fc.boolean(), (changes, asJson) => {
        let value: JsonValue = sound;
        for (const [path, replacement] of changes) value = mutate(value, path.values(), replacement);
        const text = asJson ? JSON.stringify(value, null, 1) : stringify(value);
        expect(faultsOf(text, asJson ? "json" : "yaml")).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("says the same of a value made in code as of its text", () => {
    fc.assert(
      fc.property(choices, anything, (path, replacement) => {
        const value = mutate(sound, path.values(), replacement);
        const { definition, issues } = parseWorkflow(JSON.stringify(value), { format: "json" });
        const made = attempt(() => requireDefinition(value));
        // Code has no syntax: what no text may hold is a fault of the value there.
        const code = issues[0]?.code.replace("SYNTAX_INVALID", "WORKFLOW_INVALID");
        expect(AppError.is(made) ? made.code : made).toEqual(definition ?? code);
      }),
      { numRuns: 300 },
    );
  });
});

describe("reading", () => {
  it("reads any JSON as JSON.parse does, however it is laid out", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, 3, "\t", " \t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const expected = JSON.parse(text) as JsonValue;
        const isPlain = !/\\u0000|\\ud[89a-f]|"__proto__":/i.test(text);
        fc.pre(isPlain);
        const { value: read, issues } = readDocument(text, "json");
        expect(issues).toEqual([]);
        expect(read).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses as JSON exactly what JSON.parse refuses", () => {
    const token = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u0041"',
      '"\\x"',
      "1",
      "-0.5e3",
      "01",
      "true",
      "nul",
      " ",
      "\n",
      "'a'",
      "//c",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
        const text = tokens.join("");
        const isJson = !(attempt(() => JSON.parse(text)) instanceof Error);
        const isSyntaxFault = readDocument(text, "json").issues.some((issue) => issue.message.startsWith("not valid JSON"));
        expect(isSyntaxFault).toBe(!isJson);
      }),
      { numRuns: 2000 },
    );
  });
});

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    return thrown;
  }
}
