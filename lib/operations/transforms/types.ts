// What a transform is: a name, a checked configuration and a pure function. Types and the one constructor; the table is registry.ts.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import type { TemplateScope } from "../templates.ts";

export interface TransformContext {
  /** What "today" means; milliseconds since the epoch. */
  readonly nowMs: number;
  /** IANA name. @defaultValue `UTC` */
  readonly timeZone?: string;
  /** Names outside the transform, for templates and expressions in per-item fields. */
  readonly scope?: TemplateScope;
}

export interface Transform {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly configSchema: z.ZodType;
  /** Configuration fields whose templates are filled per item, by the transform itself. Callers must not resolve them beforehand. */
  readonly perItemFields: readonly string[];
  /** @param config must have passed `configSchema` */
  apply(input: JsonValue, config: unknown, context: TransformContext): JsonValue;
}

interface Definition<Schema extends z.ZodType> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly configSchema: Schema;
  readonly perItemFields?: readonly string[];
  readonly apply: (input: JsonValue, config: z.output<Schema>, context: TransformContext) => JsonValue;
}

export function defineTransform<Schema extends z.ZodType>(definition: Definition<Schema>): Transform {
  return {
    aliases: [],
    perItemFields: [],
    ...definition,
    apply: (input, config, context) => definition.apply(input, config as z.output<Schema>, context),
  };
}

/** Any JSON. Not checked again: configuration was read from JSON, and lists in it may be long. */
export const anyJson = z.unknown().refine((value) => value !== undefined, { error: "is required" }) as unknown as z.ZodType<JsonValue>;
/** A field path such as `customer.name`, or the position of a column. */
export const fieldName = z.union([z.string().min(1), z.int().min(0)]);
export type FieldName = z.output<typeof fieldName>;
/** One field or several. */
export const fieldNames = z.union([fieldName, z.array(fieldName).min(1)]);
