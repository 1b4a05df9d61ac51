// What a step's templates and conditions can see: its loop variables, its siblings and what encloses them, inputs. Reads raw outputs only.
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { TemplateScope } from "../operations/templates.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import type { ExecutionState } from "./ExecutionState.ts";

export interface ScopeParts {
  readonly state: ExecutionState;
  /** Prefix of every path in this scope: empty at the top, `s2[3].` inside an iteration. */
  readonly prefix: string;
  readonly steps: readonly WorkflowStep[];
  readonly variables: JsonObject;
  readonly parent: StepScope | null;
  /** False for a sub-workflow with a context of its own: it sees its inputs and nothing outside. */
  readonly seesParent: boolean;
  readonly inputs: JsonObject;
  /** Set on the scope of one element of a list: how many elements there are. */
  readonly elements?: number | undefined;
  /** Aborts what runs in this scope, besides what aborts the execution: time limits of steps that hold steps. */
  readonly signal?: AbortSignal | undefined;
}

interface Names {
  readonly ids: ReadonlySet<string>;
  readonly outputVariables: ReadonlyMap<string, string>;
}

const namesOfLists = new WeakMap<readonly WorkflowStep[], Names>();

/** Cached per list: an execution walks the same list once per iteration. */
function namesOf(steps: readonly WorkflowStep[]): Names {
  let names = namesOfLists.get(steps);
  if (names === undefined) {
    const outputVariables = new Map<string, string>();
    for (const step of steps) if (step.output_variable !== undefined) outputVariables.set(step.output_variable, step.id);
    names = { ids: new Set(steps.map((step) => step.id)), outputVariables };
    namesOfLists.set(steps, names);
  }
  return names;
}

export class StepScope implements TemplateScope {
  readonly state: ExecutionState;
  readonly prefix: string;
  readonly inputs: JsonObject;
  readonly #parts: ScopeParts;
  readonly #names: Names;
  #hasFailed = false;

  constructor(parts: ScopeParts) {
    this.#parts = parts;
    this.state = parts.state;
    this.prefix = parts.prefix;
    this.inputs = parts.inputs;
    this.#names = namesOf(parts.steps);
  }

  /** A scope for steps nested in this one; `prefix` is the whole path prefix, ending in a dot. */
  child(parts: {
    readonly prefix: string;
    readonly steps: readonly WorkflowStep[];
    readonly variables?: JsonObject;
    readonly isolatedInputs?: JsonObject;
    readonly inheritsContext?: boolean;
    readonly elements?: number;
    readonly signal?: AbortSignal;
  }): StepScope {
    return new StepScope({
      state: this.state,
      prefix: parts.prefix,
      steps: parts.steps,
      variables: parts.variables ?? {},
      parent: this,
      seesParent: parts.isolatedInputs === undefined || parts.inheritsContext === true,
      inputs: parts.isolatedInputs ?? this.inputs,
      elements: parts.elements,
      signal: parts.signal,
    });
  }

  pathOf(stepId: string): string {
    return `${this.prefix}${stepId}`;
  }

  get steps(): readonly WorkflowStep[] {
    return this.#parts.steps;
  }

  /** True when nothing may start here: the execution is halting, or this walk or one around it has failed. */
  get isHalted(): boolean {
    const { signal, parent } = this.#parts;
    return this.state.haltReason !== null || this.#hasFailed || signal?.aborted === true || (parent?.isHalted ?? false);
  }

  /** What steps in this scope must stop for. */
  get signal(): AbortSignal {
    return this.#parts.signal ?? this.#parts.parent?.signal ?? this.state.signal;
  }

  /** How many nested runs (sub_workflow) this scope is inside of. */
  get runDepth(): number {
    const { parent, inputs } = this.#parts;
    if (parent === null) return 0;
    return parent.runDepth + (inputs === parent.inputs ? 0 : 1);
  }

  /** How many elements the nearest list around has; 1 outside of lists. */
  get elements(): number {
    return this.#parts.elements ?? this.#parts.parent?.elements ?? 1;
  }

  /** True when the name stands for something else in each element of the nearest list around. */
  isOfElement(root: string): boolean {
    const { variables, parent, elements } = this.#parts;
    if (Object.hasOwn(variables, root) || this.#stepIdOf(root) !== undefined) return true;
    return elements === undefined && parent !== null && parent.isOfElement(root);
  }

  markFailed(): void {
    this.#hasFailed = true;
  }

  get(root: string): { found: true; value: JsonValue; isStep?: boolean } | { found: false } {
    const { variables, parent, seesParent } = this.#parts;
    if (Object.hasOwn(variables, root)) return { found: true, value: variables[root] ?? null };
    const stepId = this.#stepIdOf(root);
    if (stepId !== undefined && this.state.step(this.pathOf(stepId)) !== undefined) {
      return { found: true, value: this.state.output(this.pathOf(stepId)), isStep: true };
    }
    if (root === "input" || root === "inputs") return { found: true, value: this.inputs };
    return parent !== null && seesParent ? parent.get(root) : { found: false };
  }

  roots(): readonly string[] {
    const { variables, parent, seesParent } = this.#parts;
    const done = [...this.#names.ids].filter((id) => this.state.step(this.pathOf(id)) !== undefined);
    const above = parent !== null && seesParent ? parent.roots() : ["input"];
    return [...new Set([...Object.keys(variables), ...this.#names.outputVariables.keys(), ...done, ...above])];
  }

  /** Paths of recorded steps that these roots name, so that their outputs can be loaded before they are read. */
  recordedPaths(roots: Iterable<string>): string[] {
    const paths: string[] = [];
    for (const root of roots) {
      const path = this.#recordedPath(root);
      if (path !== undefined) paths.push(path);
    }
    return paths;
  }

  #recordedPath(root: string): string | undefined {
    const { variables, parent, seesParent } = this.#parts;
    if (Object.hasOwn(variables, root)) return undefined;
    const stepId = this.#stepIdOf(root);
    if (stepId !== undefined && this.state.step(this.pathOf(stepId)) !== undefined) return this.pathOf(stepId);
    return parent !== null && seesParent ? parent.#recordedPath(root) : undefined;
  }

  #stepIdOf(root: string): string | undefined {
    return this.#names.outputVariables.get(root) ?? (this.#names.ids.has(root) ? root : undefined);
  }
}
