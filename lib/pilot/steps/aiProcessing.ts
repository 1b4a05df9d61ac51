// `ai_processing`: one question to a model, without tools. Rules come first where they can answer; nothing is asked about nothing.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { ModelFacts } from "../../models/types.ts";
import type { AiType, StepOf } from "../../workflow/types.ts";
import { isSharedContent } from "../governance/sharedContent.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import type { Question } from "./askModel.ts";
import { classify } from "./classify.ts";
import { extract } from "./extractByRules.ts";
import { ModelTally } from "./ModelTally.ts";
import { emptyAnswer, jsonSchemaOf } from "./outputSchemas.ts";
import { presentPrompt, presentRules, presentValue, type Presented, type PresentedPrompt } from "./presented.ts";
import { isNothing, promptFacts, sharedDataMessage, taskOf, textOf, userPrompt } from "./prompts.ts";
import { askForText } from "./reviewAnswer.ts";
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
  readonly instruction: PresentedPrompt;
  readonly input: JsonValue | undefined;
  readonly parameters: JsonObject | undefined;
  readonly facts: ModelFacts;
  readonly tally: ModelTally;
}

export const performAiProcessing: StepPerformer<"ai_processing"> = async (context) => {
  const { labels } = context.step.config ?? {};
  const work = await prepare(context);
  const { aiType, input, instruction, parameters, facts, tally, schema } = work;
  const isClassification = labels !== undefined && (aiType ?? "classify") === "classify";
  if (input !== undefined && isNothing(input)) return nothingToDo(work, isClassification);
  if (isClassification) return classify(withoutReview(context), { labels, instruction: instruction.text, parameters, input, facts, tally });
  if (schema === null) return answerInText(context, work);
  const isExtraction = aiType === "extract" || aiType === "deterministic_extract";
  if (isExtraction && input !== undefined)
    return extract(context, { source: input, schema: written(context) ?? schema, question: await questionOf(context, work), tally });
  return answerInJson(context, work, schema);
};

/** Labels are judged one by one as they are collected. */
function withoutReview({ review: _review, ...context }: Context): Context {
  return context;
}

function written({ step }: Context): JsonObject | undefined {
  return step.output_schema ?? step.config?.output_schema;
}

async function prepare(context: Context): Promise<Work> {
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
    instruction: await presentPrompt(context, prompt, { field: step.prompt === undefined ? "config.instruction" : "prompt", schema }),
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

async function questionOf(context: Context, { instruction, input, parameters, facts, schema }: Work): Promise<Question> {
  const isShared = input !== undefined && isReadByAll(context, input);
  const options = { of: "input", task: instruction.task, schema, ...(isShared ? { maxLevel: 0 as const } : {}) };
  const data = input === undefined ? undefined : await presentValue(context, input, options);
  const rules = presentRules(context, { hasSchema: schema !== null, hasData: data !== undefined });
  return {
    system: rules.system,
    messages: [
      isShared && data !== undefined
        ? sharedDataMessage({ instruction: instruction.text, data: data.text, parameters })
        : { role: "user", content: userPrompt({ instruction: instruction.text, data: data?.text, parameters }) },
    ],
    facts: factsSeen(facts, data ?? { text: instruction.data, isShortened: instruction.isShortened }),
    savedInputTokens: rules.savedTokens + instruction.savedTokens + (data?.savedTokens ?? 0),
  };
}

/** One lossless view for all elements of a list costs less than one of its own for each, where the provider caches it. */
function isReadByAll({ decision, step, scope }: Context, input: JsonValue): boolean {
  return decision.governance?.isActing === true && step.input !== undefined && isSharedContent(scope, step.input, textOf(input));
}

/** The offline model, too, sees no more than the view. */
function factsSeen(facts: ModelFacts, { text, isShortened }: Pick<Presented, "text" | "isShortened">): ModelFacts {
  return isShortened ? { ...facts, data: text } : facts;
}

async function answerInText(context: Context, work: Work): Promise<StepOutcome> {
  const answer = await askForText(context, await questionOf(context, work), work.tally);
  if (answer.kind === "ended") return answer.outcome;
  return { status: "completed", output: answer.text, facts: work.tally.facts() };
}

async function answerInJson(context: Context, work: Work, schema: JsonObject): Promise<StepOutcome> {
  const answer = await askForValue(context, { question: await questionOf(context, work), schema, tally: work.tally });
  if (answer.kind === "ended") return answer.outcome;
  return { status: "completed", output: answer.value, facts: work.tally.facts() };
}
