// Walks a list of steps by their dependencies, and lists of items, with a sliding window: no chunks, no barriers. Knows no step type.
import type { AppError } from "../core/errors.ts";
import { stepDependencies } from "../workflow/dependencies.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import type { StepScope } from "./StepScope.ts";
import type { StepOutcome, Wait, WalkOptions, WalkOutcome } from "./types.ts";

export type ExecuteStep = (step: WorkflowStep, scope: StepScope) => Promise<StepOutcome>;

interface Plan {
  readonly waitingOn: ReadonlyMap<string, ReadonlySet<string>>;
  readonly dependants: ReadonlyMap<string, readonly WorkflowStep[]>;
}

const plans = new WeakMap<readonly WorkflowStep[], Plan>();

function planOf(steps: readonly WorkflowStep[]): Plan {
  let plan = plans.get(steps);
  if (plan === undefined) {
    const waitingOn = stepDependencies(steps);
    const dependants = new Map<string, WorkflowStep[]>();
    for (const step of steps) {
      for (const dependency of waitingOn.get(step.id) ?? []) {
        const list = dependants.get(dependency) ?? [];
        list.push(step);
        dependants.set(dependency, list);
      }
    }
    plan = { waitingOn, dependants };
    plans.set(steps, plan);
  }
  return plan;
}

export class ParallelExecutor {
  readonly #execute: ExecuteStep;

  constructor(execute: ExecuteStep) {
    this.#execute = execute;
  }

  /**
   * Starts each step as soon as its dependencies have ended; at most `maxConcurrency` at a time. After a failure nothing
   * new starts and what runs is awaited. Waiting steps hold back only their dependants.
   */
  async walk(steps: readonly WorkflowStep[], scope: StepScope, options: WalkOptions = {}): Promise<WalkOutcome> {
    const limit = options.maxConcurrency ?? scope.state.definition.maxConcurrency;
    const { waitingOn, dependants } = planOf(steps);
    const missing = new Map(steps.map((step) => [step.id, waitingOn.get(step.id)?.size ?? 0]));
    const ready = steps.filter((step) => missing.get(step.id) === 0);
    const running = new Set<Promise<void>>();
    const waits: Wait[] = [];
    const ended: { failure: { readonly error: AppError; readonly path: string } | null; isHalted: boolean } = {
      failure: null,
      isHalted: false,
    };

    const end = (step: WorkflowStep, outcome: StepOutcome): void => {
      if (outcome.status === "waiting") waits.push(...outcome.waits);
      else if (outcome.status === "halted") ended.isHalted = true;
      else if (outcome.status === "failed" && step.continueOnError !== true) {
        ended.failure ??= { error: outcome.error, path: scope.pathOf(step.id) };
        scope.markFailed();
      } else {
        for (const dependant of dependants.get(step.id) ?? []) {
          const left = (missing.get(dependant.id) ?? 0) - 1;
          missing.set(dependant.id, left);
          if (left === 0) ready.push(dependant);
        }
      }
    };

    for (;;) {
      while (ready.length > 0 && running.size < limit && ended.failure === null && !ended.isHalted) {
        const step = ready.shift();
        if (step === undefined) break;
        const task: Promise<void> = this.#execute(step, scope).then((outcome) => {
          running.delete(task);
          end(step, outcome);
        });
        running.add(task);
      }
      if (running.size === 0) break;
      await Promise.race(running);
    }
    if (ended.failure !== null) return { status: "failed", ...ended.failure };
    if (ended.isHalted) return { status: "halted" };
    if (waits.length > 0) return { status: "waiting", waits };
    return { status: "completed" };
  }
}

/**
 * Runs `work` over indices with a sliding window. `work` says whether to go on; after a `false` nothing new starts and
 * what runs is awaited.
 */
export async function forEachIndex(count: number, limit: number, work: (index: number) => Promise<boolean>): Promise<void> {
  let next = 0;
  let goesOn = true;
  const lane = async (): Promise<void> => {
    while (goesOn && next < count) {
      const index = next;
      next += 1;
      if (!(await work(index))) goesOn = false;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, lane));
}
