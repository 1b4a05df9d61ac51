// Results of steps marked `cache`: keyed by workspace, agent, step and resolved inputs; never of a step that changes anything.
import { canonicalJson, decodeJson, encodeJson, type JsonValue } from "../core/json.ts";
import { sha256 } from "../core/ids.ts";
import { readsOf } from "../workflow/dependencies.ts";
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

/**
 * The step as written and the values of every name it reads: two iterations with different items never share a key. Names
 * that mean something only inside the step (`item` of a transform, the step itself in a rollback) have no value here.
 */
function keyOf(step: WorkflowStep, scope: StepScope): Buffer {
  const { name: _name, dependencies: _dependencies, cache: _cache, ...content } = step;
  const values: Record<string, JsonValue> = {};
  for (const { root } of readsOf(step)) {
    const found = scope.get(root);
    if (found.found) values[root] = found.value;
  }
  return sha256(canonicalJson([step.cache?.key ?? null, content as unknown as JsonValue, values]));
}

/** @returns null when nothing fresh is cached */
export async function readStepCache(
  services: PilotServices,
  step: WorkflowStep,
  scope: StepScope,
): Promise<{ readonly value: JsonValue } | null> {
  if (!isCacheable(services, step)) return null;
  const { state } = scope;
  const content = await findCached(services.db, { workspaceId: state.workspaceId, agentId: state.claim.agentId, key: keyOf(step, scope) });
  return content === null ? null : { value: decodeJson(content) };
}

export async function writeStepCache(services: PilotServices, step: WorkflowStep, scope: StepScope, output: JsonValue): Promise<void> {
  if (!isCacheable(services, step)) return;
  const { state } = scope;
  const content = Buffer.from(encodeJson(output), "utf8");
  await putCached(
    services.db,
    { workspaceId: state.workspaceId, agentId: state.claim.agentId, key: keyOf(step, scope) },
    content,
    step.cache?.ttl ?? DEFAULT_TTL_SECONDS,
  );
}
