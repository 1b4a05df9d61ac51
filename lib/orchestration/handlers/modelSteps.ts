// What a handler can know of a step that asks a model: its instruction, its data as text, its contract. Reads; asks nothing.
import { AppError } from "../../core/errors.ts";
import { encodeJson, type JsonValue } from "../../core/json.ts";
import type { StepOf, WorkflowStep } from "../../workflow/types.ts";
import type { AnswerReview, HandlerContext, PerformedStep } from "../types.ts";
import { checkAnswer, limitsIn, parseContract, type AnswerContract, type NamedLimits } from "./answerContract.ts";

export type ModelStep = StepOf<"ai_processing" | "llm_decision">;

export function isModelStep(step: WorkflowStep): step is ModelStep {
  return step.type === "ai_processing" || step.type === "llm_decision";
}

export function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : encodeJson(value);
}

/** The instruction as the model gets it, templates filled in. */
export function instructionOf(step: ModelStep, context: HandlerContext): string {
  const prompt = step.prompt === undefined ? [] : [textOf(context.resolve(step.prompt, "prompt"))];
  const more = step.type === "ai_processing" && step.config?.instruction !== undefined ? [step.config.instruction] : [];
  return [...prompt, ...more.map((text) => textOf(context.resolve(text, "config.instruction")))].join("\n\n");
}

/** What a template of a contract stands for; null: nothing, because a path leads nowhere or to emptiness. */
export function factOf(template: JsonValue, context: HandlerContext, field: string): JsonValue {
  try {
    const value = context.resolve(template, field);
    const isEmpty = value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
    return isEmpty ? null : value;
  } catch (thrown) {
    // A path that leads nowhere is a fact that is not there.
    if (AppError.is(thrown, "TEMPLATE_INVALID")) return null;
    throw thrown;
  }
}

/** As declared, with the facts in it that there are. @throws by `context.verdict` for a fact that cannot stand in a text */
export function contractOf(step: ModelStep, context: HandlerContext): AnswerContract {
  const { requires: _requires, must_mention: facts, ...rest } = parseContract(step.id, step.metadata?.["contract"]);
  if (facts === undefined) return rest;
  const field = "metadata.contract.must_mention";
  const mentioned = facts.map((template) => {
    const fact = factOf(template, context, field);
    if (typeof fact !== "object" || fact === null) return typeof fact === "boolean" ? String(fact) : fact;
    throw context.verdict(
      new AppError("PARAMS_INVALID", `step ${step.id}: ${field}: ${JSON.stringify(template)} is no text or number to be mentioned`, {
        details: { step: step.id, field, expected: "text or a number", got: Array.isArray(fact) ? "a list" : "an object" },
      }),
    );
  });
  return { ...rest, must_mention: mentioned };
}

/** Limits of the whole answer in the instruction as written: data cannot set any, and an answer in a form of its own is not counted in words. */
function namedLimits(step: ModelStep): NamedLimits {
  const hasForm = step.output_schema !== undefined || (step.type === "ai_processing" && step.config?.output_schema !== undefined);
  return hasForm ? {} : limitsIn(step.prompt ?? "");
}

/** Judges answers by a contract; no repair is paid at level `minimal`. */
export function reviewOf(
  step: ModelStep,
  context: HandlerContext,
  { contract, condenses }: { readonly contract: AnswerContract; readonly condenses: boolean },
): AnswerReview {
  const source = textOf(context.input);
  const given = [
    instructionOf(step, context),
    source,
    ...(step.params === undefined ? [] : [textOf(context.resolve(step.params, "params"))]),
    context.memory,
  ]
    .filter((text) => text !== "")
    .join("\n");
  const about = {
    intent: context.intent,
    // What tools told a loop is given, too, and not known here.
    contract: step.type === "llm_decision" ? { ...contract, only_given_facts: false } : contract,
    named: namedLimits(step),
    given,
    sourceCharacters: condenses ? (context.input === null ? given.length : source.length) : null,
  };
  return { judge: (answer) => checkAnswer(answer, about), repairs: context.level === "minimal" ? 0 : 1 };
}

/** The step, its answers held to its contract. The last word of a tool loop can only be told of: its tools have done what they did. */
export async function performReviewed(
  step: ModelStep,
  context: HandlerContext,
  { condenses = false, input }: { readonly condenses?: boolean; readonly input?: JsonValue } = {},
): Promise<PerformedStep> {
  const review = reviewOf(step, context, { contract: contractOf(step, context), condenses });
  const performed = await context.perform(input === undefined ? { review } : { review, input });
  const { output } = performed;
  if (step.type === "llm_decision" && typeof output === "string")
    for (const { message } of review.judge({ text: output, value: output, isCutOff: false })) context.warn(`the answer ${message}`);
  return performed;
}
