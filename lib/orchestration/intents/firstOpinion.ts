// A list of rules, most telling first: the first one that speaks is heard.
import type { Opinion } from "./types.ts";

export type Rule<Context> = (context: Context) => Opinion | null;

export function firstOpinion<Context>(rules: readonly Rule<Context>[], context: Context): Opinion | null {
  for (const rule of rules) {
    const heard = rule(context);
    if (heard !== null) return heard;
  }
  return null;
}
