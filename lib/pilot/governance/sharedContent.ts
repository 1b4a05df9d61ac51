// Content that the same step reads for every element of a list: sent once per element, but the same each time, so that a provider's prompt cache can hold it.
import type { JsonValue } from "../../core/json.ts";
import { templateReferences } from "../../operations/templates.ts";
import type { StepScope } from "../StepScope.ts";

/** From so many readers on, content that is cached costs less whole than cut differently for each: 1.25 + 0.1 (k − 1) against k (1 − s). */
const MIN_READERS = 4;
/** Below this providers cache nothing (1 024 tokens and more, by model). */
export const MIN_CACHED_CHARACTERS = 5_000;

/** True when `input` says the same for each of at least four elements around the step, and is long enough to be cached. */
export function isSharedContent(scope: StepScope, input: JsonValue, text: string): boolean {
  const { elements } = scope;
  if (elements < MIN_READERS || text.length < MIN_CACHED_CHARACTERS) return false;
  return templateReferences(input).every(({ root }) => !scope.isOfElement(root));
}
