// Turns a counted request into the exact allocation of one call: input as counted, output as predicted, a cap on both. Pure.
import { AppError } from "../../core/errors.ts";
import type { IntentType } from "../types.ts";
import { priorCalls, typicalNeed } from "./priorNeeds.ts";
import { Distribution, recencyWeight, type Weighted } from "./quantiles.ts";
import type { CallSample } from "./StepHistory.ts";
import type { Commitment } from "./types.ts";

export interface CommitRequest {
  /** Expected count of the rendered request. */
  readonly inputTokens: number;
  /** Upper count of the same request. @defaultValue inputTokens */
  readonly inputUpperTokens?: number;
  /** Calls of the same step, newest first (`StepHistory.calls`); caps are made of those that are not borrowed. */
  readonly history: readonly CallSample[];
  /** What the call answers, for example the last tool's name; calls under the same condition count for more. */
  readonly condition?: string;
  /** null: unknown. */
  readonly intent: IntentType | null;
  /** Most that model, step and account allow for one answer, reasoning included. */
  readonly maxOutputTokens: number;
  /** The model reasons before it answers. False also where that is not known: history may say otherwise. */
  readonly hasThinking: boolean;
  /** Explicit budget for reasoning; 0 with `hasThinking`: unknown, then there is no cap below `maxOutputTokens`. @defaultValue 0 */
  readonly thinkingTokens?: number;
  /** Least output that the model can be asked for. @defaultValue 16 */
  readonly minOutputTokens?: number;
}

/** Answers below it differ too much from call to call for a 99 % quantile. */
const MIN_SAMPLES_FOR_CAP = 20;
const CAP_MARGIN = 1.25;
/** A cut answer is paid twice, an unused reserve is given back: an eighth of the input, up to 512 tokens, is always reserved. */
const CHEAP_SHARE = 1 / 8;
const CHEAP_TOKENS = 512;
/** Calls seen before the shipped table no longer counts. */
const PRIOR_WEIGHT = 2;
/** A call under another condition counts as a twentieth of one under the same. */
const OTHER_CONDITION = 0.05;
/** Width, in logarithms of input size, within which answers are taken to be of like length. */
const SIZE_WIDTH = 0.7;
const LEAST_OUTPUT = 16;

/**
 * `allocated` = input + median output of calls with like input; `outputCap` = q99 of visible output × 1.25 + reasoning, at
 * least an eighth of the input up to 512 tokens, with fewer than 20 calls at least the intent's ceiling; never below what
 * the model takes, never above `maxOutputTokens`.
 *
 * @throws AppError `USAGE` for a count that is not a whole number, or a maximum below 1
 */
export function commit(request: CommitRequest): Commitment {
  const { history, intent, maxOutputTokens, hasThinking, thinkingTokens = 0, minOutputTokens = LEAST_OUTPUT } = request;
  const inputTokens = requireTokens("inputTokens", request.inputTokens);
  const inputUpper = Math.max(requireTokens("inputUpperTokens", request.inputUpperTokens ?? inputTokens), inputTokens);
  if (requireTokens("maxOutputTokens", maxOutputTokens) < 1) throw notTokens("maxOutputTokens", maxOutputTokens, "at least 1");
  const own = history.filter((call) => call.isBorrowed !== true);
  const visible = own.map((call) => Math.max(call.outputTokens - call.reasoningTokens, 0));
  // A model that reasoned before will do so again, whoever did not know it.
  const isThinking = hasThinking || own.some(({ reasoningTokens }) => reasoningTokens > 0);
  const { outputCeiling } = typicalNeed(intent);
  const quantile = new Distribution(visible.map((value) => ({ value, weight: 1 }))).quantile(0.99);
  const isLearned = visible.length >= MIN_SAMPLES_FOR_CAP;
  const cheap = Math.min(inputTokens * CHEAP_SHARE, CHEAP_TOKENS);
  const wanted = Math.max(quantile * CAP_MARGIN, isLearned ? cheap : outputCeiling);
  const isThinkingUnknown = isThinking && thinkingTokens <= 0;
  const cap = isThinkingUnknown ? maxOutputTokens : Math.max(Math.ceil(wanted), minOutputTokens) + (isThinking ? thinkingTokens : 0);
  const outputCap = Math.min(cap, maxOutputTokens);
  const predictedOutputTokens = Math.min(predictOutput(request), outputCap);
  return {
    allocated: inputTokens + predictedOutputTokens,
    inputTokens,
    predictedOutputTokens,
    outputCap,
    hardCap: inputUpper + outputCap,
    capSource: cap >= maxOutputTokens ? "limit" : isLearned ? "history" : "intent",
  };
}

/** Median output, reasoning included, of calls weighted by recency, condition and likeness of input size. Whole, 0 or more. */
export function predictOutput({
  history,
  condition,
  intent,
  inputTokens,
}: Pick<CommitRequest, "history" | "condition" | "intent" | "inputTokens">): number {
  const samples = history.map((call, age): Weighted => {
    const distance = Math.log((call.inputTokens + 1) / (inputTokens + 1)) / SIZE_WIDTH;
    const conditioned = condition === undefined || call.condition === condition ? 1 : OTHER_CONDITION;
    return { value: call.outputTokens, weight: Math.max(recencyWeight(age) * conditioned * Math.exp((-distance * distance) / 2), 1e-6) };
  });
  const known = samples.reduce((sum, { weight }) => sum + weight, 0);
  const missing = Math.max(PRIOR_WEIGHT - known, 0);
  const prior = priorCalls(intent).map(({ outputTokens }, _index, all): Weighted => ({
    value: outputTokens,
    weight: missing / all.length,
  }));
  return Math.round(new Distribution(missing > 0 ? [...samples, ...prior] : samples).quantile(0.5));
}

/** @throws AppError `USAGE` */
export function requireTokens(field: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw notTokens(field, value, "a whole number of tokens, 0 or more");
  return value;
}

function notTokens(field: string, value: number, expected: string): AppError {
  return new AppError("USAGE", `${field} is ${value}; expected ${expected}`, { details: { field, got: String(value), expected } });
}
