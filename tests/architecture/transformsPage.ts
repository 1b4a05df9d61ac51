// docs/reference/transforms.md: the transforms with their settings as the code declares them, and examples with the results that the code gives.
import { stringify } from "yaml";
import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import { scopeOf } from "../../lib/operations/templates.ts";
import { FIELD_EXPRESSION_KINDS } from "../../lib/operations/transforms/fieldExpression.ts";
import { applyTransform, TRANSFORMS } from "../../lib/operations/transforms/registry.ts";
import type { Transform } from "../../lib/operations/transforms/types.ts";
import { EXAMPLE_NOW } from "./conditionExamples.ts";
import { bullets, code, jsonLines, page, table } from "./markdown.ts";
import { NODE_MEANINGS, ORDERS, TRANSFORM_EXAMPLES, type TransformExample } from "./transformExamples.ts";

export function renderTransforms(): string {
  return page(
    "Transforms",
    "A `transform` step computes on data that the execution already has: no model, no plugin, no cost. `operation` names what is done, `input` is what it is done to, `config` holds the settings.",
    '```yaml\n- id: paid\n  type: transform\n  operation: filter\n  input: "{{orders.rows}}"\n  config:\n    condition: item.amount > 25\n```',
    "Unknown operations and settings are found by `neuronforge validate FILE`, before anything runs. Data that do not suit the operation end the step with `TRANSFORM_FAILED`, which names the item.",
    bullets(
      "**Fields** are names or paths: `amount`, `customer.city`; a number is the position of a column. A field that some rows lack is null there; where a whole column is read out, a field that no row has is an error.",
      "**Templates** in `config` are filled before the operation runs. In the settings that are marked *per item* they are filled for each item, and may name `item` and `index`.",
      "**Conditions** are written as [conditions.md](conditions.md) says.",
    ),
    table(
      ["Operation", "Also", "What it does"],
      TRANSFORMS.map(({ name, aliases, summary }) => [`[${name}](#${name})`, aliases.map(code).join(" "), summary]),
    ),
    `Most examples below begin with these orders:\n\n\`\`\`json\n${jsonLines(ORDERS)}\n\`\`\``,
    ...celTransforms(),
    ...TRANSFORMS.flatMap(section),
  );
}

function celTransforms(): readonly string[] {
  return [
    "## CEL in transforms",
    "A step with `expression` and no `operation` computes a formula over the whole input. In `map`, `filter`, `partition` and `reduce` the setting `expression` is CEL too, for each item. [conditions.md](conditions.md#cel) shows the language.",
    table(
      ["Where", "Names in it"],
      [
        ["a step's own `expression`", "`input` (the step's input; without one the inputs of the execution), steps by id"],
        ["`map`, `filter`, `partition`", "`item`, `index`, `input` (the inputs of the execution), steps by id"],
        ["`reduce`", "`acc` (also `accumulator`), `item`, `index`, `input` (the inputs of the execution), steps by id"],
      ],
    ),
    '```yaml\n- id: total\n  type: transform\n  operation: reduce\n  input: "{{orders.rows}}"\n  config:\n    expression: acc + item.amount * 1.19\n    initial: 0\n```',
  ];
}

function section(transform: Transform): readonly string[] {
  const example = TRANSFORM_EXAMPLES[transform.name];
  if (example === undefined) throw new Error(`transformExamples.ts has no example of ${transform.name}`);
  return [
    `## ${transform.name}`,
    transform.summary,
    `**Input:** ${example.takes} **Output:** ${example.gives}`,
    table(["Setting", "Expected", "Meaning"], settingsOf(transform).map(settingRow)),
    ...(transform.name === "with_fields" ? nodeTable() : []),
    exampleOf(transform, example),
  ];
}

export interface Setting {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isPerItem: boolean;
  readonly schema: JsonObject;
}

export function settingsOf({ name: transform, configSchema, perItemFields }: Transform): readonly Setting[] {
  const { properties = {}, required = [] } = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    isRequired: required.includes(name),
    // The formula of `expression` is about the whole input.
    isPerItem: perItemFields.includes(name) && transform !== "expression",
    schema: (typeof schema === "boolean" ? {} : schema) as JsonObject,
  }));
}

function settingRow({ name, isRequired, isPerItem, schema }: Setting): readonly string[] {
  const marks = [isRequired ? "needed" : "", isPerItem ? "*per item*" : ""].filter((mark) => mark !== "");
  const meaning = typeof schema["description"] === "string" ? schema["description"] : "";
  return [
    code(name),
    name === "condition" ? "condition" : expectedOf(schema),
    `${meaning}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`,
  ];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  boolean: "true or false",
};

function expectedOf(schema: JsonObject): string {
  const { enum: choices, const: only, anyOf, oneOf, type, items, properties, additionalProperties } = schema;
  if (Array.isArray(choices)) return (choices as readonly string[]).map(code).join(", ");
  if (typeof only === "string") return code(only);
  if (isFieldName(schema)) return "field";
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return joinOr([...new Set((alternatives as readonly JsonObject[]).map(expectedOf))]);
  if (type === "array") return `list of ${isJsonObject(items) ? pluralOf(expectedOf(items)) : "anything"}`;
  if (isJsonObject(properties))
    return `{${Object.entries(properties)
      .map(([name, member]) => describeMember(name, member))
      .join(", ")}}`;
  if (isJsonObject(additionalProperties)) return `object of ${pluralOf(expectedOf(additionalProperties))}`;
  return typeof type === "string" ? (TYPE_NAMES[type] ?? type) : "anything";
}

function joinOr(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" or ");
}

function pluralOf(expected: string): string {
  return expected.replace(/^(field|text)\b/, "$1s").replace(/^anything$/, "any values");
}

function describeMember(name: string, schema: JsonValue | undefined): string {
  return isJsonObject(schema) && typeof schema["const"] === "string" ? `${name}: ${schema["const"]}` : name;
}

/** A text or a position; `fieldName` of the code. */
function isFieldName({ anyOf }: JsonObject): boolean {
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return false;
  const [text, position] = anyOf as readonly JsonObject[];
  return text?.["type"] === "string" && position?.["type"] === "integer";
}

function nodeTable(): readonly string[] {
  const rows = Object.entries(FIELD_EXPRESSION_KINDS).map(([kind, { fields }]) => {
    const meaning = NODE_MEANINGS[kind];
    if (meaning === undefined) throw new Error(`transformExamples.ts does not explain the node ${kind}`);
    return [code(kind), fields.map(code).join(" "), meaning];
  });
  return [
    "An expression is a tree of nodes `{kind: …}`; a later field may read an earlier one of the same row. Null in dates gives null.",
    table(["Kind", "Fields", "Gives"], rows),
  ];
}

function exampleOf(transform: Transform, { input, config }: TransformExample): string {
  const output = applyTransform(transform.name, input, config, { nowMs: Date.parse(EXAMPLE_NOW), scope: scopeOf({}) });
  const settings = Object.keys(config).length === 0 ? {} : { config };
  const step = stringify({ operation: transform.name, ...settings }, { lineWidth: 120, defaultStringType: "PLAIN" }).trimEnd();
  return [
    "```yaml",
    step,
    "```",
    "",
    "```json",
    `// input${input === ORDERS ? ": the orders above" : `\n${jsonLines(input)}`}`,
    `// output\n${jsonLines(output)}`,
    "```",
  ].join("\n");
}
