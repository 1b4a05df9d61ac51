// Results of steps marked `cache`: keyed by workspace, agent, step and resolved inputs; never of a step that changes anything.
import { canonicalJson, decodeJson, encodeJson, type JsonValue } from "../core/json.ts";
import { sha256 } from "../core/ids.ts";
import { resolveTemplates } from "../operations/templates.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import { findCached, putCached } from "./StepCacheStore.ts";
import type { StepScope } from "./StepScope.ts";
import type { PilotServices } from "./types.ts";

const DEFAULT_TTL_SECONDS = 300;
/** Steps whose result is a function of their inputs; all others ignore `cache`. */
const CACHEABLE = new Set(["action", "ai_processing", "transform", "validation", "comparison", "deterministic_extraction", "enrichment"]);

function isCacheable(services: PilotServices, step: WorkflowStep): boolean {
  if (step.cache?.enabled !== true || !CACHEABLE.has(step.type)) return false;
  if (step.type !== "action") return true;
  const effect = services.catalog.action(step.plugin, step.action)?.effect;
  return effect === "none" || effect === "read";
}

/** The whole step with its templates filled in: two iterations with different items never share a key. */
function keyOf(step: WorkflowStep, scope: StepScope): Buffer {
  const { id: _id, name: _name, dependencies: _dependencies, cache: _cache, ...content } = step;
  const resolved = resolveTemplates(JSON.parse(JSON.stringify(content)) as JsonValue, scope);
  return sha256(canonicalJson([step.id, step.cache?.key ?? null, resolved]));
}

/** @returns null when nothing fresh is cached, or the step's inputs cannot be resolved (performing it then says why) */
export async function readStepCache(services: PilotServices, step: WorkflowStep, scope: StepScope): Promise<{ readonly value: JsonValue } | null> {
  if (!isCacheable(services, step)) return null;
  const { state } = scope;
  const content = await findCached(services.db, { workspaceId: state.workspaceId, agentId: state.claim.agentId, key: keyOf(step, scope) });
  return content === null ? null : { value: decodeJson(content) };
}

export async function writeStepCache(services: PilotServices, step: WorkflowStep, scope: StepScope, output: JsonValue): Promise<void> {
  if (!isCacheable(services, step)) return;
  const { state } = scope;
  const content = Buffer.from(encodeJson(output), "utf8");
  await putCached(services.db, { workspaceId: state.workspaceId, agentId: state.claim.agentId, key: keyOf(step, scope) }, content, step.cache?.ttl ?? DEFAULT_TTL_SECONDS);
}
