// Any JSON value as a schema. zod's own z.json() walks every value again; params and outputs are JSON already when they get here.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";

export const jsonValue = z.unknown().refine((value) => value !== undefined, "is required") as unknown as z.ZodType<JsonValue, JsonValue>;
