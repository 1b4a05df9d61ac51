// Extraction in two stages: fixed rules first, and a model only for required fields that they did not find, which is recorded. Nothing is guessed.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { extractFields, isEmptyExtraction } from "../../operations/extraction.ts";
import type { StepContext, StepFacts, StepOutcome } from "../types.ts";
import type { Question } from "./askModel.ts";
import type { ModelTally } from "./ModelTally.ts";
import { defectsOf, jsonSchemaOf } from "./outputSchemas.ts";
import { askForValue } from "./structuredAnswer.ts";

export interface Extraction {
  readonly source: JsonValue;
  /** As written in the workflow: its types (email, currency) say more than JSON Schema's. */
  readonly schema: JsonObject;
  /** What a model is asked for the rest; null: no model may be asked. */
  readonly question: Question | null;
  readonly tally: ModelTally;
}

interface ByRules {
  readonly value: JsonValue;
  readonly missing: readonly string[];
  /** Fields of the object that a model must still answer; null: all of it. */
  readonly open: readonly string[] | null;
  /** Nothing required is missing, and the types fit. */
  readonly isEnough: boolean;
  readonly faults: readonly string[];
}

export async function extract(context: StepContext, { source, schema, question, tally }: Extraction): Promise<StepOutcome> {
  const target = jsonSchemaOf(schema);
  const found = applyRules(source, schema, target);
  if (found.isEnough) return { status: "completed", output: found.value, facts: factsOf(tally, found, "rules") };
  if (question === null) return { status: "failed", error: incomplete(context, found), facts: factsOf(tally, found, "rules") };
  const asked = partOf(target, found.open);
  const answer = await askForValue(context, { question, schema: asked, tally });
  if (answer.kind === "ended") return answer.outcome;
  const value =
    found.open !== null && isJsonObject(found.value) && isJsonObject(answer.value) ? { ...found.value, ...answer.value } : answer.value;
  const faults = defectsOf(target, value);
  if (faults.length > 0) return { status: "failed", error: misfit(context, faults), facts: factsOf(tally, found, "rules and model") };
  return {
    status: "completed",
    output: value,
    facts: factsOf(tally, { ...found, missing: stillMissing(found, value) }, found.open === null ? "model" : "rules and model"),
  };
}

function applyRules(source: JsonValue, schema: JsonObject, target: JsonObject): ByRules {
  const result = extractFields(source, schema);
  const faults = [...result.missingRequired.map((path) => `${path}: not found`), ...defectsOf(target, result.value)];
  const isEnough = faults.length === 0 && !isEmptyExtraction(result);
  const { missing, value } = result;
  if (!isJsonObject(value) || Object.keys(value).length === 0) return { value, missing, open: null, isEnough, faults };
  const open = new Set(
    [...result.missingRequired, ...defectsOf(target, value).map((line) => line.slice(0, line.indexOf(":")))].map(firstName),
  );
  return { value, missing, open: [...open], isEnough, faults };
}

function firstName(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

/** Only the open fields: what rules found is not up for discussion. */
function partOf(schema: JsonObject, open: readonly string[] | null): JsonObject {
  const { properties } = schema;
  if (open === null || !isJsonObject(properties)) return schema;
  const kept = open.filter((name) => properties[name] !== undefined);
  if (kept.length === 0) return schema;
  return { ...schema, properties: Object.fromEntries(kept.map((name) => [name, properties[name]])), required: kept };
}

function stillMissing({ missing }: ByRules, value: JsonValue): string[] {
  return missing.filter((path) => !(isJsonObject(value) && value[firstName(path)] !== undefined && value[firstName(path)] !== null));
}

function factsOf(tally: ModelTally, { missing }: Pick<ByRules, "missing">, extractedBy: string): StepFacts {
  if (missing.length > 0)
    tally.warn(`not found: ${missing.slice(0, 20).join(", ")}${missing.length > 20 ? ` and ${missing.length - 20} more` : ""}`);
  return tally.facts({ more: { extractedBy, missing: missing.slice(0, 100) } });
}

function incomplete({ path }: StepContext, { faults }: ByRules): AppError {
  const got = faults.length === 0 ? "nothing was found" : faults.slice(0, 10).join("; ");
  return new AppError("OUTPUT_INVALID", `step ${path}: the document does not give what output_schema requires: ${got}`, {
    details: { step: path, field: "output_schema", defects: faults.slice(0, 50) },
    hint: "check that the input holds the document's text; with `instruction` a model is asked for what rules do not find",
  });
}

function misfit({ path }: StepContext, faults: readonly string[]): AppError {
  return new AppError(
    "MODEL_OUTPUT_INVALID",
    `step ${path}: what rules and model found together does not fit output_schema: ${faults.slice(0, 5).join("; ")}`,
    {
      details: { step: path, field: "output_schema", defects: faults.slice(0, 50) },
    },
  );
}
