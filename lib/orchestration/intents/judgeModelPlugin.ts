// Judges an action of a model provider: its media by kind, its texts by the prompt. Asks no model.
import { opinion } from "./effects.ts";
import { judgeName } from "./judgeName.ts";
import { judgePrompt } from "./judgePrompt.ts";
import type { Opinion, StepFacts } from "./types.ts";

const FILES = /file|assistant\.(?:create|update)|vectorstore|fine-?tun|batch/i;

/** Null when the action is not one of a model. */
export function judgeModelPlugin(facts: StepFacts): Opinion | null {
  const action = facts.action.toLowerCase();
  if (/delete|remove/.test(action)) return opinion("send", "destructive", "metadata", [0.9, "it deletes at the provider"]);
  if (FILES.test(action) && /upload|create|update|cancel/.test(action))
    return opinion("send", "write", "metadata", [0.9, "it stores something at the provider"]);
  if (/(?:^|\.)(?:list|get|search|download|retrieve)/.test(action))
    return opinion("extract", "read", "metadata", [0.85, "it reads from the provider"]);
  if (/moderat|text\.classify/.test(action)) return opinion("validate", "none", "metadata", [0.85, "it asks for a verdict"]);
  if (/transcri|speech-?to-?text|ocr|audio\.text/.test(action))
    return opinion("extract", "read", "metadata", [0.9, "it reads text out of media"]);
  if (/translate/.test(action)) return opinion("transform", "none", "metadata", [0.9, "it translates"]);
  if (/embed/.test(action)) return opinion("transform", "none", "metadata", [0.8, "it computes embeddings"]);
  if (/(?:image|video|document|audio)s?\.(?:analy|describ|understand)|vision/.test(action)) return judgeVision(facts);
  if (/image|video|audio|speech|tts|music|dall/.test(action)) return opinion("generate", "none", "metadata", [0.85, "it makes media"]);
  if (
    /^(?:|text|chat|message|completion|complete|generate|prompt|ask|invoke|run|call|predict|inference|llm|agent|conversation|assistant|responses?)(?:$|[._-])/.test(
      action,
    )
  )
    return judgePrompt(facts);
  return facts.prompt !== "" ? judgePrompt(facts) : null;
}

/** A picture is described unless the prompt wants its fields. */
function judgeVision(facts: StepFacts): Opinion {
  if (facts.prompt === "") {
    const named = judgeName(facts.name);
    return opinion(named?.intent === "extract" && named.isLeading ? "extract" : "summarize", "none", "metadata", [
      0.75,
      "it describes media",
    ]);
  }
  const judged = judgePrompt(facts);
  return judged.intent === "generate" && judged.confidence < 0.75 ? { ...judged, intent: "summarize" } : judged;
}
