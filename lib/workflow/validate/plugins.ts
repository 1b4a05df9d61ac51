// Checks plugin calls against the registered plugins: names, parameters as far as they are written out, and that only harmless calls are cached.
import type { ErrorObject } from "ajv";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../../operations/describeValue.ts";
import { findValidator } from "../../operations/schemaValidators.ts";
import type { IssueList } from "./IssueList.ts";
import { walkSteps } from "../nestedSteps.ts";
import { valueAt } from "./schemaIssues.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { PluginCatalog, PluginCatalogAction, WorkflowDefinition, WorkflowStep } from "../types.ts";
import { holdsTemplate } from "./holdsTemplate.ts";
import { pointerToPath } from "./schemas.ts";
import { suggest } from "./suggest.ts";

export function checkPlugins(definition: WorkflowDefinition, issues: IssueList, catalog: PluginCatalog | undefined): void {
  for (const { step, path } of walkSteps(definition)) {
    checkCache(step, path, issues, catalog);
    if (catalog === undefined) continue;
    if (step.type === "action") checkCall(step, path, issues, catalog);
    if (step.rollbackAction !== undefined) checkCall(step.rollbackAction, [...path, "rollbackAction"], issues, catalog);
    if (step.type === "llm_decision") {
      for (const [index, plugin] of (step.plugins ?? []).entries()) checkPlugin(plugin, [...path, "plugins", index], issues, catalog);
    }
  }
}

/** A cached effect would be an effect that silently does not happen. */
function checkCache(step: WorkflowStep, path: readonly PathKey[], issues: IssueList, catalog: PluginCatalog | undefined): void {
  if (step.cache?.enabled !== true) return;
  const known = step.type === "action" ? catalog?.action(step.plugin, step.action)?.effect : undefined;
  const effect = [known, step.effect].find((candidate) => candidate === "write" || candidate === "destructive");
  const waits = step.type === "human_approval" || step.type === "delay";
  if (effect === undefined && !waits) return;
  issues.add(
    "WORKFLOW_INVALID",
    [...path, "cache"],
    waits ? `a step of type ${step.type} cannot be cached` : `a step with the effect ${effect} cannot be cached`,
    {
      expected: "a step that only reads or computes",
      got: effect ?? step.type,
      hint: "take `cache` out of this step, and cache the steps that read",
    },
  );
}

interface Call {
  readonly plugin: string;
  readonly action: string;
  readonly params?: JsonObject;
}

function checkCall({ plugin, action, params }: Call, path: readonly PathKey[], issues: IssueList, catalog: PluginCatalog): void {
  const found = catalog.action(plugin, action);
  if (found !== undefined) return checkParams(found, params ?? {}, { path: [...path, "params"], issues, plugin });
  if (!checkPlugin(plugin, [...path, "plugin"], issues, catalog)) return;
  const actions = catalog.actions(plugin);
  issues.add("PLUGIN_ACTION_UNKNOWN", [...path, "action"], `the plugin ${plugin} has no action ${JSON.stringify(action)}`, {
    expected: actions.join(", "),
    got: action,
    hint: suggest(action, actions, `choose one of them; \`neuronforge plugins ls ${plugin}\` says what each does`),
  });
}

function checkPlugin(plugin: string, path: readonly PathKey[], issues: IssueList, catalog: PluginCatalog): boolean {
  const plugins = catalog.plugins();
  if (plugins.includes(plugin)) return true;
  issues.add("PLUGIN_UNKNOWN", path, `no plugin is called ${JSON.stringify(plugin)}`, {
    expected: plugins.join(", "),
    got: plugin,
    hint: suggest(plugin, plugins, "choose a registered plugin; `neuronforge plugins ls` lists them"),
  });
  return false;
}

function checkParams(action: PluginCatalogAction, params: JsonObject, target: Target): void {
  const found = findValidator(action.params);
  // A wrong schema of the plugin's own is for definePlugin to tell.
  if (!found.ok) return;
  for (const error of found.validator.check(params)) {
    const at = pointerToPath(error.instancePath);
    if (dependsOnTemplate(error, valueAt(params, at) as JsonValue | undefined)) continue;
    addParamIssue(error, at, params, target);
  }
}

interface Target {
  readonly path: readonly PathKey[];
  readonly issues: IssueList;
  readonly plugin: string;
}

function addParamIssue(error: ErrorObject, at: readonly PathKey[], params: JsonObject, { path, issues, plugin }: Target): void {
  const list = `\`neuronforge plugins ls ${plugin}\` lists the parameters`;
  const facts = error.params as Record<string, unknown>;
  if (error.keyword === "required") {
    const name = String(facts["missingProperty"]);
    return issues.add("PARAMS_INVALID", [...path, ...at, name], `the parameter ${JSON.stringify(name)} is missing`, {
      expected: describeProperty(error, name),
      got: "nothing",
      hint: `add ${name} under params; ${list}`,
    });
  }
  if (error.keyword === "additionalProperties" || error.keyword === "unevaluatedProperties") {
    const name = String(facts["additionalProperty"] ?? facts["unevaluatedProperty"]);
    const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
    return issues.add("PARAMS_INVALID", [...path, ...at, name], `unknown parameter ${JSON.stringify(name)}`, {
      expected: known.join(", "),
      got: name,
      hint: suggest(name, known, `take it out, or use one of the listed names; ${list}`),
    });
  }
  const allowed = facts["allowedValues"] ?? facts["type"];
  const expected = Array.isArray(allowed) ? allowed.join(" | ") : typeof allowed === "string" ? allowed : (error.message ?? error.keyword);
  const got = describeValue(valueAt(params, at) as JsonValue | undefined);
  issues.add("PARAMS_INVALID", [...path, ...at], `${String(at.at(-1) ?? "params")} is ${got}, expected ${expected}`, {
    expected,
    got,
    hint: `give another value, or a template that gives one; ${list}`,
  });
}

/** What the schema says of a parameter that is not there. */
function describeProperty(error: ErrorObject, name: string): string {
  const properties = (error.parentSchema?.["properties"] ?? {}) as Readonly<Record<string, JsonValue | undefined>>;
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
  const { type, enum: choices } = isJsonObject(schema) ? schema : {};
  if (Array.isArray(choices)) return choices.join(" | ");
  return Array.isArray(type) ? type.join(" | ") : typeof type === "string" ? type : "a value";
}

/** What a template will give is known at run time only. Missing and unknown parameters are faults all the same. */
function dependsOnTemplate(error: ErrorObject, value: JsonValue | undefined): boolean {
  const isChoice = /\/(?:anyOf|oneOf|allOf|if)\b/.test(error.schemaPath) || ["anyOf", "oneOf", "if"].includes(error.keyword);
  if (!isChoice && ["required", "additionalProperties", "unevaluatedProperties"].includes(error.keyword)) return false;
  return holdsTemplate(value);
}
