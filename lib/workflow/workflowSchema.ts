// The one schema of workflows, in normalised form: parser, builder, validator and JSON Schema are made from it. What spans several steps is validateWorkflow.ts.
import { z } from "zod";
import { createControlSteps, type StepSchema } from "./schema/controlSteps.ts";
import { comparisonStep, enrichmentStep, transformStep, validationStep } from "./schema/dataSteps.ts";
import { identifier, jsonValue, milliseconds, strict, templateValue, concurrency } from "./schema/fields.ts";
import {
  actionStep,
  aiProcessingStep,
  delayStep,
  deterministicExtractionStep,
  humanApprovalStep,
  llmDecisionStep,
} from "./schema/workSteps.ts";
import { DEFAULT_MAX_CONCURRENCY, MAX_STEPS } from "./stepTypes.ts";
import type { WorkflowDefinition, WorkflowStep } from "./types.ts";

const nestedStep: StepSchema = z.lazy(() => stepSchema);
const control = createControlSteps(nestedStep);

const stepUnion = z.discriminatedUnion("type", [
  actionStep,
  aiProcessingStep,
  llmDecisionStep,
  control.conditionalStep,
  control.switchStep,
  control.loopStep,
  control.parallelGroupStep,
  control.scatterGatherStep,
  transformStep,
  delayStep,
  enrichmentStep,
  validationStep,
  comparisonStep,
  control.subWorkflowStep,
  humanApprovalStep,
  deterministicExtractionStep,
]);

/** Every step type, discriminated by `type`. */
export const stepSchema: z.ZodType<WorkflowStep> = stepUnion.meta({
  id: "WorkflowStep",
  description: "One step; `type` says which fields it has.",
});

const inputDeclaration = strict({
  type: z.enum(["string", "number", "boolean", "array", "object"]).exactOptional(),
  required: z.boolean().exactOptional(),
  default: jsonValue.exactOptional(),
  description: z.string().exactOptional(),
});

const limits = strict({
  usd: z.number().positive().max(1_000_000).describe("USD that one execution may cost; hard.").exactOptional(),
  tokens: z.int().positive().describe("Tokens that one execution may use; hard.").exactOptional(),
  timeoutMs: milliseconds
    .min(1)
    .describe("Time limit of one execution from its first step on, in milliseconds; waiting counts.")
    .exactOptional(),
  plannedTokens: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .describe("Tokens planned for one execution, divided over its steps by governance (10 000 unless given); soft, see overBudget.")
    .exactOptional(),
  overBudget: z
    .enum(["warn", "degrade", "pause", "fail"])
    .describe("What becomes of a step that passes what is planned: a warning (default), a shorter answer, a pause, or failure.")
    .exactOptional(),
  onLimit: z.enum(["pause", "fail"]).describe("At the limit: wait for a person (default), or end as failed.").exactOptional(),
});

/** A workflow file. */
export const workflowSchema: z.ZodType<WorkflowDefinition> = strict({
  name: z.string().min(1).max(500).describe("One agent per name: budgets and history stay the same from execution to execution."),
  description: z.string().max(10_000).exactOptional(),
  version: z.string().min(1).max(100).exactOptional(),
  inputs: z
    .record(identifier, inputDeclaration)
    .describe("What an execution is given, read as {{input.name}}. Absent: anything.")
    .exactOptional(),
  steps: z.array(nestedStep).min(1, { error: "expected at least one step" }).max(MAX_STEPS),
  output: templateValue.describe("The execution's result, with templates; absent: the last step's output.").exactOptional(),
  model: z.string().min(1).describe("Model for all steps that name none.").exactOptional(),
  limits: limits.exactOptional(),
  tags: z.array(z.string().min(1).max(200)).describe("For budgets and reports.").exactOptional(),
  maxConcurrency: concurrency.default(DEFAULT_MAX_CONCURRENCY).describe("Steps of one execution that run at the same time."),
});
