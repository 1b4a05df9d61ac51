// Whether stored JSON is what a decision was made from, so that it can be made again. It trusts nothing that it reads.
import { z } from "zod";
import type { RouteInputs } from "./types.ts";

const MOST_MODELS = 1_000;
const name = z.string().max(1_000);
const score = z.number().min(0).max(10).nullable();
const tier = z.enum(["fast", "balanced", "capable"]);
const amount = z.number().min(0).nullable();
const modalities = z.array(name).max(100);

const candidate = z.object({
  model: name,
  callModel: name,
  state: z.enum(["served", "no_key", "unknown", "unchecked"]),
  windowTokens: amount,
  takesTools: z.boolean().nullable(),
  modalities: modalities.nullable(),
  isHealthy: z.boolean(),
  costUsd: amount,
  estimate: z.object({ mean: z.number().min(0).max(1), lower: z.number().min(0).max(1), samples: z.number().min(0) }).nullable(),
});
const candidates = z.array(candidate).max(MOST_MODELS);

const routeInputs: z.ZodType<RouteInputs> = z.object({
  ais: score,
  aisFault: name.nullable(),
  cuts: z.object({ fast: z.number(), balanced: z.number() }),
  history: z.array(z.object({ ais: score, tier })).max(100),
  preference: z.object({ model: name.nullable(), tier: tier.nullable() }),
  lockedModel: name.nullable(),
  directModel: name.nullable(),
  needs: z.object({ inputTokens: amount, hasTools: z.boolean(), modalities }),
  hasVerifier: z.boolean(),
  mayCascade: z.boolean(),
  tiers: z.object({ fast: candidates, balanced: candidates, capable: candidates }),
  preferred: candidate.nullable(),
});

export type ParsedRouteInputs =
  | { readonly ok: true; readonly inputs: RouteInputs }
  /** Where it is wrong and how, for example `tiers.fast: expected array`. */
  | { readonly ok: false; readonly fault: string };

/** @param value `inputs` of a decision, as stored */
export function parseRouteInputs(value: unknown): ParsedRouteInputs {
  const parsed = routeInputs.safeParse(value);
  if (parsed.success) return { ok: true, inputs: parsed.data };
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "not as expected" };
  return { ok: false, fault: `${path.join(".") || "inputs"}: ${message}` };
}
