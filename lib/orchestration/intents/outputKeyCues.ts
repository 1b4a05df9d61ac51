// What the names of output fields say about the deliverable: `summary`, `sentiment`, `subject`, `isValid`, `invoice_no`.
import { noScores, type IntentScores } from "./scores.ts";
import { splitWords, wordSet } from "./words.ts";

const SUMMARIZE = wordSet(
  "gist mood mentions overview findings summary sentiment category categories score rating label labels class classification priority urgency tldr highlights takeaways insights topics keywords tags reasoning rank relevance probability tone emotion intent",
);
const GENERATE = wordSet(
  "subject body reply response headline title caption post tweet script hashtags article answer message draft prompt outline story slogan suggestions ideas plan steps sections content code query",
);
const VALIDATE = wordSet(
  "valid errors issues passed pass approved compliant violations verdict verified allowed blocked safe violates correct flagged mistakes defects complete missing severity",
);
const EXTRACT = wordSet(
  "name date amount total address phone invoice company quantity price currency iban vat number id sku first last street city country zip postcode due vendor supplier items item url image product brand position education skills experience birth email",
);
const CONDITIONAL = wordSet("next route branch handoff destination");

/** At most three points in all. */
export function keyScores(keys: readonly string[]): IntentScores {
  const scores = noScores();
  for (const key of keys) {
    const words = splitWords(key);
    const has = (set: ReadonlySet<string>): boolean => words.some((word) => set.has(word));
    if (has(VALIDATE)) scores.validate += 1;
    else if (has(SUMMARIZE)) scores.summarize += 1;
    else if (has(CONDITIONAL) && keys.length <= 4) scores.conditional += 2;
    else if (has(EXTRACT)) scores.extract += 0.8;
    else if (has(GENERATE)) scores.generate += 0.8;
  }
  const sum = Object.values(scores).reduce((total, points) => total + points, 0);
  if (sum > 3) for (const intent of Object.keys(scores) as (keyof IntentScores)[]) scores[intent] *= 3 / sum;
  return scores;
}
