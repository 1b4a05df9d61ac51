// `action`: one call of a plugin's action with resolved parameters; what comes back may be checked against `output_schema`.
import { AppError } from "../../core/errors.ts";
import type { StepPerformer } from "../types.ts";
import { defectsOf, jsonSchemaOf } from "./outputSchemas.ts";

export const performAction: StepPerformer<"action"> = async (context) => {
  const { step, path } = context;
  const outcome = await context.callAction({ plugin: step.plugin, action: step.action, params: context.resolve(step.params, "params") });
  if (outcome.status !== "completed" || step.output_schema === undefined) return outcome;
  // A preview is no output of the action.
  if (outcome.facts?.more?.["previewed"] === true) return outcome;
  const defects = defectsOf(jsonSchemaOf(step.output_schema), outcome.output);
  if (defects.length === 0) return outcome;
  const message = `step ${path}: the output of ${step.plugin}.${step.action} does not fit output_schema: ${defects.slice(0, 5).join("; ")}`;
  const error = new AppError("OUTPUT_INVALID", message, { details: { step: path, field: "output_schema", defects: defects.slice(0, 50) } });
  return {
    status: "failed",
    error,
    ...(outcome.facts === undefined ? {} : { facts: outcome.facts }),
    ...(outcome.parts === undefined ? {} : { parts: outcome.parts }),
  };
};
