// The model of the fault tests: priced like a real one, sometimes wrong at first, sometimes asking for a tool. Says the same to the same question.
import type { ModelRequest } from "../../../lib/models/types.ts";
import { ScriptedModel, type ScriptedAnswer } from "../../../lib/testing/ScriptedModel.ts";

export const FAULT_MODEL = "openai/gpt-4o-mini";

/** @param pass called when a call has begun and before its answer is given */
export function createFaultModel(pass: (when: "before" | "during" | "after") => void): ScriptedModel {
  const script = (request: ModelRequest): ScriptedAnswer => {
    pass("during");
    const said = JSON.stringify(request.messages);
    const delayMs = 3 + (said.length % 40);
    const isSecond = request.messages.length > 1;
    if (request.tools !== undefined && !isSecond)
      return { text: "Looking.", toolCalls: [{ name: "outside__verified", arguments: { value: 1 } }], delayMs };
    // The first answer does not fit the schema: a repair is a second call of the same attempt.
    if (request.outputSchema !== undefined) return isSecond ? { output: { total: 3 }, delayMs } : { text: "no JSON at all", delayMs };
    return { text: "All is well.", delayMs };
  };
  return new ScriptedModel(script, { name: "openai" });
}
