// A workflow as every other part sees it: the normalised form that parser and builder give. Types only; the zod union is workflowSchema.ts.
import type { JsonObject, JsonValue } from "../core/json.ts";

/** JSON whose strings may hold `{{templates}}`. */
export type TemplateValue = JsonValue;
/** Structured condition, or CEL text. Parsed by operations/conditions. */
export type ConditionSource = string | JsonObject;
/** JSON Schema, or the short form `{type, fields: [{name, type, required, description}]}`. */
export type OutputSchema = JsonObject;

export type Intent = "extract" | "summarize" | "generate" | "validate" | "send" | "transform" | "conditional";
export type Effect = "none" | "read" | "write" | "destructive";

/** What a step is for and what it may hurt, fixed when its definition is saved. */
export interface StepLabel {
  readonly intent: Intent;
  readonly effect: Effect;
  /** Where it comes from: `declared`, `structure`, `prompt`, … */
  readonly source: string;
  /** 0–1. */
  readonly confidence: number;
}

export interface RetryPolicy {
  /** Tries after the first one. */
  readonly maxRetries: number;
  readonly backoffMs?: number;
  readonly backoffMultiplier?: number;
  /** Error codes; absent = what the error itself says. */
  readonly retryableErrors?: readonly string[];
}

export interface RollbackAction {
  readonly plugin: string;
  readonly action: string;
  /** May also name the step's own output. */
  readonly params?: JsonObject;
}

export interface CachePolicy {
  readonly enabled: boolean;
  readonly key?: string;
  /** Seconds. */
  readonly ttl?: number;
}

export interface StepBase<Type extends string> {
  /** Unique in the whole definition, nested steps included. */
  readonly id: string;
  readonly type: Type;
  readonly name?: string;
  readonly description?: string;
  /** Absent: the step before it in the list. Given, even empty: exactly these. References add to both (dependencies.ts). */
  readonly dependencies?: readonly string[];
  readonly executeIf?: ConditionSource;
  readonly continueOnError?: boolean;
  readonly retryPolicy?: RetryPolicy;
  readonly rollbackAction?: RollbackAction;
  readonly cache?: CachePolicy;
  /** Publishes the step's data under this name too. */
  readonly output_variable?: string;
  readonly _on_empty?: "warn" | "throw";
  readonly metadata?: JsonObject;
  readonly intent?: Intent;
  readonly effect?: Effect;
  readonly token_budget?: number;
  readonly model?: string;
  /** True: no model ever sees a shortened view of this step's inputs. */
  readonly exact?: boolean;
  readonly timeoutMs?: number;
  readonly max_output_tokens?: number;
  readonly temperature?: number;
}

export interface ActionStep extends StepBase<"action"> {
  readonly plugin: string;
  readonly action: string;
  readonly params: JsonObject;
  readonly output_schema?: OutputSchema;
}

export type AiType = "classify" | "generate" | "extract" | "llm_extract" | "deterministic_extract";

export interface AiProcessingConfig {
  readonly ai_type?: AiType;
  readonly labels?: readonly string[];
  readonly instruction?: string;
  readonly output_schema?: OutputSchema;
}

export interface AiProcessingStep extends StepBase<"ai_processing"> {
  /** Absent only where `config.instruction` or `config.ai_type` says what to do. */
  readonly prompt?: string;
  readonly input?: TemplateValue;
  readonly params?: JsonObject;
  readonly config?: AiProcessingConfig;
  readonly output_schema?: OutputSchema;
}

export interface LlmDecisionStep extends StepBase<"llm_decision"> {
  readonly prompt: string;
  readonly input?: TemplateValue;
  readonly params?: JsonObject;
  /** Plugins whose actions are the loop's tools; absent = all registered ones. */
  readonly plugins?: readonly string[];
  readonly maxIterations?: number;
  /** Who must agree to each destructive call, any one of them; absent = destructive actions are no tools. */
  readonly approvers?: readonly string[];
  readonly output_schema?: OutputSchema;
}

export interface ConditionalStep extends StepBase<"conditional"> {
  readonly condition: ConditionSource;
  readonly then_steps: readonly WorkflowStep[];
  readonly else_steps: readonly WorkflowStep[];
}

export interface SwitchStep extends StepBase<"switch"> {
  /** Compared with the keys of `cases` as text. */
  readonly evaluate: TemplateValue;
  readonly cases: Readonly<Record<string, readonly WorkflowStep[]>>;
  readonly default: readonly WorkflowStep[];
}

