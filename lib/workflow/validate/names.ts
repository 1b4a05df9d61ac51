// Checks that everything a step names exists and has ended before it starts: dependencies, templates, conditions, CEL; and that no order is circular.
import type { AppError } from "../../core/errors.ts";
import { declaredDependencies, publishersOf, siblingReferences } from "../dependencies.ts";
import type { IssueList } from "./IssueList.ts";
import { nestedLists, walkSteps, type NestedKind } from "../nestedSteps.ts";
import { findReferences, findTemplateReferences, type FieldReference, type StepReferences } from "../names/references.ts";
import { findCycle, Order } from "../order.ts";
import { keysOf } from "../read/findStep.ts";
import type { PathKey } from "../read/SourceMap.ts";
import { suggest } from "./suggest.ts";
import type { FieldScope } from "../names/StepField.ts";
import type { WorkflowDefinition, WorkflowIssueCode, WorkflowStep } from "../types.ts";

/** A list of steps on the way from the definition to the step that is being checked. */
interface Frame {
  readonly steps: readonly WorkflowStep[];
  readonly publishers: ReadonlyMap<string, readonly string[]>;
  readonly declared: ReadonlyMap<string, ReadonlySet<string>>;
  /** By declaration, without what templates add. Of a circular one every step would run after every other: the circle is told once. */
  readonly order: Order;
  /** Loop variables that hold inside this list. */
  readonly locals: ReadonlySet<string>;
  /** Names of inputs; null = any. */
  readonly inputs: ReadonlySet<string> | null;
  /** False for a nested run: what is around it cannot be read. */
  readonly seesOuter: boolean;
  /** The member of this list that is being checked, or that holds it. */
  current: string;
}

const LOOP_LOCALS = ["item", "current", "index", "loop"];

export function checkNames(definition: WorkflowDefinition, issues: IssueList): void {
  new NameChecker(definition, issues).check();
}

class NameChecker {
  readonly #definition: WorkflowDefinition;
  readonly #issues: IssueList;
  readonly #frames: Frame[] = [];
  /** Id or published name → id of the step it belongs to, anywhere. */
  readonly #everywhere = new Map<string, string>();
  /** Step → the step that it is inside of. */
  readonly #around = new Map<string, string>();

  constructor(definition: WorkflowDefinition, issues: IssueList) {
    this.#definition = definition;
    this.#issues = issues;
    for (const { step } of walkSteps(definition)) {
      for (const { steps } of nestedLists(step)) for (const inner of steps) this.#around.set(inner.id, step.id);
      this.#everywhere.set(step.id, step.id);
      if (step.output_variable !== undefined) this.#everywhere.set(step.output_variable, step.id);
    }
  }

  check(): void {
    const { steps, inputs, output } = this.#definition;
    this.#frames.push(createFrame(steps, { inputs: inputs === undefined ? null : new Set(Object.keys(inputs)) }));
    this.#checkList(steps, ["steps"]);
    if (output === undefined) return;
    // Nothing of the list is still to run: no member is current.
    this.#top().current = "";
    this.#checkReferences(findTemplateReferences(output, ["output"]), [], new Set());
  }

