// Compensation: the rollback actions of completed steps, in reverse order of completion, once each. Best effort per step, all recorded.
import { nestedLists } from "../workflow/nestedSteps.ts";
import type { ActionStep, WorkflowStep } from "../workflow/types.ts";
import type { ParallelExecutor } from "./ParallelExecutor.ts";
import type { ExecutionState } from "./ExecutionState.ts";
import { StepScope } from "./StepScope.ts";
import type { PilotServices } from "./types.ts";

/** Suffix of a rollback's path; `~` occurs in no step id. */
const SUFFIX = "~rollback";

/**
 * Runs each rollback as an action step of its own path, so that it has a row, retries, an attempt and a key like any other
 * step, and a killed worker's successor goes on where it stopped.
 */
export async function rollBack(services: PilotServices, executor: ParallelExecutor, scope: StepScope): Promise<void> {
  const due = completedWithRollback(scope.state);
  if (due.length === 0) return;
  const stopped = scope.state;
  // The halted state lets nothing start.
  const state = stopped.unhalted();
  for (const { path, step, siblings } of due) {
    const action = rollbackStep(step);
    if (action === null) continue;
    const own = scopeFor({ state, prefix: path.slice(0, path.length - step.id.length), steps: [action, ...siblings] });
    await state.load(services.db, [path]);
    // Each rollback is tried whatever became of the one before: a half-compensated execution is worse than a noted failure.
    await executor.walk([action], own);
  }
  for (const [path, step] of state.steps()) if (stopped.step(path) === undefined) stopped.record(path, step);
}

/** Sees what the step itself saw, loop variables excepted: they are not part of the record. */
function scopeFor({
  state,
  prefix,
  steps,
}: {
  readonly state: ExecutionState;
  readonly prefix: string;
  readonly steps: readonly WorkflowStep[];
}): StepScope {
  const root = { state, variables: {}, parent: null, seesParent: false, inputs: state.inputs };
  if (prefix === "") return new StepScope({ ...root, prefix, steps });
  return new StepScope({ ...root, prefix: "", steps: state.definition.steps }).child({ prefix, steps });
}

interface Due {
  readonly path: string;
  readonly step: WorkflowStep;
  readonly siblings: readonly WorkflowStep[];
}

function completedWithRollback(state: ExecutionState): Due[] {
  const byId = new Map<string, readonly WorkflowStep[]>();
  collect(state.definition.steps, byId);
  const due: Due[] = [];
  for (const [path, known] of state.steps()) {
    const id = path.slice(path.lastIndexOf(".") + 1);
    const siblings = byId.get(id) ?? [];
    const step = siblings.find((sibling) => sibling.id === id);
    if (known.status === "completed" && step?.rollbackAction !== undefined && known.detail.more?.["previewed"] !== true)
      due.push({ path, step, siblings });
  }
  return due.reverse();
}

function rollbackStep(step: WorkflowStep): ActionStep | null {
  if (step.rollbackAction === undefined) return null;
  const { plugin, action, params } = step.rollbackAction;
  return { id: `${step.id}${SUFFIX}`, type: "action", plugin, action, params: params ?? {}, dependencies: [], continueOnError: true };
}

function collect(steps: readonly WorkflowStep[], byId: Map<string, readonly WorkflowStep[]>): void {
  for (const step of steps) {
    byId.set(step.id, steps);
    for (const list of nestedLists(step)) collect(list.steps, byId);
  }
}
