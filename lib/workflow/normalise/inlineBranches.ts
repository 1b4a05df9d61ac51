// Branches given as lists of ids: the named steps move out of the surrounding list and into the branch, so that only one branch runs.
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { Place, SourceMap } from "../read/SourceMap.ts";

/** A step while it is being normalised. */
export interface MutableObject {
  [key: string]: JsonValue | undefined;
}

/** What a normaliser says about a defect beside where it is. */
export interface NormaliseFault {
  readonly message: string;
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
}

type Fail = (place: Place, fault: NormaliseFault) => void;

interface Branch {
  readonly owner: MutableObject;
  readonly steps: JsonValue[];
}

/** @returns `steps` without those that moved */
export function inlineBranches(steps: JsonValue[], sources: SourceMap, fail: Fail): JsonValue[] {
  const branches = steps.flatMap((step) => (isJsonObject(step) ? branchesOf(step) : []));
  if (!branches.some((branch) => branch.steps.some((step) => typeof step === "string"))) return steps;
  const mover = new Mover(steps, sources, fail);
  for (const branch of branches) mover.fill(branch);
  return mover.finish();
}

function branchesOf(step: MutableObject): Branch[] {
  const cases = isJsonObject(step["cases"]) ? Object.values(step["cases"]) : [];
  const lists =
    step["type"] === "conditional"
      ? [step["then_steps"], step["else_steps"]]
      : step["type"] === "switch"
        ? [...cases, step["default"]]
        : [];
  return lists.flatMap((list) => (Array.isArray(list) ? [{ owner: step, steps: list as JsonValue[] }] : []));
}

class Mover {
  readonly #steps: JsonValue[];
  readonly #sources: SourceMap;
  readonly #fail: Fail;
  readonly #byId = new Map<string, { step: MutableObject; index: number }>();
  /** Moved step → the step whose branch it is in now. */
  readonly #owners = new Map<MutableObject, MutableObject>();

  constructor(steps: JsonValue[], sources: SourceMap, fail: Fail) {
    this.#steps = steps;
    this.#sources = sources;
    this.#fail = fail;
    for (const [index, step] of steps.entries()) {
      if (isJsonObject(step) && typeof step["id"] === "string" && !this.#byId.has(step["id"])) this.#byId.set(step["id"], { step, index });
    }
  }

  fill({ owner, steps }: Branch): void {
    for (const [position, id] of steps.entries()) {
      if (typeof id !== "string") continue;
      const place = this.#sources.get(steps, position) ?? { path: "" };
      const found = this.#byId.get(id);
      if (found === undefined)
        this.#fail(place, {
          message: `the branch names ${JSON.stringify(id)}, but the list around it has no such step`,
          expected: "the id of a step of the list around it, or a step",
          got: id,
          hint: "name a step of the same list, or write the steps in the branch",
        });
      else if (this.#owners.has(found.step))
        this.#fail(place, {
          message: `step ${JSON.stringify(id)} is in two branches`,
          expected: "a step that no other branch names",
          got: id,
          hint: "a step runs in one branch; write it out twice under two ids",
        });
      else if (this.#isWithin(owner, found.step))
        this.#fail(place, {
          message: `step ${JSON.stringify(id)} contains itself`,
          expected: "a step outside of this branch",
          got: id,
          hint: "take the step out of its own branch",
        });
      else this.#move(found, owner, steps, position);
    }
  }

  #move(found: { step: MutableObject; index: number }, owner: MutableObject, steps: JsonValue[], position: number): void {
    this.#owners.set(found.step, owner);
    steps[position] = found.step;
    this.#sources.move(this.#steps, found.index, steps, position);
  }

  #isWithin(inner: MutableObject, outer: MutableObject): boolean {
    for (let step: MutableObject | undefined = inner; step !== undefined; step = this.#owners.get(step)) if (step === outer) return true;
    return false;
  }

  finish(): JsonValue[] {
    const rest: JsonValue[] = [];
    for (const [index, step] of this.#steps.entries()) {
      if (isJsonObject(step)) this.#renameDependencies(step);
      if (isJsonObject(step) && this.#owners.has(step)) continue;
      this.#sources.move(this.#steps, index, rest, rest.length);
      rest.push(step);
    }
    return rest;
  }

  /** Waiting for a step in a branch is waiting for the branch's owner; a step in a branch need not wait for its own owner. */
  #renameDependencies(step: MutableObject): void {
    const written = step["dependencies"];
    if (!Array.isArray(written)) return;
    const renamed: JsonValue[] = [];
    for (const [index, id] of (written as readonly JsonValue[]).entries()) {
      const target = typeof id === "string" ? this.#byId.get(id)?.step : undefined;
      const kept = target === undefined ? id : this.#visibleFrom(step, target);
      if (kept === undefined || renamed.includes(kept)) continue;
      this.#sources.move(written, index, renamed, renamed.length);
      renamed.push(kept);
    }
    step["dependencies"] = renamed;
  }

  /** The id under which `step` can wait for `target`; undefined when `target` encloses it. */
  #visibleFrom(step: MutableObject, target: MutableObject): JsonValue | undefined {
    const enclosing = new Set<MutableObject | undefined>();
    for (let around = this.#owners.get(step); around !== undefined; around = this.#owners.get(around)) enclosing.add(around);
    if (enclosing.has(target)) return undefined;
    let visible = target;
    for (let owner = this.#owners.get(target); owner !== undefined && !enclosing.has(owner); owner = this.#owners.get(owner))
      visible = owner;
    return visible === step ? undefined : visible["id"];
  }
}
