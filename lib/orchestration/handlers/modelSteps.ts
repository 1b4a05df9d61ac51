// What a handler can know of a step that asks a model: its instruction, its data as text, its contract. Reads; asks nothing.
import { encodeJson, type JsonValue } from "../../core/json.ts";
import type { StepOf, WorkflowStep } from "../../workflow/types.ts";
import type { AnswerReview, HandlerContext } from "../types.ts";
import { checkAnswer, limitsIn, parseContract, type AnswerContract } from "./answerContract.ts";

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

/** Declared, and where nothing is declared as the instruction as written says: data cannot set limits. */
export function contractOf(step: ModelStep, context: HandlerContext): AnswerContract {
  const { contract: written } = step.metadata ?? {};
  const { requires: _requires, ...rest } = parseContract(step.id, written);
  const declared =
    rest.must_mention === undefined
      ? rest
      : { ...rest, must_mention: context.resolve(rest.must_mention, "metadata.contract") as (string | null)[] };
  return { ...limitsIn(step.prompt ?? ""), ...declared };
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
  ].join("\n");
  const sourceCharacters = condenses ? (context.input === null ? given.length : source.length) : null;
  return { judge: (answer) => checkAnswer(answer, { contract, given, sourceCharacters }), repairs: context.level === "minimal" ? 0 : 1 };
}
