// One question to a model as every step asks it: room for a cut-off answer once, refusals and empty answers told apart. Checks no schema.
import { AppError } from "../../core/errors.ts";
import type { ModelResult } from "../../models/types.ts";
import type { ModelCallRequest, StepContext, StepOutcome } from "../types.ts";
import type { ModelTally } from "./ModelTally.ts";

export type Question = Omit<ModelCallRequest, "model" | "maxOutputTokens" | "temperature">;
export type Answer =
  | { readonly kind: "answered"; readonly result: ModelResult; readonly outputCapTokens?: number }
  | { readonly kind: "ended"; readonly outcome: StepOutcome };

/**
 * @param outputFactor multiplies the output limit, for an answer that was cut off before
 * @returns `ended` when there is no answer: refused by a limit, failed, or refused by the model
 */
export async function askModel(context: StepContext, question: Question, tally: ModelTally, outputFactor = 1): Promise<Answer> {
  const maxOutputTokens = (context.step.max_output_tokens ?? context.decision.maxOutputTokens) * outputFactor;
  const first = await uncapped(context, { question, maxOutputTokens, tally });
  // Reasoning may have eaten the whole cap: once more with room. Each try is reserved and paid by itself.
  const again = { ...question, isUncapped: true };
  const answer = isCutOff(first) ? await askOnce(context, { question: again, maxOutputTokens: maxOutputTokens * 2, tally }) : first;
  if (answer.kind === "ended") return answer;
  const error = faultOf(context, answer.result);
  if (error !== null) return { kind: "ended", outcome: { status: "failed", error, facts: tally.facts() } };
  if (answer.result.finishReason === "length") tally.warn("the answer was cut off at the output limit");
  return answer;
}

interface Try {
  readonly question: Question;
  readonly maxOutputTokens: number;
  readonly tally: ModelTally;
}

/** An answer that was cut off at a cap of ours, below what the step allows, is asked for anew: the cap's fault, and its cost. */
async function uncapped(context: StepContext, { question, maxOutputTokens, tally }: Try): Promise<Answer> {
  const first = await askOnce(context, { question, maxOutputTokens, tally });
  if (first.kind === "ended" || first.result.finishReason !== "length" || (first.outputCapTokens ?? maxOutputTokens) >= maxOutputTokens)
    return first;
  return askOnce(context, { question: { ...question, isUncapped: true, ownCost: "repair" }, maxOutputTokens, tally });
}

async function askOnce(context: StepContext, { question, maxOutputTokens, tally }: Try): Promise<Answer> {
  const { step, decision } = context;
  const temperature = step.temperature === undefined ? {} : { temperature: step.temperature };
  const outcome = await context.callModel({ ...question, ...temperature, model: decision.model, maxOutputTokens });
  if (outcome.kind === "refused") return { kind: "ended", outcome: outcome.outcome };
  tally.add(outcome);
  if (outcome.kind === "answered") return { kind: "answered", result: outcome.result, outputCapTokens: outcome.outputCapTokens };
  return { kind: "ended", outcome: { status: "failed", error: outcome.error, facts: tally.facts() } };
}

function isCutOff(answer: Answer): boolean {
  return answer.kind === "answered" && answer.result.finishReason === "length" && isEmpty(answer.result);
}

function isEmpty({ text, output, toolCalls }: ModelResult): boolean {
  return text.trim() === "" && output === null && toolCalls.length === 0;
}

function faultOf({ path }: StepContext, result: ModelResult): AppError | null {
  const { finishReason, provider, model } = result;
  const who = `${provider}/${model}`;
  const details = { step: path, model: who, finishReason };
  if (finishReason === "content-filter") {
    return new AppError("MODEL_REFUSED", `step ${path}: ${who} refused to answer (content filter)`, { details });
  }
  if (finishReason === "error") return new AppError("MODEL_FAILED", `step ${path}: ${who} ended with an error`, { details });
  if (!isEmpty(result)) return null;
  const cause =
    finishReason === "length" ? "its output limit was used up before any text, twice" : `it finished with "${finishReason}" and no text`;
  const hint = finishReason === "length" ? "raise max_output_tokens" : "ask more plainly, or use another model";
  return new AppError("MODEL_OUTPUT_INVALID", `step ${path}: ${who} answered nothing: ${cause}`, {
    details: { ...details, expected: "an answer", got: "nothing" },
    hint,
  });
}
