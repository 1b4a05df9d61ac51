// Points per intent, as several parts add them up.
import type { IntentType } from "../types.ts";

export type IntentScores = Record<IntentType, number>;

/** Also the order of the n-gram model's classes: never change it without training again. */
export const INTENT_ORDER: readonly IntentType[] = ["extract", "summarize", "generate", "validate", "send", "transform", "conditional"];

export function noScores(): IntentScores {
  return { extract: 0, summarize: 0, generate: 0, validate: 0, send: 0, transform: 0, conditional: 0 };
}
