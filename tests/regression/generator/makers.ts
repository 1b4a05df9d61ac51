// How each step type is drawn: fields that fit what can be read at its place, so that most agents run to their end.
import type { JsonObject } from "../../../lib/core/json.ts";
import type { StepType } from "../../../lib/workflow/types.ts";
import { makeAction } from "./makeAction.ts";
import { makeTransform } from "./makeTransform.ts";
import type { Made, Maker, Place, StepMaker } from "./StepMaker.ts";

const PROMPTS = [
  "Summarize this in two sentences.",
  "What stands out, and why?",
  "Write a short message to the team about it.",
  "Name what is missing.",
  "Draft a reply that a customer would like to get.",
] as const;
const PARTS_SCHEMA: JsonObject = {
  type: "object",
  fields: [
    { name: "summary", type: "string", required: true },
    { name: "score", type: "number", required: true },
    { name: "tags", type: "array" },
  ],
};
const STRICT_SCHEMA: JsonObject = {
  type: "object",
  required: ["summary", "score"],
  additionalProperties: false,
  properties: { summary: { type: "string" }, score: { type: "integer", minimum: 0, maximum: 9 } },
};
const PARTS: Made["gives"] = [{ type: "object" }, { inner: ".summary", type: "text" }, { inner: ".score", type: "number" }];

const makeAiProcessing: Maker = (maker, place) => {
  const { random } = maker;
  const prompt = `${random.pick(PROMPTS)}${random.chance(0.3) ? ` The topic: {{${maker.find(place, "text")}}}` : ""}`;
  const limits = {
    ...(random.chance(0.3) ? { max_output_tokens: random.whole(2, 9) * 50 } : {}),
    ...(random.chance(0.2) ? { temperature: 0.5 } : {}),
  };
  const way = random.whole(0, 5);
  if (way === 0) {
    const config = { ai_type: "classify", labels: ["keep", "drop", "ask"] };
    return { fields: { prompt: "Sort these.", input: `{{${maker.find(place, "rows")}}}`, config, ...limits }, gives: [{ type: "rows" }] };
  }
  if (way === 1) {
    const model = random.chance(0.4) ? { model: "sloppy/unfitting" } : {};
    return {
      fields: { prompt, input: maker.any(place), output_schema: random.chance(0.5) ? PARTS_SCHEMA : STRICT_SCHEMA, ...model },
      gives: PARTS,
    };
  }
  if (way === 2) return { fields: { prompt: `${prompt}\n\n${maker.any(place)}`, ...limits }, gives: [{ type: "text" }] };
  const input = random.chance(0.3) ? { first: maker.any(place), second: maker.any(place) } : maker.any(place);
  const parameters = random.chance(0.3)
    ? { params: { tone: random.pick(["dry", "warm"]), limit: `{{${maker.find(place, "number")}}}` } }
    : {};
  return { fields: { prompt, input, ...parameters, ...limits }, gives: [{ type: "text" }] };
};

const makeLlmDecision: Maker = (maker, place) => {
  const { random } = maker;
  const plugins = random.pick([["shop"], ["sheet", "crm"], ["calendar"], ["mail", "desk"], ["json", "csv"]]);
  const fields = {
    prompt: `Find out more about {{${maker.find(place, "text")}}}.`,
    input: maker.any(place),
    plugins,
    maxIterations: random.whole(4, 6),
  };
  return random.chance(0.5) ? { fields: { ...fields, output_schema: PARTS_SCHEMA }, gives: PARTS } : { fields, gives: [{ type: "text" }] };
};

function conditionOf({ random }: StepMaker, maker: StepMaker, place: Place): string | JsonObject {
  const number = maker.find(place, "number");
  if (random.chance(0.4)) return `${maker.find(place, "boolean")} == true`;
  const simple: JsonObject = {
    conditionType: "simple",
    field: number,
    operator: random.pick([">", "<=", "equals"]),
    value: random.whole(1, 60),
  };
  return random.chance(0.3) ? { conditionType: "complex_not", condition: simple } : simple;
}

const makeConditional: Maker = (maker, place) => ({
  fields: {
    condition: conditionOf(maker, maker, place),
    then_steps: maker.nested(place),
    else_steps: maker.random.chance(0.6) ? maker.nested(place) : [],
  },
  gives: [{ type: "any" }],
});

const makeSwitch: Maker = (maker, place) => ({
  fields: {
    evaluate: maker.random.pick(["{{input.person.name}}", "{{input.isUrgent}}", "{{input.rows[0].group}}"]),
    cases: { Ada: maker.nested(place), true: maker.nested(place), red: maker.nested(place) },
    default: maker.nested(place),
  },
  gives: [{ type: "any" }],
});

