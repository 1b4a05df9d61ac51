// Whether something is a handler, and whether what it gave is an output: asked at registration and after each execution, because types do not bind other people's code.
import { AppError } from "../../core/errors.ts";
import { encodeJson, isJsonObject } from "../../core/json.ts";
import type { StepOutput } from "../../workflow/types.ts";
import type { HandlerInterface, IntentType } from "../types.ts";

export const INTENT_TYPES = [
  "extract",
  "summarize",
  "generate",
  "validate",
  "send",
  "transform",
  "conditional",
] as const satisfies IntentType[];

const METHODS = ["init", "validate", "execute", "rollback", "cleanup"] as const;

export function isIntentType(text: unknown): text is IntentType {
  return (INTENT_TYPES as readonly unknown[]).includes(text);
}

/** The name of its class, by which rows and reports know it. */
export function nameOf(handler: HandlerInterface): string {
  const { name } = handler.constructor;
  return name === "" || name === "Object" ? `an unnamed ${handler.intent} handler` : name;
}

/** @throws AppError `HANDLER_INVALID` with every defect */
export function checkHandler(intent: IntentType, handler: HandlerInterface): void {
  const given: unknown = handler;
  if (!isIntentType(intent)) {
    throw new AppError("HANDLER_INVALID", `there is no intent ${JSON.stringify(intent)}`, {
      details: { field: "intent", expected: INTENT_TYPES.join(" | "), got: String(intent) },
    });
  }
  if (typeof given !== "object" || given === null) {
    throw new AppError("HANDLER_INVALID", `the handler for ${intent} is no object`, {
      details: { field: intent, expected: "an instance of a handler class", got: given === null ? "null" : typeof given },
    });
  }
  const members = given as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((name) => typeof members[name] !== "function").map((name) => `has no method ${name}`);
  const intentDefect =
    members["intent"] === intent ? [] : [`says that it serves ${JSON.stringify(members["intent"])}, registered for ${intent}`];
  const defects = [...intentDefect, ...missing];
  if (defects.length === 0) return;
  throw new AppError("HANDLER_INVALID", `${nameOf(handler)} is no handler for ${intent}: it ${defects.join("; it ")}`, {
    details: { field: intent, expected: `intent, ${METHODS.join(", ")}`, defects },
    hint: "extend BaseHandler, which has all of them but execute",
  });
}

/** @throws AppError `HANDLER_INVALID` for what cannot be recorded as a step's output */
export function checkOutput(handler: HandlerInterface, output: unknown): StepOutput {
  const { data, metadata } = isJsonObject(output) ? (output as { readonly data?: unknown; readonly metadata?: unknown }) : {};
  if (data !== undefined && isJsonObject(metadata)) {
    // Functions, symbols and cycles in it are an error here, with the handler's name, and not where the unit is written.
    encodeJson(data);
    return output as StepOutput;
  }
  throw new AppError("HANDLER_INVALID", `${nameOf(handler)}.execute gave no output`, {
    details: { expected: "{ stepId, data, metadata }", got: output === null ? "null" : typeof output },
  });
}
