// docs/reference/conditions.md: the operators as the code lists them, and examples with the answers that the code gives.
import { AppError } from "../../lib/core/errors.ts";
import type { JsonValue } from "../../lib/core/json.ts";
import { compileCel } from "../../lib/operations/cel.ts";
import { evaluateCel } from "../../lib/operations/celScope.ts";
import { OPERATORS, type Operator } from "../../lib/operations/conditionOperators.ts";
import { evaluateCondition, parseCondition } from "../../lib/operations/conditions.ts";
import { scopeOf } from "../../lib/operations/templates.ts";
import { CEL_DATA, CEL_GROUPS, EXAMPLE_NOW, OPERATOR_EXAMPLES } from "./conditionExamples.ts";
import { bullets, code, jsonLines, page, table } from "./markdown.ts";

const nowMs = Date.parse(EXAMPLE_NOW);

export function renderConditions(): string {
  return page(
    "Conditions",
    "A condition gives true or false. It stands in `executeIf` of any step, in `condition` of a `conditional` step, in the `rules` of a `validation` step, and in the settings of the transforms `filter`, `partition` and `with_fields`.",
    "There are two ways to write one: structured, as an object, or as CEL text. Inside `conditions` the two may be mixed. `neuronforge validate FILE` checks both before anything runs.",
    ...structured(),
    ...operators(),
    ...missing(),
    ...cel(),
  );
}

function structured(): readonly string[] {
  return [
    "## Structured conditions",
    `\`\`\`yaml
# One comparison. \`conditionType: simple\` may be written, and may be left out.
condition: { field: order.total, operator: ">", value: 100 }

# Several of them.
condition:
  conditionType: complex_and          # or complex_or
  conditions:
    - { field: order.status, operator: in, value: [open, new] }
    - { field: order.note, operator: is_empty }
    - size(rows) > 0                  # CEL

# The opposite.
condition:
  conditionType: complex_not
  condition: { field: order.status, operator: "==", value: closed }
\`\`\``,
    bullets(
      "`field` is a path without braces: `order.total`, `rows[0].name`, `rows.length`. `.data` after the id of a step may be left out.",
      '`value` is any JSON. Its strings may hold templates: `value: "{{input.limit}}"`.',
      "The tree form says the same with `kind`: `and`, `or` (with `conditions` or `operands`), `not` (with `condition` or `operand`) and `comparison`, whose two sides are `{kind: ref, path: order.total}` or `{kind: literal, value: 100}`. With it two fields can be compared.",
    ),
    "**On rows**, in `filter`, `partition` and `with_fields`, a bare `field` is read from the row: `status` is `item.status`. A template such as `{{order.status}}` names what is outside. In CEL a field of the row is always `item.status`.",
    "**In rules** a bare name is a field of the data, `value` the field that the rule is about, `data` all of it: `{ field: amount, condition: { operator: \">\", value: 0 } }`, or `condition: value > 0 && currency == 'EUR'`.",
  ];
}

function operators(): readonly string[] {
  const rows = (Object.keys(OPERATORS) as Operator[]).map((operator) => {
    const { aliases } = OPERATORS[operator];
    return [code(operator), aliases.map(code).join(" "), OPERATOR_EXAMPLES[operator].meaning, operatorExample(operator)];
  });
  const unary = (Object.keys(OPERATORS) as Operator[]).filter((operator) => OPERATORS[operator].value === "none");
  return [
    "## Operators",
    table(["Operator", "Also", "True when", "Example"], rows),
    `${unary.map(code).join(", ")} take no \`value\`; the others need one. In the examples today is ${EXAMPLE_NOW.slice(0, 10)}.`,
    'Texts are never taken for booleans, and `""` is not null. Texts such as `"12 kg"` or `"1,200"` are no numbers. In YAML the operators `>`, `>=`, `!=` and `!==` stand in quotes.',
  ];
}