const ROW_VALUES = (name: string): Place["values"] => [
  { ref: name, type: "object" },
  { ref: `${name}.name`, type: "text" },
];

const makeLoop: Maker = (maker, place) => {
  const { random } = maker;
  const isParallel = random.chance(0.3);
  const overRows = random.chance(0.4) && place.depth < 2;
  const values: Place["values"] = [
    { ref: "loop.iteration", type: "number" },
    ...(overRows ? ROW_VALUES("item") : [{ ref: "current", type: "text" as const }]),
  ];
  const over = overRows ? "input.rows" : "input.texts";
  // The verbose agents' many rows are for prompts, not for loops.
  const list = overRows ? [`{{${over}[0]}}`, `{{${over}[1]}}`] : `{{${over}}}`;
  return {
    fields: {
      iterateOver: list,
      loopSteps: maker.nested(place, { values, isParallel }),
      ...(isParallel ? { parallel: true, maxConcurrency: 2 } : {}),
    },
    gives: [{ type: "any" }],
  };
};

const makeParallelGroup: Maker = (maker, place) => {
  const inner: Place = { values: [...place.values], depth: place.depth + 1, isParallel: true };
  // Siblings that run at the same time: none reads another.
  const steps = Array.from({ length: maker.random.whole(2, 3) }, () =>
    maker.make(maker.drawType(inner.depth), { ...inner, values: [...place.values] }),
  );
  return { fields: { steps, ...(maker.random.chance(0.4) ? { maxConcurrency: maker.random.whole(1, 2) } : {}) }, gives: [{ type: "any" }] };
};

const makeScatterGather: Maker = (maker, place, id) => {
  const { random } = maker;
  const itemVariable = `${id}_item`;
  const overRows = random.chance(0.5);
  const values = overRows ? ROW_VALUES(itemVariable) : [{ ref: itemVariable, type: "text" as const }];
  const input = overRows ? ["{{input.rows[0]}}", "{{input.rows[1]}}", "{{input.rows[2]}}"] : "{{input.texts}}";
  const steps = maker.nested(place, { values, isParallel: true });
  const gather = random.pick<JsonObject>([
    { operation: "collect" },
    { operation: "collect", shape: "merge_as_named_array", shapeField: "results" },
    { operation: "collect", shape: "item_only" },
    { operation: "flatten" },
    { operation: "collect", outputKey: "all", shape: "merge_with_item", shapeField: "result" },
  ]);
  const scatter = {
    input,
    itemVariable,
    steps,
    ...(random.chance(0.5) ? { maxConcurrency: random.whole(1, 3) } : {}),
    continueOnError: true,
  };
  return { fields: { scatter, gather }, gives: [{ type: "any" }] };
};

const makeDelay: Maker = ({ random }) => ({ fields: { duration: random.whole(0, 4) } });

const makeEnrichment: Maker = (maker, place) => {
  if (maker.random.chance(0.3)) {
    const sources = [
      { key: "left", from: "{{input.rows}}" },
      {
        key: "right",
        from: [
          { name: "row 1", rank: 1 },
          { name: "row 3", rank: 2 },
        ],
      },
    ];
    return { fields: { sources, strategy: "join", joinOn: "name" }, gives: [{ type: "rows" }] };
  }
  const sources = [
    { key: "first", from: `{{${maker.find(place, "object")}}}` },
    { key: "second", from: maker.any(place) },
  ];
  return {
    fields: { sources, strategy: maker.random.pick(["merge", "deep_merge"]), ...(maker.random.chance(0.3) ? { mergeArrays: true } : {}) },
    gives: [{ type: "object" }],
  };
};

const makeValidation: Maker = (maker, place) => {
  const { random } = maker;
  const schema = { type: "array", minItems: random.whole(0, 2), items: { type: "object", required: ["name"] } };
  const rules = random.chance(0.4)
    ? { rules: [{ field: "[*].amount", condition: `value < ${random.whole(20, 200)}.0`, message: "too much" }] }
    : {};
  const onValidationFail = random.pick(["continue", "skip"]);
  const gives: Made["gives"] = onValidationFail === "continue" ? [{ type: "any" }, { inner: ".valid", type: "boolean" }] : [];
  return { fields: { input: random.chance(0.7) ? "{{input.rows}}" : maker.any(place), schema, ...rules, onValidationFail }, gives };
};