  #checkList(steps: readonly WorkflowStep[], path: readonly PathKey[]): void {
    this.#checkOrder(steps, path);
    for (const [index, step] of steps.entries()) {
      this.#top().current = step.id;
      const stepPath = [...path, index];
      this.#checkDependencies(step, stepPath);
      this.#checkStep(step, stepPath);
      for (const list of nestedLists(step)) {
        this.#frames.push(createFrame(list.steps, localsOf(step, list.kind, this.#top().inputs)));
        this.#checkList(list.steps, [...stepPath, ...list.path]);
        this.#frames.pop();
      }
    }
  }

  /** A reference against the declared order is told as that, not as a cycle. */
  #checkOrder(steps: readonly WorkflowStep[], path: readonly PathKey[]): void {
    const { declared, order: declaredOrder } = this.#top();
    const order = new Map([...declared].map(([id, dependencies]) => [id, new Set(dependencies)]));
    for (const [id, named] of siblingReferences(steps)) {
      for (const name of named) if (!declaredOrder.waitsFor(name, id)) order.get(id)?.add(name);
    }
    const cycle = findCycle(order);
    if (cycle === null) return;
    const index = steps.findIndex((step) => step.id === cycle[0]);
    const field = steps[index]?.dependencies === undefined ? [] : ["dependencies"];
    const trail = cycle.join(" → ");
    this.#issues.add("WORKFLOW_INVALID", [...path, index, ...field], `the steps wait for each other: ${trail}`, {
      expected: "an order in which each step can start",
      got: trail,
      hint: "each waits for the next one: take one of them out of `dependencies`, or out of the template that names it",
    });
  }

  #checkDependencies(step: WorkflowStep, path: readonly PathKey[]): void {
    for (const [index, id] of (step.dependencies ?? []).entries()) {
      const fault = this.#dependencyFault(step, id);
      if (fault === null) continue;
      const { problem, hint } = fault;
      this.#issues.add(
        "WORKFLOW_INVALID",
        [...path, "dependencies", index],
        `step ${step.id} depends on ${JSON.stringify(id)}, ${problem}`,
        {
          expected: "the id of a step of the same list",
          got: id,
          hint,
        },
      );
    }
  }

  #dependencyFault(step: WorkflowStep, id: string): { readonly problem: string; readonly hint: string } | null {
    if (id === step.id) return { problem: "which is itself", hint: "take it out of `dependencies`" };
    if (!this.#isStep(id)) return { problem: "which does not exist", hint: this.#dependencyHint(id) };
    for (const frame of this.#visibleFrames()) {
      if (!frame.declared.has(id)) continue;
      // Of a list further out: it has ended when the enclosing step starts, which waits for it.
      if (frame.current === id)
        return { problem: "which it is inside of", hint: "take it out of `dependencies`: a step around it starts first anyway" };
      return frame !== this.#top() && !frame.order.isCircular && frame.order.waitsFor(id, frame.current)
        ? {
            problem: "which runs after the step around it",
            hint: `let ${id} run before ${frame.current}, or take it out of \`dependencies\``,
          }
        : null;
    }
    return { problem: "which is inside another step", hint: `depend on ${this.#visibleAround(id)} instead, which it is inside of` };
  }

  #dependencyHint(id: string): string {
    const owner = this.#everywhere.get(id);
    if (owner !== undefined) return `${id} is the output_variable of ${owner}: write ${owner}`;
    return suggest(id, this.#visibleSteps(), "name an existing step, or take it out of `dependencies`");
  }

  #checkStep(step: WorkflowStep, path: readonly PathKey[]): void {
    const found = findReferences(step);
    this.#checkReferences(
      { references: found.references.filter(({ scope }) => scope !== "inside"), faults: found.faults },
      path,
      new Set(),
      step,
    );
    const inside = found.references.filter(({ scope }) => scope === "inside");
    if (inside.length === 0 || step.type !== "sub_workflow") return;
    // A stored agent's steps are not known here.
    if (step.workflowSteps === undefined) return;
    this.#frames.push(createFrame(step.workflowSteps, localsOf(step, "run", this.#top().inputs)));
    this.#checkReferences({ references: inside, faults: [] }, path, new Set());
    this.#frames.pop();
  }

  #checkReferences({ references, faults }: StepReferences, path: readonly PathKey[], reported: Set<string>, step?: WorkflowStep): void {
    for (const { field, error } of faults) {
      const { expected, got } = error.details;
      const facts = { expected: expected ?? "a text that can be read", got: got ?? "another", hint: error.hint };
      this.#issues.add(error.code as WorkflowIssueCode, [...path, ...field, ...placeInCondition(error)], error.message, facts);
    }
    for (const reference of references) {
      const key = JSON.stringify([reference.field, reference.root, reference.path[0] ?? null]);
      if (reported.has(key)) continue;
      reported.add(key);
      const fault = this.#referenceFault(reference, step);
      if (fault === null) continue;
      const { message, expected, hint } = fault;
      this.#issues.add(CODES[reference.kind], [...path, ...reference.field], message, {
        expected,
        got: describeReference(reference),
        hint,
      });
    }
  }

  #referenceFault(reference: FieldReference, step: WorkflowStep | undefined): Fault | null {
    const { root } = reference;
    if (isLocal(reference, step)) return null;
    for (const frame of this.#visibleFrames()) {
      if (frame.locals.has(root)) return reference.scope === "own" ? LOST_LOCAL : null;
      const publisher = frame.publishers.get(root)?.at(-1);
      if (publisher !== undefined) return orderFault(frame, root, publisher);
      if (root === "input" || root === "inputs") return inputFault(reference, frame);
    }
    return this.#unknownRoot(root, FIELD_LOCALS[reference.scope] ?? []);
  }

  #unknownRoot(root: string, fieldLocals: readonly string[]): Fault {
    const visible = [...this.#visibleSteps(), "input", ...this.#visibleFrames().flatMap((frame) => [...frame.locals]), ...fieldLocals];
    const expected = visible.slice(0, 20).join(", ");
    const owner = this.#everywhere.get(root);
    if (owner !== undefined) {
      return {
        message: `${JSON.stringify(root)} is inside another step and cannot be read from here`,
        expected,
        hint: `read the output of ${this.#visibleAround(owner)} instead, which it is inside of`,
      };
    }
    if (LOOP_LOCALS.includes(root)) {
      return {
        message: `${JSON.stringify(root)} exists only inside a loop or scatter`,
        expected,
        hint: "move the step into the loop, or read the loop's output by the loop's id",
      };
    }
    const otherwise = "name an earlier step by its id, or an input as input.NAME";
    return { message: `${JSON.stringify(root)} is not a known name`, expected, hint: suggest(root, visible, otherwise) };
  }

  #isStep(id: string): boolean {
    return this.#everywhere.get(id) === id;
  }

  /** The step around `id` that can be named from here. Ids that are given twice may lead in a circle. */
  #visibleAround(id: string): string {
    const visible = this.#visibleSteps();
    const seen = new Set<string>();
    for (let around = this.#around.get(id); around !== undefined && !seen.has(around); around = this.#around.get(around)) {
      if (visible.includes(around)) return around;
      seen.add(around);
    }
    return "the step around it";
  }

  #visibleSteps(): string[] {
    return this.#visibleFrames().flatMap((frame) =>
      [...frame.publishers].flatMap(([name, [publisher = ""]]) => (orderFault(frame, name, publisher) === null ? [name] : [])),
    );
  }

  /** From the inside out, as far as the step can see. */
  #visibleFrames(): Frame[] {
    const visible: Frame[] = [];
    for (const frame of this.#frames.toReversed()) {
      visible.push(frame);
      if (!frame.seesOuter) break;
    }
    return visible;
  }

  #top(): Frame {
    return this.#frames.at(-1)!;
  }
}

