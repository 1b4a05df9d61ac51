// expression: a CEL formula over the whole input. What a transform step with only an `expression` runs.
import { z } from "zod";
import { compileCel } from "../cel.ts";
import { evaluateCel } from "../celScope.ts";
import { scopeOf } from "../templates.ts";
import { defineTransform } from "./types.ts";

export const expression = defineTransform({
  name: "expression",
  aliases: ["cel"],
  summary: "CEL over `input` and the names outside.",
  configSchema: z.strictObject({ expression: z.string().min(1).describe("CEL. May stand at the step instead of in `config`.") }),
  perItemFields: ["expression"],
  apply: (input, config, context) => {
    const scope = scopeOf({ input }, context.scope);
    return evaluateCel(compileCel(config.expression, scope.roots(), "transform"), scope, "transform");
  },
});