export interface LoopStep extends StepBase<"loop"> {
  readonly iterateOver: TemplateValue;
  readonly loopSteps: readonly WorkflowStep[];
  readonly maxIterations: number;
  readonly parallel: boolean;
  readonly maxConcurrency?: number;
}

export interface ParallelGroupStep extends StepBase<"parallel_group"> {
  readonly steps: readonly WorkflowStep[];
  readonly maxConcurrency?: number;
}

export interface Scatter {
  readonly input: TemplateValue;
  readonly steps: readonly WorkflowStep[];
  readonly itemVariable: string;
  readonly maxConcurrency?: number;
  readonly continueOnError?: boolean;
}

export interface Gather {
  readonly operation: "collect" | "merge" | "reduce" | "flatten";
  readonly outputKey?: string;
  /** CEL over `accumulator`, `item` (one result) and `index`; with `operation: reduce` only. */
  readonly reduceExpression?: string;
  readonly shape?: "step_only" | "merge_with_item" | "merge_as_named_array" | "item_only";
  readonly shapeField?: string;
  /** Inner step whose data is gathered; absent = the last one. */
  readonly from?: string;
}

export interface ScatterGatherStep extends StepBase<"scatter_gather"> {
  readonly scatter: Scatter;
  readonly gather: Gather;
}

export interface TransformStep extends StepBase<"transform"> {
  /** Absent only where `expression` (CEL) is given. */
  readonly operation?: string;
  readonly input?: TemplateValue;
  readonly config?: JsonObject;
  readonly expression?: string;
}

export interface DelayStep extends StepBase<"delay"> {
  /** Milliseconds, or a template that gives them. */
  readonly duration: number | string;
}

export interface EnrichmentStep extends StepBase<"enrichment"> {
  readonly sources: readonly { readonly key: string; readonly from: TemplateValue }[];
  readonly strategy: "merge" | "deep_merge" | "join";
  readonly joinOn?: string;
  readonly mergeArrays?: boolean;
}

export interface ValidationRule {
  readonly field?: string;
  readonly condition: ConditionSource;
  readonly message?: string;
}

export interface ValidationStep extends StepBase<"validation"> {
  readonly input: TemplateValue;
  readonly schema?: JsonObject;
  readonly rules?: readonly ValidationRule[];
  readonly onValidationFail: "throw" | "continue" | "skip";
}

export interface ComparisonStep extends StepBase<"comparison"> {
  readonly left: TemplateValue;
  readonly right: TemplateValue;
  readonly operation: "equals" | "deep_equals" | "diff" | "contains" | "subset";
  readonly outputFormat: "boolean" | "diff" | "detailed";
}

export interface SubWorkflowStep extends StepBase<"sub_workflow"> {
  /** A stored agent; exactly one of this and `workflowSteps`. */
  readonly workflowId?: string;
  readonly workflowSteps?: readonly WorkflowStep[];
  readonly inputs: JsonObject;
  /** Name → value with templates, resolved inside the nested run. Absent: the nested run's output. */
  readonly outputMapping?: JsonObject;
  /** Milliseconds. */
  readonly timeout?: number;
  /** True: the nested steps may also read what the outer steps read. */
  readonly inheritContext: boolean;
  readonly onError: "throw" | "continue" | "return_error";
}

export interface NotificationChannel {
  readonly type: "outbox" | "email" | "webhook" | "slack" | "teams";
  readonly config?: JsonObject;
}

export interface HumanApprovalStep extends StepBase<"human_approval"> {
  readonly approvers: readonly string[];
  readonly approvalType: "any" | "all" | "majority";
  readonly title?: string;
  readonly message?: string;
  readonly context?: JsonObject;
  readonly notificationChannels?: readonly NotificationChannel[];
  /** Milliseconds; absent = no time limit. */
  readonly timeout?: number;
  readonly onTimeout: "approve" | "reject" | "escalate";
  readonly escalateTo?: readonly string[];
  readonly requireComment?: boolean;
  readonly allowDelegate?: boolean;
}

export interface DeterministicExtractionStep extends StepBase<"deterministic_extraction"> {
  readonly input: TemplateValue;
  readonly output_schema: OutputSchema;
  readonly instruction?: string;
  readonly document_type?: "invoice" | "receipt" | "form" | "contract" | "auto";
  readonly ocr_fallback?: boolean;
}

