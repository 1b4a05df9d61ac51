// `enrichment`: combines several earlier outputs into one.
import { enrich } from "../../operations/enrichment.ts";
import type { StepPerformer } from "../types.ts";

export const performEnrichment: StepPerformer<"enrichment"> = async (context) => {
  const { sources, strategy, joinOn, mergeArrays } = context.step;
  const values = sources.map(({ key, from }, index) => ({ key, value: context.resolve(from, `sources[${index}].from`) }));
  const output = enrich(values, {
    strategy,
    ...(joinOn === undefined ? {} : { joinOn }),
    ...(mergeArrays === undefined ? {} : { mergeArrays }),
  });
  return { status: "completed", output, facts: Array.isArray(output) ? { itemCount: output.length } : {} };
};
