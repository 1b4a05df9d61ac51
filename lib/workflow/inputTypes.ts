// A workflow as written in TypeScript: ids and defaults may be left out. Types only; what comes of it is types.ts.
import type { Scatter, WorkflowDefinition, WorkflowStep } from "./types.ts";

type DefaultedKey =
  | "id"
  | "then_steps"
  | "else_steps"
  | "default"
  | "params"
  | "maxIterations"
  | "parallel"
  | "gather"
  | "itemVariable"
  | "strategy"
  | "onValidationFail"
  | "outputFormat"
  | "inputs"
  | "inheritContext"
  | "onError"
  | "approvalType"
  | "onTimeout";
type NestedKey = "then_steps" | "else_steps" | "default" | "loopSteps" | "steps" | "workflowSteps" | "cases" | "scatter";
type Nested<Key, Value> = Key extends "cases"
  ? Readonly<Record<string, readonly WorkflowStepInput[]>>
  : Key extends "scatter"
    ? Omit<Scatter, "steps" | "itemVariable"> & { readonly steps: readonly WorkflowStepInput[]; readonly itemVariable?: string }
    : Key extends NestedKey
      ? readonly WorkflowStepInput[]
      : Value;
type InputForm<Step> = Step extends WorkflowStep
  ? { readonly [Key in keyof Step as Exclude<Key, DefaultedKey>]: Nested<Key, Step[Key]> } & {
      readonly [Key in keyof Step as Extract<Key, DefaultedKey>]?: Nested<Key, Step[Key]>;
    }
  : never;

/** A step as written in code: ids and defaults may be left out. */
export type WorkflowStepInput = InputForm<WorkflowStep>;

/** A definition as written in code ({@link WorkflowDefinition} is what comes of it). */
export interface WorkflowDefinitionInput extends Omit<WorkflowDefinition, "steps" | "maxConcurrency"> {
  readonly steps: readonly WorkflowStepInput[];
  readonly maxConcurrency?: number;
}
