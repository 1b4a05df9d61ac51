// Field schemas that several step types share, and the fields of every step. Which step has which further fields: the files beside this one.
import { z } from "zod";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { ConditionSource, OutputSchema } from "../types.ts";

export const KNOWN_KEYS_PREFIX = "known fields: ";

/** An object without room for unknown fields; its error lists the known ones, from which the reader's did-you-mean is made. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    // Keys are read when the error is made, not before: nested steps are getters that only resolve once every schema exists.
    error: (issue) => (issue.code === "unrecognized_keys" ? KNOWN_KEYS_PREFIX + Object.keys(shape).join(", ") : undefined),
  });
}

export const jsonValue: z.ZodType<JsonValue, JsonValue> = z.json();
export const jsonObject: z.ZodType<JsonObject, JsonObject> = z.record(z.string(), z.json());

export const templateValue = jsonValue.describe("Any JSON; its strings may hold {{templates}}.");
export const templateObject = jsonObject.describe("Object whose strings may hold {{templates}}.");

export const condition: z.ZodType<ConditionSource, ConditionSource> = z
  .union([z.string().min(1), jsonObject], { error: "expected a condition: CEL text or an object" })
  .describe(
    "CEL text such as `step1.total > 10`, or a structured condition: {conditionType: simple, field, operator, value}, complex_and, complex_or, complex_not, or the {kind: …} tree.",
  );

export const outputSchema: z.ZodType<OutputSchema, OutputSchema> = jsonObject.describe(
  "JSON Schema of the step's data, or the short form {type, fields: [{name, type, required, description}]}.",
);

const ID = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
/** Dots and brackets would make step paths (`s2[3].send`) ambiguous. */
export const identifier = z.string().regex(ID, { error: "expected a letter or underscore, then letters, digits, _ or -, at most 100" });

export const concurrency = z.int().min(1).max(1000);
export const milliseconds = z
  .int()
  .min(0)
  .max(366 * 86_400_000);

const effect = z.enum(["none", "read", "write", "destructive"]);
const intent = z.enum(["extract", "summarize", "generate", "validate", "send", "transform", "conditional"]);

const retryPolicy = strict({
  maxRetries: z.int().min(0).max(100).describe("Tries after the first one."),
  backoffMs: milliseconds.describe("Wait before the first retry, in milliseconds.").exactOptional(),
  backoffMultiplier: z.number().min(1).max(100).describe("Each further wait is this many times the one before.").exactOptional(),
  retryableErrors: z
    .array(z.string().min(1))
    .describe("Error codes to retry; absent: the error itself says whether a retry makes sense.")
    .exactOptional(),
});

const rollbackAction = strict({
  plugin: z.string().min(1),
  action: z.string().min(1),
  params: templateObject.describe("May also name the step's own output.").exactOptional(),
});

const cache = strict({
  enabled: z.boolean(),
  key: z
    .string()
    .min(1)
    .describe("Plain text, part of the key beside the step and its resolved inputs: change it to let go of old results.")
    .exactOptional(),
  ttl: z
    .number()
    .positive()
    .max(366 * 86_400)
    .describe("Seconds.")
    .exactOptional(),
});

/** Fields that every step has, `type` excepted. */
export const commonFields = {
  id: identifier.describe("Unique in the whole definition, nested steps included."),
  name: z.string().min(1).max(500).describe("For people.").exactOptional(),
  description: z.string().max(10_000).exactOptional(),
  dependencies: z
    .array(z.string())
    .describe(
      "Ids of siblings that must finish first. Absent: the step before this one in the list. Given, even empty: exactly these. Steps named in templates are added in both cases.",
    )
    .exactOptional(),
  executeIf: condition.describe("The step is skipped when this is false.").exactOptional(),
  continueOnError: z.boolean().describe("A failure is recorded and the execution goes on.").exactOptional(),
  retryPolicy: retryPolicy.exactOptional(),
  rollbackAction: rollbackAction
    .describe("Compensating plugin call, made in reverse order when the execution is rolled back.")
    .exactOptional(),
  cache: cache.describe("Reuse of an earlier result; never on a step with an outside effect.").exactOptional(),
  output_variable: identifier.describe("Publishes the step's data under this name too.").exactOptional(),
  _on_empty: z.enum(["warn", "throw"]).describe("What to do when the step yields nothing.").exactOptional(),
  metadata: jsonObject.describe("Free.").exactOptional(),
  intent: intent.describe("What the workflow gains from the step; absent: classified.").exactOptional(),
  effect: effect.describe("What the step may hurt; absent: classified.").exactOptional(),
  token_budget: z
    .int()
    .positive()
    .describe("Tokens that this step's request is expected to have at most; for plans, not a limit.")
    .exactOptional(),
  model: z.string().min(1).describe("Model for this step, such as `openai/gpt-5-mini` or `offline`.").exactOptional(),
  exact: z.boolean().describe("No model sees a shortened view of this step's inputs.").exactOptional(),
  timeoutMs: milliseconds.min(1).describe("Time limit of one attempt, in milliseconds.").exactOptional(),
  max_output_tokens: z.int().positive().describe("The model's answer is capped here.").exactOptional(),
  temperature: z.number().min(0).max(2).exactOptional(),
};
