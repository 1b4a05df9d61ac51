// Brings every accepted spelling of a workflow to the one form that the schema describes: aliases, legacy branches, missing ids. Checks nothing else.
import { encodeJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { FIELD_ALIASES, SCATTER_ALIASES } from "./fieldAliases.ts";
import { inlineBranches, type MutableObject, type NormaliseFault } from "./inlineBranches.ts";
import { joinPath, type Place, type SourceMap } from "../read/SourceMap.ts";
import { STEP_TYPE_ALIASES } from "../stepTypes.ts";
import type { WorkflowIssue } from "../types.ts";

export interface NormalisedWorkflow {
  /** Fresh objects down to the steps; what they hold is shared with the input. */
  readonly value: JsonValue;
  readonly issues: readonly WorkflowIssue[];
}

export function normaliseWorkflow(raw: JsonValue, sources: SourceMap, fallbackName?: string): NormalisedWorkflow {
  if (!isJsonObject(raw)) return { value: raw, issues: [] };
  const normaliser = new Normaliser(raw, sources);
  const value: MutableObject = {};
  if (raw["name"] === undefined && fallbackName !== undefined) value["name"] = fallbackName;
  for (const key of Object.keys(raw)) {
    sources.move(raw, key, value, key);
    value[key] = key === "steps" ? normaliser.list(raw[key]) : raw[key];
  }
  return { value, issues: normaliser.issues };
}

class Normaliser {
  readonly issues: WorkflowIssue[] = [];
  readonly #sources: SourceMap;
  readonly #takenIds = new Set<string>();

  constructor(raw: JsonObject, sources: SourceMap) {
    this.#sources = sources;
    collectIds(raw, this.#takenIds);
  }

  list(raw: JsonValue | undefined): JsonValue | undefined {
    if (!Array.isArray(raw)) return raw;
    const items = raw as readonly JsonValue[];
    const steps: JsonValue[] = [];
    for (const [index, item] of items.entries()) {
      this.#sources.move(items, index, steps, index);
      steps.push(isJsonObject(item) ? this.#step(item, index) : item);
    }
    return inlineBranches(steps, this.#sources, (place, fault) => this.#fail(place, fault));
  }

  #step(raw: JsonObject, index: number): JsonValue {
    const written = raw["type"];
    const type = typeof written === "string" && Object.hasOwn(STEP_TYPE_ALIASES, written) ? STEP_TYPE_ALIASES[written] : written;
    const aliases = typeof type === "string" && Object.hasOwn(FIELD_ALIASES, type) ? FIELD_ALIASES[type]! : {};
    const step: MutableObject = { id: raw["id"] ?? this.#freeId(`step${index + 1}`) };
    this.#copy(raw, step, aliases);
    if (type !== undefined) step["type"] = type;
    this.#nested(step, type, raw);
    return step;
  }

  #copy(raw: JsonObject, target: MutableObject, aliases: Readonly<Record<string, string>>): void {
    const origins = new Map<string, string>();
    for (const [key, value] of Object.entries(raw)) {
      // YAML's `name:` with nothing behind it means that the field is not given.
      if (value === undefined || (key === "id" && value === null)) continue;
      const name = Object.hasOwn(aliases, key) ? aliases[key]! : key;
      const other = origins.get(name);
      if (other !== undefined) {
        if (encodeJson(target[name]) !== encodeJson(value))
          this.#fail(this.#place(raw, key), {
            message: `${key} and ${other} are the same field, given twice`,
            expected: `${name} once`,
            got: `${other} and ${key}`,
            hint: `keep one of them; ${name} is the name that the reference uses`,
          });
        continue;
      }
      origins.set(name, key);
      target[name] = value;
      this.#sources.move(raw, key, target, name);
    }
  }

  #nested(step: MutableObject, type: JsonValue | undefined, raw: JsonObject): void {
    if (type === "conditional") this.#lists(step, ["then_steps", "else_steps"]);
    else if (type === "switch") this.#switch(step);
    else if (type === "loop") this.#lists(step, ["loopSteps"]);
    else if (type === "parallel_group") this.#group(step);
    else if (type === "sub_workflow") this.#lists(step, ["workflowSteps"]);
    else if (type === "scatter_gather") this.#scatter(step, raw);
  }

  #lists(owner: MutableObject, keys: readonly string[]): void {
    for (const key of keys) {
      if (owner[key] === undefined) continue;
      owner[key] = this.list(asList(owner, key, this.#sources));
    }
  }

  /** Its steps start together: none waits for the one before it unless it says so. */
  #group(step: MutableObject): void {
    this.#lists(step, ["steps"]);
    if (!Array.isArray(step["steps"])) return;
    for (const inner of step["steps"] as readonly JsonValue[]) {
      if (isJsonObject(inner) && inner["dependencies"] === undefined) Object.assign(inner, { dependencies: [] });
    }
  }

  #switch(step: MutableObject): void {
    this.#lists(step, ["default"]);
    const written = step["cases"];
    if (!isJsonObject(written)) return;
    const cases: MutableObject = {};
    for (const key of Object.keys(written)) {
      this.#sources.move(written, key, cases, key);
      cases[key] = written[key];
    }
    this.#lists(cases, Object.keys(cases));
    step["cases"] = cases;
  }

  #scatter(step: MutableObject, raw: JsonObject): void {
    const written = step["scatter"];
    if (written !== undefined && !isJsonObject(written)) return;
    const scatter: MutableObject = {};
    if (written !== undefined) this.#copy(written, scatter, SCATTER_ALIASES);
    if (step["steps"] !== undefined && scatter["steps"] === undefined) {
      scatter["steps"] = step["steps"];
      this.#sources.move(step, "steps", scatter, "steps");
      delete step["steps"];
    }
    this.#lists(scatter, ["steps"]);
    step["scatter"] = scatter;
    if (written === undefined) this.#sources.move(raw, "type", step, "scatter");
  }

  #freeId(wanted: string): string {
    let id = wanted;
    for (let suffix = 2; this.#takenIds.has(id); suffix += 1) id = `${wanted}_${suffix}`;
    this.#takenIds.add(id);
    return id;
  }

  #place(container: object, key: string): Place {
    return this.#sources.get(container, key) ?? { path: joinPath("", key) };
  }

  #fail(place: Place, fault: NormaliseFault): void {
    this.issues.push({ code: "WORKFLOW_INVALID", ...place, ...fault });
  }
}

/** One id where a list of ids is meant. */
function asList(owner: MutableObject, key: string, sources: SourceMap): JsonValue | undefined {
  const value = owner[key];
  if (typeof value !== "string") return value;
  const list = [value];
  sources.move(owner, key, list, 0);
  return list;
}

/** All texts under `id`, those in parameters included: too many taken names only make a filled-in id longer. */
function collectIds(value: JsonValue | undefined, ids: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value) as [string, JsonValue | undefined][]) {
    if (key === "id" && typeof member === "string") ids.add(member);
    else collectIds(member, ids);
  }
}
