// `ai_processing`: one question to a model, without tools. Rules come first where they can answer; nothing is asked about nothing.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { ModelFacts } from "../../models/types.ts";
import type { AiType, StepOf } from "../../workflow/types.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import { askModel, type Question } from "./askModel.ts";
import { classify } from "./classify.ts";
import { extract } from "./extractByRules.ts";
import { ModelTally } from "./ModelTally.ts";
import { emptyAnswer, jsonSchemaOf } from "./outputSchemas.ts";
import { isNothing, promptFacts, systemPrompt, taskOf, textOf, userPrompt } from "./prompts.ts";
import { askForValue } from "./structuredAnswer.ts";

type Context = StepContext<StepOf<"ai_processing">>;

const DEFAULT_INSTRUCTION: Readonly<Record<AiType, string>> = {
  classify: "Give each item the label that fits it best.",
  generate: "Write what the data call for.",
  extract: "Extract the fields of the schema from the data.",
  llm_extract: "Extract the fields of the schema from the data.",
  deterministic_extract: "Extract the fields of the schema from the data.",
};

interface Work {
  readonly aiType: AiType | undefined;
  readonly schema: JsonObject | null;
  /** As written, templates and all. */
  readonly prompt: string;
  readonly instruction: string;
  readonly input: JsonValue | undefined;
  readonly parameters: JsonObject | undefined;
  readonly facts: ModelFacts;
  readonly tally: ModelTally;
}

export const performAiProcessing: StepPerformer<"ai_processing"> = async (context) => {
  const { labels } = context.step.config ?? {};
  const work = prepare(context);
  const { aiType, input, instruction, parameters, facts, tally, schema } = work;
  const isClassification = labels !== undefined && (aiType ?? "classify") === "classify";
  if (input !== undefined && isNothing(input)) return nothingToDo(work, isClassification);
  if (isClassification) return classify(context, { labels, instruction, parameters, input, facts, tally });
  if (schema === null) return answerInText(context, work);
  const isExtraction = aiType === "extract" || aiType === "deterministic_extract";
  if (isExtraction && input !== undefined)
    return extract(context, { source: input, schema: written(context) ?? schema, question: questionOf(work), tally });
  return answerInJson(context, work, schema);
};

function written({ step }: Context): JsonObject | undefined {
  return step.output_schema ?? step.config?.output_schema;
}

function prepare(context: Context): Work {
  const { step } = context;
  const { ai_type: aiType, instruction: extra } = step.config ?? {};
  const outputSchema = written(context);
  const schema = outputSchema === undefined ? null : jsonSchemaOf(outputSchema);
  const prompt = [step.prompt, extra].filter((text) => text !== undefined).join("\n\n") || DEFAULT_INSTRUCTION[aiType ?? "generate"];
  const input = step.input === undefined ? undefined : context.resolve(step.input, "input");
  return {
    aiType,
    schema,
    prompt,
    instruction: textOf(context.resolve(prompt, step.prompt === undefined ? "config.instruction" : "prompt")),
    input,
    parameters: step.params === undefined ? undefined : (context.resolve(step.params, "params") as JsonObject),
    facts: promptFacts(context, kindOf(step, prompt, schema !== null), { prompt, data: input }),
    tally: new ModelTally(),
  };
}

function kindOf(step: Context["step"], prompt: string, hasSchema: boolean): ModelFacts["kind"] {
  const aiType = step.config?.ai_type;
  if (aiType === "classify" || aiType === "generate") return aiType;
  return aiType === undefined ? taskOf(step.intent, prompt, hasSchema) : "extract";
}

function nothingToDo({ schema, input, tally }: Work, isClassification: boolean): StepOutcome {
  const output = isClassification ? (Array.isArray(input) ? [] : { label: null }) : emptyAnswer(schema);
  tally.warn("the input is empty: no model was asked");
  return { status: "completed", output, facts: tally.facts({ more: { emptyInput: true } }) };
}

function questionOf({ instruction, input, parameters, facts, schema }: Work): Question {
  return {
    system: systemPrompt({ hasSchema: schema !== null }),
    messages: [{ role: "user", content: userPrompt({ instruction, data: input, parameters }) }],
    facts,
  };
}

async function answerInText(context: Context, work: Work): Promise<StepOutcome> {
  const answer = await askModel(context, questionOf(work), work.tally);
  if (answer.kind === "ended") return answer.outcome;
  return { status: "completed", output: answer.result.text.trim(), facts: work.tally.facts() };
}

async function answerInJson(context: Context, work: Work, schema: JsonObject): Promise<StepOutcome> {
  const answer = await askForValue(context, { question: questionOf(work), schema, tally: work.tally });
  if (answer.kind === "ended") return answer.outcome;
  return { status: "completed", output: answer.value, facts: work.tally.facts() };
}
