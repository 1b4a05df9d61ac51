// Says whether a call can fit a model's context window whatever the provider's tokenizer makes of it. Pure; it cuts nothing.
import type { RequestCount } from "../../tokens/types.ts";

export interface WindowFit {
  readonly fits: boolean;
  /** Tokens left below window and safety; negative: that many too much. */
  readonly spareTokens: number;
  /** What is never used: the larger of 1 % of the window and 512 tokens. */
  readonly safetyTokens: number;
}

const SAFETY_SHARE = 0.01;
const SAFETY_TOKENS = 512;
/** A count by another vocabulary may be 15 % too low, and the factor learned from such counts 6 % with it: 1 ÷ 0.85 × 1.06. */
const FOREIGN_BAND = 1.25;
/** The upper band of a count by the model's own vocabulary: frames and wrapping differ, not words. */
const OWN_BAND = 1.03;

/** Tokens by our count that an input may have, whatever the model's own tokenizer makes of them, besides an answer of `outputCapTokens`. */
export function mostInput(windowTokens: number, outputCapTokens: number, isOwnVocabulary: boolean): number {
  const { spareTokens } = fitsWindow(0, outputCapTokens, 0, windowTokens);
  return Math.max(0, Math.floor(spareTokens / (isOwnVocabulary ? OWN_BAND : FOREIGN_BAND)));
}

/** `inputUpper + outputCap + thinking ≤ window − max(1 %, 512)`. What is not a number does not fit. */
export function fitsWindow(inputUpperTokens: number, outputCapTokens: number, thinkingTokens: number, windowTokens: number): WindowFit {
  const safetyTokens = Math.max(Math.ceil(windowTokens * SAFETY_SHARE), SAFETY_TOKENS);
  const spareTokens = windowTokens - safetyTokens - inputUpperTokens - outputCapTokens - thinkingTokens;
  return { fits: spareTokens >= 0, spareTokens, safetyTokens };
}

/**
 * The input's upper count for windows. A learned band is an average's: a tokenizer that deviates now and then is held
 * by a fixed one, unless the count is by the model's own vocabulary.
 */
export function windowUpper(count: RequestCount, isOwnVocabulary: boolean): number {
  return isOwnVocabulary ? count.upperTokens : Math.max(count.upperTokens, Math.ceil(count.tokens * FOREIGN_BAND));
}