/** One step, discriminated by `type`. */
export type WorkflowStep =
  | ActionStep
  | AiProcessingStep
  | LlmDecisionStep
  | ConditionalStep
  | SwitchStep
  | LoopStep
  | ParallelGroupStep
  | ScatterGatherStep
  | TransformStep
  | DelayStep
  | EnrichmentStep
  | ValidationStep
  | ComparisonStep
  | SubWorkflowStep
  | HumanApprovalStep
  | DeterministicExtractionStep;

export type StepType = WorkflowStep["type"];
export type StepOf<Type extends StepType> = Extract<WorkflowStep, { readonly type: Type }>;

export interface InputDeclaration {
  readonly type?: "string" | "number" | "boolean" | "array" | "object";
  readonly required?: boolean;
  readonly default?: JsonValue;
  readonly description?: string;
}

export interface WorkflowLimits {
  readonly usd?: number;
  readonly tokens?: number;
  readonly timeoutMs?: number;
  readonly onLimit?: "pause" | "fail";
  /** Tokens planned for one execution: divided over its steps by governance. Soft, unless `overBudget` is `pause` or `fail`. */
  readonly plannedTokens?: number;
  /** What becomes of a step that passes what is planned. */
  readonly overBudget?: "warn" | "degrade" | "pause" | "fail";
}

export interface WorkflowDefinition {
  readonly name: string;
  readonly description?: string;
  readonly version?: string;
  /** Absent: any input is taken. Given: only these. */
  readonly inputs?: Readonly<Record<string, InputDeclaration>>;
  readonly steps: readonly WorkflowStep[];
  /** The execution's result, with templates; absent = the last step's output. */
  readonly output?: TemplateValue;
  readonly model?: string;
  readonly limits?: WorkflowLimits;
  readonly tags?: readonly string[];
  /** Steps of one execution that run at the same time. */
  readonly maxConcurrency: number;
  /** By step id, nested steps included. Added when the definition is saved; a file never holds it. A step's own `intent` and `effect` stand above it. */
  readonly labels?: Readonly<Record<string, StepLabel>>;
}

export interface StepOutputMetadata {
  readonly success: boolean;
  /** ISO 8601. */
  readonly executedAt: string;
  /** Milliseconds. */
  readonly executionTime: number;
  readonly itemCount?: number;
  readonly tokensUsed?: number;
  readonly error?: string;
  readonly errorCode?: string;
  readonly [fact: string]: JsonValue | undefined;
}

/** @public What a step leaves behind; `data` is what templates see. */
export interface StepOutput {
  readonly stepId: string;
  readonly plugin?: string;
  readonly action?: string;
  readonly data: JsonValue;
  readonly metadata: StepOutputMetadata;
}

export type WorkflowIssueCode =
  | "SYNTAX_INVALID"
  | "WORKFLOW_INVALID"
  | "TEMPLATE_INVALID"
  | "CONDITION_INVALID"
  | "TRANSFORM_INVALID"
  | "PARAMS_INVALID"
  | "PLUGIN_UNKNOWN"
  | "PLUGIN_ACTION_UNKNOWN"
  | "SECRET_IN_WORKFLOW";

/** One defect, told so that the line can be mended without reading anything else. */
export interface WorkflowIssue {
  readonly code: WorkflowIssueCode;
  /** Where, as the author wrote it: `steps[2].params.url`; empty = the whole document. */
  readonly path: string;
  readonly step?: string;
  readonly field?: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  readonly expected: string;
  readonly got: string;
  /** What to do about it, in the imperative. */
  readonly hint: string;
}

export type ParseResult =
  | { readonly definition: WorkflowDefinition; readonly issues: readonly [] }
  | { readonly definition: null; readonly issues: readonly WorkflowIssue[] };

/** What validation asks about plugins; fulfilled by plugins/PluginManager. */
export interface PluginCatalog {
  action(plugin: string, action: string): PluginCatalogAction | undefined;
  plugins(): readonly string[];
  actions(plugin: string): readonly string[];
}

export interface PluginCatalogAction {
  /** JSON Schema of the parameters. */
  readonly params: JsonObject;
  readonly effect: Effect;
  readonly output?: JsonObject | undefined;
}
