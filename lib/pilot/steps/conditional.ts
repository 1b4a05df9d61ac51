// `conditional`: evaluates a condition on raw outputs, then runs one of two branches.
import { evaluateStepCondition } from "../ConditionalEvaluator.ts";
import type { StepPerformer } from "../types.ts";
import { begunBranch, runBranch, type Branch } from "./branches.ts";

export const performConditional: StepPerformer<"conditional"> = async (context) => {
  const { step, scope, services, path } = context;
  const whenTrue: Branch = { name: "then", steps: step.then_steps };
  const whenFalse: Branch = { name: "else", steps: step.else_steps };
  const choose = (): Branch =>
    evaluateStepCondition(step.condition, scope, services.clock.nowMs(), { step: path, field: "condition" }) ? whenTrue : whenFalse;
  return runBranch(context, begunBranch(context, [whenTrue, whenFalse]) ?? choose());
};