const makeComparison: Maker = (maker, place) => {
  const outputFormat = maker.random.pick(["boolean", "diff", "detailed"]);
  const operation = maker.random.pick(["equals", "deep_equals", "diff", "subset"]);
  return {
    fields: { left: maker.any(place), right: maker.any(place), operation, outputFormat },
    gives: [{ type: outputFormat === "boolean" ? "boolean" : "any" }],
  };
};

const makeSubWorkflow: Maker = (maker, place) => {
  const { random } = maker;
  const onError = random.pick(["throw", "continue", "return_error"]);
  if (random.chance(0.3)) {
    const address = { street: "Am Wall 1", zip: random.pick(["28195", "28"]), city: "Bremen" };
    return { fields: { workflowId: "05-address-check", inputs: { address }, onError }, gives: [{ type: "any" }] };
  }
  const inputs: JsonObject = {
    rows: "{{input.rows}}",
    texts: "{{input.texts}}",
    person: "{{input.person}}",
    topic: `{{${maker.find(place, "text")}}}`,
    limit: "{{input.limit}}",
    isUrgent: "{{input.isUrgent}}",
  };
  const inheritContext = random.chance(0.4);
  const values = inheritContext ? place.values : place.values.filter(({ ref }) => ref.startsWith("input."));
  const workflowSteps = maker.nested({ ...place, values: [...values] });
  const last = workflowSteps.at(-1)?.["id"];
  const isMapped = random.chance(0.4) && typeof last === "string";
  const mapping = isMapped ? { outputMapping: { topic: "{{input.topic}}", last: `{{${last}}}` } } : {};
  return { fields: { workflowSteps, inputs, inheritContext, onError, ...mapping }, gives: [{ type: "any" }] };
};

const makeHumanApproval: Maker = (maker, place) => {
  const { random } = maker;
  const approvers = ["anna@example.com", "ben@example.com", "carla@example.com"].slice(0, random.whole(1, 3));
  const message = `Go on with {{${maker.find(place, "text")}}}?`;
  if (random.chance(0.25)) {
    const fields = {
      approvers,
      message,
      timeout: random.whole(20, 60),
      onTimeout: random.pick(["approve", "reject"]),
      continueOnError: true,
      metadata: { answers: [] },
    };
    return { fields, gives: [{ inner: ".approved", type: "boolean" }] };
  }
  const rejects = random.chance(0.2);
  const [first = ""] = approvers;
  const fields: JsonObject = {
    approvers,
    approvalType: rejects ? "any" : random.pick(["any", "all", "majority"]),
    message,
    context: { value: maker.any(place) },
  };
  if (!rejects || approvers.length > 1) return { fields, gives: [{ inner: ".approved", type: "boolean" }] };
  return {
    fields: { ...fields, continueOnError: true, metadata: { answers: [{ approver: first, decision: "reject", comment: "no" }] } },
    gives: [{ inner: ".approved", type: "boolean" }],
  };
};

const makeDeterministicExtraction: Maker = (maker) => {
  const { random } = maker;
  const withReference = random.chance(0.6);
  const text = `Name: ${random.pick(["Ada", "Ben"])}\nTotal: ${random.whole(10, 99)}.50\nDate: 2019-07-0${random.whole(1, 9)}${withReference ? `\nReference: R-${random.whole(100, 999)}` : ""}`;
  const fields = ["name", "date", "reference"].map((name) => ({
    name,
    type: "string",
    required: name !== "reference" || maker.mayUseModels,
  }));
  const instruction = maker.mayUseModels ? { instruction: "Read the form." } : {};
  return {
    fields: {
      input: text,
      document_type: random.pick(["form", "receipt", "auto"]),
      output_schema: { type: "object", fields: [...fields, { name: "total", type: "number", required: true }] },
      ...instruction,
    },
    gives: [{ type: "object" }, { inner: ".name", type: "text" }, { inner: ".total", type: "number" }],
  };
};

export const MAKERS: Readonly<Record<StepType, Maker>> = {
  action: makeAction,
  ai_processing: makeAiProcessing,
  llm_decision: makeLlmDecision,
  conditional: makeConditional,
  switch: makeSwitch,
  loop: makeLoop,
  parallel_group: makeParallelGroup,
  scatter_gather: makeScatterGather,
  transform: makeTransform,
  delay: makeDelay,
  enrichment: makeEnrichment,
  validation: makeValidation,
  comparison: makeComparison,
  sub_workflow: makeSubWorkflow,
  human_approval: makeHumanApproval,
  deterministic_extraction: makeDeterministicExtraction,
};
