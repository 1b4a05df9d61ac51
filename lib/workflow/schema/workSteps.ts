// Steps that reach outside or ask a model: action, ai_processing, llm_decision, deterministic_extraction, human_approval, delay.
import { z } from "zod";
import { commonFields, jsonObject, milliseconds, outputSchema, strict, templateObject, templateValue } from "./fields.ts";

export const actionStep = strict({
  ...commonFields,
  type: z.literal("action").describe("One call of a plugin's action. `plugin_action` is accepted."),
  plugin: z.string().min(1),
  action: z.string().min(1).describe("Name of the plugin's action. `operation` is accepted."),
  params: templateObject.default({}),
  output_schema: outputSchema.exactOptional(),
});

const aiProcessingConfig = strict({
  ai_type: z.enum(["classify", "generate", "extract", "llm_extract", "deterministic_extract"]).exactOptional(),
  labels: z.array(z.string().min(1)).min(1).describe("Classes to choose from; with `classify`.").exactOptional(),
  instruction: z.string().min(1).exactOptional(),
  output_schema: outputSchema.exactOptional(),
});

export const aiProcessingStep = strict({
  ...commonFields,
  type: z.literal("ai_processing").describe("One model call, no tools."),
  prompt: z.string().min(1).describe("What the model is to do; may hold {{templates}}.").exactOptional(),
  input: templateValue.describe("What the model is to work on.").exactOptional(),
  params: templateObject.exactOptional(),
  config: aiProcessingConfig.exactOptional(),
  output_schema: outputSchema.exactOptional(),
});

export const llmDecisionStep = strict({
  ...commonFields,
  type: z.literal("llm_decision").describe("A model with tools, until it is done or reaches `maxIterations`."),
  prompt: z.string().min(1),
  input: templateValue.exactOptional(),
  params: templateObject.exactOptional(),
  plugins: z.array(z.string().min(1)).describe("Plugins whose actions are the tools; absent: all registered ones.").exactOptional(),
  maxIterations: z.int().min(1).max(1000).describe("Model calls at most.").exactOptional(),
  approvers: z
    .array(z.string().min(1))
    .min(1, { error: "expected at least one approver" })
    .describe("Who must agree to each destructive call of a plugin named in `plugins`; absent: destructive actions are no tools.")
    .exactOptional(),
  output_schema: outputSchema.exactOptional(),
});

export const deterministicExtractionStep = strict({
  ...commonFields,
  type: z
    .literal("deterministic_extraction")
    .describe("Fields read out of a document by rules first; a model only where nothing else can."),
  input: templateValue,
  output_schema: outputSchema,
  instruction: z.string().min(1).exactOptional(),
  document_type: z.enum(["invoice", "receipt", "form", "contract", "auto"]).exactOptional(),
  ocr_fallback: z.boolean().exactOptional(),
});

const notificationChannel = strict({
  type: z
    .enum(["outbox", "email", "webhook", "slack", "teams"])
    .describe("`outbox` is delivered; the others are recorded until their delivery is configured."),
  config: jsonObject.exactOptional(),
});

export const humanApprovalStep = strict({
  ...commonFields,
  type: z.literal("human_approval").describe("Waits until people answer."),
  approvers: z.array(z.string().min(1)).min(1, { error: "expected at least one approver" }),
  approvalType: z.enum(["any", "all", "majority"]).default("any").describe("`majority`: more than half."),
  title: z.string().min(1).exactOptional(),
  message: z.string().min(1).exactOptional(),
  context: templateObject.describe("What the approvers are shown.").exactOptional(),
  notificationChannels: z.array(notificationChannel).exactOptional(),
  timeout: milliseconds.min(1).describe("Milliseconds; absent: no time limit.").exactOptional(),
  onTimeout: z.enum(["approve", "reject", "escalate"]).default("reject"),
  escalateTo: z.array(z.string().min(1)).min(1).exactOptional(),
  requireComment: z.boolean().exactOptional(),
  allowDelegate: z.boolean().exactOptional(),
});

const templateText = z.string().regex(/\{\{[^]*\}\}/, { error: "expected milliseconds as a number, or a {{template}} that gives them" });

export const delayStep = strict({
  ...commonFields,
  type: z.literal("delay").describe("Waits without holding a worker."),
  duration: z.union([milliseconds, templateText], { error: "expected milliseconds ≥ 0 as a number, or a {{template}} that gives them" }),
});
