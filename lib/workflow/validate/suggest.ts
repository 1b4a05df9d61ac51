// The hint for a name that is not one of the known ones: the nearest of them, or what else helps.
import { didYouMean } from "../../operations/didYouMean.ts";

/** @param otherwise for a name that is near none */
export function suggest(word: string, known: Iterable<string>, otherwise: string): string {
  const suggestion = didYouMean(word, known);
  return suggestion === undefined ? otherwise : `did you mean ${JSON.stringify(suggestion)}?`;
}
