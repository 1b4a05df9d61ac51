// The JSON Schema of workflow files, for editors and documentation: made from the zod union, in the canonical spelling.
import { z } from "zod";
import type { JsonObject } from "../core/json.ts";
import { workflowSchema } from "./workflowSchema.ts";

/** Draft 2020-12. Aliases that the parser also takes are named in descriptions. */
export function workflowJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(workflowSchema, {
    io: "input",
    override: ({ jsonSchema }) => {
      const { properties } = jsonSchema;
      if (properties === undefined || !("type" in properties) || !("id" in properties)) return;
      // The parser fills missing ids in.
      jsonSchema.required = (jsonSchema.required ?? []).filter((name) => name !== "id");
    },
  });
  return { title: "NeuronForge workflow", ...(schema as unknown as JsonObject) };
}
