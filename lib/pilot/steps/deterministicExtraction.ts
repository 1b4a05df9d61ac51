// `deterministic_extraction`: fields read out of a document by rules. A model is asked only where `instruction` allows it, and only for what rules did not find.
import type { StepPerformer } from "../types.ts";
import type { Question } from "./askModel.ts";
import { extract } from "./extractByRules.ts";
import { ModelTally } from "./ModelTally.ts";
import { isNothing, systemPrompt, textOf, userPrompt } from "./prompts.ts";

export const performDeterministicExtraction: StepPerformer<"deterministic_extraction"> = async (context) => {
  const { step } = context;
  const source = context.resolve(step.input, "input");
  const tally = new ModelTally();
  if (isNothing(source)) {
    const ocr = step.ocr_fallback === true ? "; text recognition is not available" : "";
    tally.warn(`the document has no text${ocr}`);
  }
  // A model asked about an empty document would make one up.
  const mayAsk = step.instruction !== undefined && !isNothing(source);
  const instruction = mayAsk ? context.resolve(step.instruction, "instruction") : "";
  const kind = step.document_type === undefined || step.document_type === "auto" ? "" : `The document is: ${step.document_type}.\n`;
  const task = `${kind}${textOf(instruction)}`;
  const question: Question = {
    system: systemPrompt({ hasSchema: true }),
    messages: [{ role: "user", content: userPrompt({ instruction: task, data: source }) }],
    facts: { kind: "extract", task, data: source },
    activityType: "extraction",
  };
  return extract(context, { source, schema: step.output_schema, question: mayAsk ? question : null, tally });
};
