// Steps that check: schema and rules decide, on data brought to the schema's types where asked for. Schemas that cannot check anything are errors, not verdicts.
import { AppError } from "../../core/errors.ts";
import { encodeJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { schemaFaults } from "../../operations/schemaFaults.ts";
import { coerceToSchema } from "../../operations/validation.ts";
import type { StepOf, StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { contractOf, isModelStep, reviewOf } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

const MAX_FIELDS = 20;

export class ValidateHandler extends BaseHandler {
  readonly intent = "validate";
  protected readonly stepTypes: readonly StepType[] = ["validation", "comparison", "ai_processing"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    if (step.type === "validation") return this.output(step, context, await this.#check(step, context));
    if (!isModelStep(step)) return this.output(step, context, (await context.perform()).output);
    const contract = contractOf(step, context);
    const { output } = await context.perform({ review: reviewOf(step, context, { contract, condenses: false }) });
    return this.output(step, context, output);
  }

  async #check(step: StepOf<"validation">, context: HandlerContext): Promise<JsonValue> {
    const { schema } = step;
    if (schema === undefined) return this.#perform(context);
    const faults = schemaFaults(schema);
    if (faults.length > 0) {
      const told = faults.map(({ path, message, got }) => `${path}: ${message}${got === undefined ? "" : ` (${got})`}`);
      throw context.verdict(
        new AppError("SCHEMA_INVALID", `step ${step.id}: its schema checks nothing: ${told.slice(0, 5).join("; ")}`, {
          details: { step: step.id, field: faults[0]?.path ?? "schema", defects: told.slice(0, 50) },
        }),
      );
    }
    // Only where it is asked for: data that pass the step go on as they came.
    if (step.metadata?.["coerce"] !== true) return this.#perform(context);
    const raw = context.input;
    const input = coerceToSchema(raw, schema);
    const changed = encodeJson(input) === encodeJson(raw) ? 0 : countChanges(raw, input);
    await this.trackMetrics({ coerced: changed }, context);
    if (changed > 0) context.warn(`${changed} values were read as the schema's types`);
    return this.#perform(context, input);
  }

  /** A verdict with every defect; how many there are, and where most, stands in the metrics. */
  async #perform(context: HandlerContext, input?: JsonValue): Promise<JsonValue> {
    try {
      const { output } = await context.perform(input === undefined ? {} : { input });
      await this.trackMetrics(defectCounts(isJsonObject(output) ? output["defects"] : []), context);
      return output;
    } catch (thrown) {
      if (AppError.is(thrown, "VALIDATION_FAILED")) await this.trackMetrics(defectCounts(thrown.details["defects"]), context);
      throw thrown;
    }
  }
}

function countChanges(before: JsonValue, after: JsonValue): number {
  if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) return before === after ? 0 : 1;
  const values = before as Readonly<Record<string, JsonValue>>;
  return Object.entries(after).reduce((sum, [key, value]) => sum + countChanges(values[key] ?? null, value as JsonValue), 0);
}

/** Defects by field, places in lists taken together: `items[*].price`. */
function defectCounts(defects: JsonValue | undefined): JsonObject {
  const byField = new Map<string, number>();
  const list = Array.isArray(defects) ? (defects as readonly JsonValue[]) : [];
  for (const defect of list) {
    const path = isJsonObject(defect) && typeof defect["path"] === "string" ? defect["path"] : "";
    const field = path.replaceAll(/\[\d{1,9}\]/g, "[*]") || "the value";
    byField.set(field, (byField.get(field) ?? 0) + 1);
  }
  const most = [...byField].toSorted(([, left], [, right]) => right - left).slice(0, MAX_FIELDS);
  return { defects: list.length, ...(most.length === 0 ? {} : { byField: Object.fromEntries(most) }) };
}
