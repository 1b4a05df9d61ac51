// Which step waits for which. Each step decides for itself: one explicit dependency changes nothing for the others. Order within a list only; nothing is run here.
import type { PathSegment } from "../operations/paths.ts";
import { nestedLists, walkList } from "./nestedSteps.ts";
import { findReferences } from "./names/references.ts";
import type { WorkflowStep } from "./types.ts";

/**
 * What each step of a list waits for, siblings only. `dependencies` given, even empty: exactly these; absent: the step
 * before it. In both cases also every sibling that the step, or any step inside it, names in templates, conditions or
 * `dependencies`.
 */
export function stepDependencies(steps: readonly WorkflowStep[]): Map<string, Set<string>> {
  const declared = declaredDependencies(steps);
  for (const [id, references] of siblingReferences(steps)) {
    const dependencies = declared.get(id);
    for (const reference of references) dependencies?.add(reference);
  }
  return declared;
}

/** The rule without what templates add. */
export function declaredDependencies(steps: readonly WorkflowStep[]): Map<string, Set<string>> {
  const siblings = new Set(steps.map((step) => step.id));
  return new Map(
    steps.map((step, index) => {
      const before = steps[index - 1];
      const wanted = step.dependencies ?? (before === undefined ? [] : [before.id]);
      return [step.id, new Set(wanted.filter((id) => siblings.has(id) && id !== step.id))];
    }),
  );
}

/** The siblings that each step names, itself or anything inside it. */
export function siblingReferences(steps: readonly WorkflowStep[]): Map<string, Set<string>> {
  const publishers = publishersOf(steps);
  return new Map(
    steps.map((step) => {
      const named = new Set<string>();
      for (const root of [...readsOf(step).map((read) => read.root), ...innerDependencies(step)]) {
        for (const publisher of publishers.get(root) ?? []) if (publisher !== step.id) named.add(publisher);
      }
      return [step.id, named];
    }),
  );
}

/** Name in templates → the steps of the list that stand behind it. */
export function publishersOf(steps: readonly WorkflowStep[]): Map<string, string[]> {
  const publishers = new Map<string, string[]>();
  for (const step of steps) {
    const names = new Set(step.output_variable === undefined ? [step.id] : [step.id, step.output_variable]);
    for (const name of names) publishers.set(name, [...(publishers.get(name) ?? []), step.id]);
  }
  return publishers;
}

function innerDependencies(step: WorkflowStep): string[] {
  return nestedLists(step).flatMap((list) => [...walkList(list.steps, [], 1)].flatMap(({ step: inner }) => inner.dependencies ?? []));
}

export interface Read {
  readonly root: string;
  readonly path: readonly PathSegment[];
}

/** Everything that a step and the steps inside it name, loop variables and inner steps included. */
export function readsOf(step: WorkflowStep): Read[] {
  const reads: Read[] = [];
  for (const { step: visited } of walkList([step], [], 1)) {
    for (const { root, path } of findReferences(visited).references) reads.push({ root, path });
  }
  return reads;
}

/** Steps by level: each level needs only those before it. `null`: there is a cycle. */
export function topologicalLevels(steps: readonly WorkflowStep[]): string[][] | null {
  const waiting = stepDependencies(steps);
  const levels: string[][] = [];
  while (waiting.size > 0) {
    const level = [...waiting].filter(([, dependencies]) => ![...dependencies].some((id) => waiting.has(id))).map(([id]) => id);
    if (level.length === 0) return null;
    for (const id of level) waiting.delete(id);
    levels.push(level);
  }
  return levels;
}
