// A model's answer as JSON that fits a schema: checked, repaired once by telling the model what was wrong, else an error. Never mended here.
import type { ModelMessage } from "ai";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { parseModelJson } from "../../models/modelJson.ts";
import type { ModelResult } from "../../models/types.ts";
import type { AnswerDefect } from "../../orchestration/types.ts";
import type { StepContext, StepOutcome } from "../types.ts";
import { askModel, type Question } from "./askModel.ts";
import type { ModelTally } from "./ModelTally.ts";
import { defectsOf } from "./outputSchemas.ts";
import { hardOf, isWorse, refusal, warnOf } from "./reviewAnswer.ts";

export interface StructuredQuestion {
  readonly question: Question;
  /** JSON Schema that the model is asked to fit. */
  readonly schema: JsonObject;
  /** What the answer must fit, where that is less. @defaultValue `schema` */
  readonly checkedSchema?: JsonObject;
  readonly tally: ModelTally;
}

export type StructuredAnswer =
  | { readonly kind: "value"; readonly value: JsonValue }
  | { readonly kind: "ended"; readonly outcome: StepOutcome };

const WRAPPER = "result";
const MAX_TOLD_DEFECTS = 20;

export async function askForValue(context: StepContext, asked: StructuredQuestion): Promise<StructuredAnswer> {
  const answer = await askModel(context, { ...asked.question, outputSchema: wireSchema(asked.schema) }, asked.tally);
  if (answer.kind === "ended") return answer;
  return checkOrRepair(context, asked, readAnswer(answer.result));
}

/** For a text that was already given: checked, and repaired by the question it answers. */
export async function finishStructured(
  context: StepContext,
  asked: StructuredQuestion & { readonly text: string },
): Promise<StructuredAnswer> {
  return checkOrRepair(context, asked, { text: asked.text, value: parseModelJson(asked.text), isCut: false });
}

interface Said {
  readonly text: string;
  /** null: the text is not JSON. */
  readonly value: JsonValue | null;
  readonly isCut: boolean;
}

function readAnswer({ text, output, finishReason }: ModelResult): Said {
  return { text, value: output ?? parseModelJson(text), isCut: finishReason === "length" };
}

async function checkOrRepair(context: StepContext, asked: StructuredQuestion, said: Said): Promise<StructuredAnswer> {
  const { schema, checkedSchema = schema, tally } = asked;
  const first = review(context, check(checkedSchema, said), said);
  if (first.defects.length === 0) return { kind: "value", value: first.value };
  if (first.isFitting && context.review?.repairs === 0) return reviewed(context, first, { result: null, tally });
  tally.warn(
    `the first answer ${first.isFitting ? "was not accepted" : "did not fit the schema"} and was repaired once: ${first.defects[0]}`,
  );
  const answer = await askModel(context, repairOf(asked, said, first), tally, said.isCut ? 2 : 1);
  const fallback = fallbackOf(first);
  if (answer.kind === "ended")
    return fallback === null || answer.outcome.status === "halted" ? answer : reviewed(context, fallback, { result: null, tally });
  const again = readAnswer(answer.result);
  const second = review(context, check(checkedSchema, again), again);
  if (fallback !== null && isSecondWorse(second, fallback)) return reviewed(context, fallback, { result: null, tally });
  if (second.isFitting) return reviewed(context, second, { result: answer.result, tally });
  return { kind: "ended", outcome: { status: "failed", error: invalid(context, second.defects, answer.result), facts: tally.facts() } };
}

/** A repair that a handler wishes for: where the first answer can be taken at need, nothing but a stop keeps it from being taken. */
function fallbackOf(first: Reviewed): Reviewed | null {
  return first.isFitting && hardOf(first.judged).length === 0 ? first : null;
}

function repairOf({ question, schema }: StructuredQuestion, said: Said, first: Reviewed): Question {
  const messages: ModelMessage[] = [
    ...question.messages,
    { role: "assistant", content: said.text },
    { role: "user", content: complaint(first, said.isCut) },
  ];
  const repair = { ...question, messages, outputSchema: wireSchema(schema), journalMessage: false };
  return first.isFitting ? { ...repair, ownCost: "repair" } : repair;
}

function isSecondWorse(second: Reviewed, first: Reviewed): boolean {
  return !second.isFitting || isWorse(second.judged, first.judged);
}

interface Checked {
  readonly value: JsonValue;
  readonly defects: readonly string[];
}

interface Reviewed extends Checked {
  /** The schema is fulfilled; what is left is a handler's judgement. */
  readonly isFitting: boolean;
  readonly judged: readonly AnswerDefect[];
}

/** A handler judges only what fits the schema. */
function review(context: StepContext, checked: Checked, { text, isCut }: Said): Reviewed {
  if (checked.defects.length > 0 || context.review === undefined)
    return { ...checked, isFitting: checked.defects.length === 0, judged: [] };
  const judged = context.review.judge({ text: text.trim(), value: checked.value, isCutOff: isCut });
  return { value: checked.value, defects: judged.map(({ message }) => `the answer ${message}`), isFitting: true, judged };
}

function reviewed(
  context: StepContext,
  { value, judged }: Reviewed,
  { result, tally }: { readonly result: ModelResult | null; readonly tally: ModelTally },
): StructuredAnswer {
  const hard = hardOf(judged);
  if (hard.length > 0)
    return {
      kind: "ended",
      outcome: { status: "failed", error: refusal(context, hard, { result, repairs: result === null ? 0 : 1 }), facts: tally.facts() },
    };
  warnOf(judged, tally);
  return { kind: "value", value };
}

function check(schema: JsonObject, { text, value }: Said): Checked {
  if (value === null && text.trim() !== "null")
    return { value: null, defects: [`the answer is not JSON: it begins with ${JSON.stringify(text.slice(0, 60))}`] };
  const asIs = defectsOf(schema, value);
  if (asIs.length === 0) return { value, defects: [] };
  const inner = isJsonObject(value) && needsWrapper(schema) ? value[WRAPPER] : undefined;
  if (inner === undefined) return { value, defects: asIs };
  return { value: inner, defects: defectsOf(schema, inner) };
}

/** Providers take only objects at the top of a schema. */
function wireSchema(schema: JsonObject): JsonObject {
  if (!needsWrapper(schema)) return schema;
  return { type: "object", properties: { [WRAPPER]: schema }, required: [WRAPPER], additionalProperties: false };
}

function needsWrapper({ type, properties }: JsonObject): boolean {
  return type !== "object" && properties === undefined;
}

function complaint({ defects, isFitting }: Reviewed, isCut: boolean): string {
  const list = defects
    .slice(0, MAX_TOLD_DEFECTS)
    .map((defect) => `- ${defect}`)
    .join("\n");
  const cut = isCut ? "\nIt was cut off: answer more briefly." : "";
  const what = isFitting ? "cannot be used" : "does not fit the schema";
  return `Your answer ${what}:\n${list}${cut}\nAnswer again with the whole JSON, mended, and nothing else. Do not make anything up to fill a field.`;
}

function invalid({ path }: StepContext, defects: readonly string[], { provider, model }: ModelResult): AppError {
  const who = `${provider}/${model}`;
  const shown = defects.slice(0, 5).join("; ");
  const rest = defects.length > 5 ? `; and ${defects.length - 5} more` : "";
  return new AppError(
    "MODEL_OUTPUT_INVALID",
    `step ${path}: the answer of ${who} does not fit output_schema, after one repair: ${shown}${rest}`,
    {
      details: { step: path, model: who, field: "output_schema", defects: defects.slice(0, 50) },
    },
  );
}