function operatorExample(operator: Operator): string {
  const { left, right } = OPERATOR_EXAMPLES[operator];
  const condition = parseCondition({ field: "x", operator, ...(right !== undefined && { value: right }) });
  const answer = evaluateCondition(condition, scopeOf({ x: left }), { nowMs });
  const shown = [JSON.stringify(left), operator, ...(right === undefined ? [] : [JSON.stringify(right)])].join(" ");
  return `${code(shown)} is ${answer}`;
}

interface MissingCase {
  readonly text: string;
  readonly operator: string;
  readonly field: string;
  readonly value?: JsonValue;
}

const MISSING_CASES: readonly MissingCase[] = [
  { text: "null compared with null", field: "note", operator: "==", value: null },
  { text: "null compared with a text", field: "note", operator: "==", value: "" },
  { text: "null ordered", field: "note", operator: ">", value: 5 },
  { text: "a missing field, asked for", field: "discount", operator: "exists" },
  { text: "a missing field, empty or not", field: "discount", operator: "is_empty" },
  { text: "a missing field compared", field: "discount", operator: "==", value: 5 },
  { text: "values that have no order", field: "status", operator: ">", value: 5 },
];

function missing(): readonly string[] {
  const { order } = CEL_DATA;
  const rows = MISSING_CASES.map(({ text, operator, field, value }) => {
    const rest = { operator, ...(value !== undefined && { value }) };
    const whole = answerOf(() => evaluateCondition(parseCondition({ field: `order.${field}`, ...rest }), scopeOf({ order }), { nowMs }));
    const perItem = { item: order, names: ["item", "index"] };
    const row = answerOf(() => evaluateCondition(parseCondition({ field, ...rest }), scopeOf({ item: order }), { nowMs, perItem }));
    const shown = [field, operator, ...(value === undefined ? [] : [JSON.stringify(value)])].join(" ");
    return [text, code(shown), whole, row];
  });
  return [
    "## Null and missing fields",
    "Rows are ragged, outputs of steps are not: on a row a field that is missing counts as null and what cannot be compared is false; elsewhere both are errors, because a misspelt name would otherwise decide silently.",
    table(["What", "Example", "In a step", "On a row"], rows),
  ];
}

function cel(): readonly string[] {
  return [
    "## CEL",
    "CEL is a small language of expressions: no statements, no assignments, nothing outside of the data is reached. Names are steps by their id, `input`, and inside loops `item`, `index` and the loop's variable. They stand without braces. The text must give true or false where a condition is meant.",
    `The examples read these outputs:\n\n\`\`\`json\n${jsonLines(CEL_DATA)}\n\`\`\``,
    ...CEL_GROUPS.flatMap(({ title, text, expressions }) => [
      `### ${title}`,
      ...(text === undefined ? [] : [text]),
      table(
        ["Expression", "Gives", ""],
        expressions.map(([source, remark]) => [code(source), celAnswer(source), remark]),
      ),
    ]),
    "### What is not there",
    bullets(
      "`matches()`: some patterns would take minutes. Write `re2(text, pattern)`, which is fast on every text; it has no look-around and no back-references.",
      "`{{templates}}`: names are read as they are.",
      "Assignments, loops, functions of your own, the clock, the network, the file system. For relative dates use `within_last_days` in a structured condition.",
      "Results that are no JSON, such as bytes and types.",
      "Very long expressions, deep nesting, and many of `map`, `filter`, `all` inside each other: they are refused when the file is checked, and the message says what the bound is.",
    ),
  ];
}

function celAnswer(source: string): string {
  return answerOf(() => evaluateCel(compileCel(source, undefined, "condition"), scopeOf(CEL_DATA), "condition"));
}

function answerOf(ask: () => JsonValue): string {
  try {
    return code(JSON.stringify(ask()));
  } catch (error) {
    if (AppError.is(error)) return `error ${code(error.code)}`;
    throw error;
  }
}
