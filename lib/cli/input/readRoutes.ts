// Reads what is to be routed: JSON lines of `{id, agent, step}`, or of stored decisions. A score that is none is kept as it stands, for the router to say so.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { RoutableStep } from "../../orchestration/AISRouter.ts";
import { TIERS } from "../../orchestration/routing/chooseTier.ts";
import { readStoredRoute } from "../../orchestration/routing/storedRoute.ts";
import type { ModelPreference, PastRoute, RoutableAgent, RouteInputs } from "../../orchestration/routing/types.ts";
import { readTarget, readText } from "./readWorkflowFile.ts";

export type RouteLine =
  | { readonly kind: "route"; readonly id: string; readonly agent: RoutableAgent; readonly step: RoutableStep }
  /** A stored decision: it is made again from what it was made from. */
  | { readonly kind: "replay"; readonly id: string; readonly inputs: RouteInputs; readonly stored: StoredRoute };

/** What a stored decision said; null: it does not say. */
export interface StoredRoute {
  readonly tier: string | null;
  readonly model: string | null;
}

/** @throws AppError `FILE_UNREADABLE`, or `SYNTAX_INVALID` naming file and line */
export async function readRoutes(file: string): Promise<readonly RouteLine[]> {
  const name = file === "-" ? "<stdin>" : file;
  const text = file === "-" ? ((await readTarget("-")).source?.text ?? "") : await readText(file);
  return text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [readLine(line, name, index + 1)]));
}

function readLine(line: string, file: string, number: number): RouteLine {
  const value = parse(line, file, number);
  if (!isJsonObject(value)) throw wrong(file, number, 'expected {"id", "agent": {"ais"}, "step"}');
  const { id, agent, step, inputs, tier, model } = value;
  if (agent !== undefined && agent !== null && !isJsonObject(agent)) throw wrong(file, number, '"agent" should be an object');
  if (step !== undefined && !isJsonObject(step)) throw wrong(file, number, '"step" should be an object');
  const name = typeof id === "string" || typeof id === "number" ? String(id) : `line ${number}`;
  if (inputs !== undefined) {
    const parsed = readStoredRoute(inputs);
    if (!parsed.ok) throw wrong(file, number, `its inputs are not those of a decision (${parsed.fault})`);
    return { kind: "replay", id: name, inputs: parsed.inputs, stored: { tier: textOf(tier), model: textOf(model) } };
  }
  return { kind: "route", id: name, agent: toAgent(isJsonObject(agent) ? agent : {}), step: toStep(step ?? {}, name) };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function toStep(step: JsonObject, name: string): RoutableStep {
  const { id, type } = step;
  const known = { id: typeof id === "string" ? id : name, type: typeof type === "string" ? type : "ai_processing" };
  return { ...step, ...known } as RoutableStep;
}

function toAgent({ id, ais, model, preference, history }: JsonObject): RoutableAgent {
  return {
    ...(typeof id === "string" ? { id } : {}),
    // Texts and lists are no scores: the router records that and takes the balanced tier.
    ais: ais as number | null | undefined,
    ...(typeof model === "string" ? { model } : {}),
    ...(isJsonObject(preference) ? { preference: toPreference(preference) } : {}),
    ...(Array.isArray(history) ? { history: history.flatMap(toPast) } : {}),
  };
}

function toPreference({ model, tier, provider }: JsonObject): ModelPreference {
  const known = TIERS.find((one) => one === tier);
  return {
    ...(typeof model === "string" ? { model } : {}),
    ...(known === undefined ? {} : { tier: known }),
    ...(typeof provider === "string" ? { provider } : {}),
  };
}

function toPast(past: unknown): readonly PastRoute[] {
  if (!isJsonObject(past)) return [];
  const { ais, tier } = past;
  const known = TIERS.find((one) => one === tier);
  return known === undefined ? [] : [{ ais: typeof ais === "number" ? ais : null, tier: known }];
}

function parse(line: string, file: string, number: number): unknown {
  try {
    return JSON.parse(line.charCodeAt(0) === 0xfeff ? line.slice(1) : line);
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `${file}:${number} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file, line: number },
      cause,
    });
  }
}

function wrong(file: string, number: number, what: string): AppError {
  return new AppError("SYNTAX_INVALID", `${file}:${number} cannot be routed: ${what}`, {
    details: { file, line: number },
    hint: 'put one {"id", "agent": {"ais"}, "step"} a line',
  });
}