/** A structured condition may have many lines; its error names the place inside as `condition.conditions[1].operator`. */
function placeInCondition({ code, details }: AppError): readonly PathKey[] {
  return code === "CONDITION_INVALID" && details.field !== undefined ? keysOf(details.field).slice(1) : [];
}

interface Fault {
  readonly message: string;
  readonly expected: string;
  readonly hint: string;
}

const CODES = {
  template: "TEMPLATE_INVALID",
  condition: "CONDITION_INVALID",
  cel: "TRANSFORM_INVALID",
  name: "TRANSFORM_INVALID",
} as const;
const FIELD_LOCALS: Readonly<Partial<Record<FieldScope, readonly string[]>>> = {
  element: ["item", "index"],
  reduce: ["acc", "accumulator", "item", "index"],
  whole: ["input"],
};

/** Names that hold in this field only. */
function isLocal({ root, scope }: FieldReference, step: WorkflowStep | undefined): boolean {
  if (scope === "own") return root === step?.id || root === step?.output_variable;
  // Fields of data that only the execution knows.
  if (scope === "data") return true;
  return FIELD_LOCALS[scope]?.includes(root) ?? false;
}

function inputFault({ path, root }: FieldReference, { inputs }: Frame): Fault | null {
  const [first] = path;
  if (inputs === null || first?.kind !== "key" || inputs.has(first.key)) return null;
  return {
    message: `{{${root}.${first.key}}} names an input that is not declared`,
    expected: inputs.size === 0 ? "a declared input; there is none" : [...inputs].join(", "),
    hint: suggest(first.key, inputs, `declare ${first.key} under the inputs of the workflow or of the nested run`),
  };
}

/** A rollback runs after the loop, on what was recorded. */
const LOST_LOCAL: Fault = {
  message: "a rollback cannot name the element at hand: it is not recorded",
  expected: "the step's own output, an earlier step or an input",
  hint: "name the step's own output instead; it is recorded for each element",
};

function orderFault(frame: Frame, root: string, publisher: string): Fault | null {
  const expected = "a step that has ended by then";
  if (publisher === frame.current)
    return { message: `${JSON.stringify(root)} is the step itself or encloses it`, expected, hint: "read an earlier step or an input" };
  if (frame.current === "" || frame.order.isCircular || !frame.order.waitsFor(publisher, frame.current)) return null;
  const hint = `let ${publisher} run before ${frame.current}: move it up, or mend \`dependencies\``;
  return { message: `${JSON.stringify(root)} is not upstream: it runs after ${frame.current}`, expected, hint };
}

function describeReference({ kind, root, path }: FieldReference): string {
  const below = path.map((part) => (part.kind === "key" ? `.${part.key}` : part.kind === "index" ? `[${part.index}]` : "[*]")).join("");
  return kind === "template" ? `{{${root}${below}}}` : `${root}${below}`;
}

interface FrameOptions {
  readonly locals?: readonly string[];
  readonly inputs: ReadonlySet<string> | null;
  readonly seesOuter?: boolean;
}

function createFrame(steps: readonly WorkflowStep[], { locals = [], inputs, seesOuter = true }: FrameOptions): Frame {
  const declared = declaredDependencies(steps);
  return {
    steps,
    publishers: publishersOf(steps),
    declared,
    order: new Order(declared),
    locals: new Set(locals),
    inputs,
    seesOuter,
    current: "",
  };
}

function localsOf(step: WorkflowStep, kind: NestedKind, outer: ReadonlySet<string> | null): FrameOptions {
  if (kind === "each")
    return { inputs: outer, locals: step.type === "scatter_gather" ? [...LOOP_LOCALS, step.scatter.itemVariable] : LOOP_LOCALS };
  if (kind !== "run" || step.type !== "sub_workflow") return { inputs: outer };
  // A nested run has the inputs it is given, whether or not it may read the steps around it.
  return { inputs: new Set(Object.keys(step.inputs)), seesOuter: step.inheritContext };
}
