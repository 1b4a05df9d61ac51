// A new execution that takes over what an old one recorded up to a step: by reference, at no cost. Effects after it are previewed unless allowed.
import { AppError } from "../core/errors.ts";
import type { Transaction } from "../db/Database.ts";
import { stepDependencies } from "../workflow/dependencies.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { copyRecordedSteps } from "./ForkStore.ts";

/**
 * Top-level steps whose recorded outcome a fork takes over: everything that neither is `fromStep` nor depends on it, and
 * ended well.
 *
 * @throws AppError `NOT_FOUND` when there is no such step
 */
export function stepsBefore(definition: WorkflowDefinition, fromStep: string): Set<string> {
  const top = fromStep.split(/[.[]/, 1)[0] ?? fromStep;
  if (!definition.steps.some(({ id }) => id === top)) {
    throw new AppError("NOT_FOUND", `the workflow has no step ${fromStep}`, {
      details: { step: fromStep, expected: definition.steps.map(({ id }) => id).join(", ") },
    });
  }
  const dependencies = stepDependencies(definition.steps);
  const after = new Set([top]);
  // The list is in an order where a step may depend on later ones, so go on until nothing is added.
  for (let grew = true; grew;) {
    grew = false;
    for (const { id } of definition.steps) {
      if (after.has(id) || ![...(dependencies.get(id) ?? [])].some((dependency) => after.has(dependency))) continue;
      after.add(id);
      grew = true;
    }
  }
  return new Set(definition.steps.map(({ id }) => id).filter((id) => !after.has(id)));
}

export async function takeOver(tx: Transaction, source: string, fork: string, kept: ReadonlySet<string>): Promise<void> {
  await copyRecordedSteps(tx, { source, fork, stepIds: [...kept] });
}
