// Judges a request to a language model by the texts in its body.
import { leastEffect } from "./effects.ts";
import { judgePrompt } from "./judgePrompt.ts";
import type { Opinion, RequestFacts, StepFacts } from "./types.ts";

const TEXT_FIELDS = /(?:content|prompt|text|inputs?|instructions?|system|query|contents)\\?["']?\s*:\s*\\?(["'`])([\s\S]{1,3000}?)\1/g;
const FLAT_FIELDS = /(?:^|\n)(?:content|prompt|text|inputs?|value): ([^\n]{20,3000})/g;

export const MODEL_CALL_REASON = "it calls a language model";

export function looksLikeModelBody(body: string): boolean {
  return /messages|prompt|inputs|contents|input/.test(body) && /model|role|prompt|inputs|parts/.test(body);
}

export function judgeModelCall(facts: StepFacts, request: RequestFacts): Opinion {
  const reading = judgePrompt({ ...facts, prompt: promptInBody(request.body), hasTools: false });
  return { ...reading, effect: leastEffect(reading.intent), source: "request", reason: `${MODEL_CALL_REASON}: ${reading.reason}` };
}

/** The texts of a chat request, without its settings. */
function promptInBody(body: string): string {
  const texts: string[] = [];
  for (const match of body.replace(/\\n/g, "\n").matchAll(TEXT_FIELDS)) texts.push(match[2] ?? "");
  if (texts.length === 0) for (const match of body.matchAll(FLAT_FIELDS)) texts.push(match[1] ?? "");
  return texts.join("\n").slice(0, 4_000);
}
