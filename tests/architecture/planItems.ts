// Everything that the implementation plan names and a machine can look for, phase by phase. planChecks.ts looks; docs/plan-map.md is made from it.

import { INTEGRATION_SECTIONS } from "./planIntegration.ts";
import {
  AIS_ROUTING,
  columns,
  CREATION,
  exported,
  FOUNDATION,
  GOVERNANCE,
  HANDLER_TABLE,
  HANDLERS,
  index,
  INTEGRATION,
  members,
  paths,
  type PlanItem,
  type Section,
  suite,
  table,
  texts,
  TYPES,
  UNIT,
} from "./planVocabulary.ts";

/** Phases of the plan that are finished: their items must exist. 0 is what the plan takes as given, our spine. */
export const FINISHED_PHASES: readonly number[] = [0, 1, 2, 3, 4, 5];

/** Paths that exist before their phase is finished; they must. */
export const FINISHED_EARLY: readonly string[] = ["tests/integration/orchestration/end-to-end-orchestration.test.ts"];

/** The plan's name → ours, agreed in DESIGN.md. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  "lib/agentkit/analyzePrompt-v3-direct.ts": "lib/agentkit/analyzePrompt.ts",
  "lib/utils/updateAgentIntensity.ts": "lib/ais/updateAgentIntensity.ts",
  PluginManagerV2: "PluginManager",
  PluginExecuterV2: "PluginExecutor",
};

const PHASE_SECTIONS: readonly Section[] = [
  [
    0,
    "Architecture overview",
    [
      ...exported("lib/pilot/WorkflowPilot.ts", "WorkflowPilot"),
      ...paths(
        "lib/pilot/WorkflowPilot.ts",
        "lib/pilot/StepExecutor.ts",
        "lib/pilot/ParallelExecutor.ts",
        "lib/pilot/ConditionalEvaluator.ts",
        "lib/tokens/pricing.ts",
      ),
      ...exported("lib/pilot/StepExecutor.ts", "StepExecutor"),
      ...exported("lib/pilot/ParallelExecutor.ts", "ParallelExecutor"),
      ...exported("lib/plugins", "PluginManagerV2", "PluginExecuterV2"),
      ...exported("lib/models/BaseProvider.ts", "BaseProvider"),
      ...exported("lib/audit/AuditTrailService.ts", "AuditTrailService"),
      ...exported("lib/workflow", "WorkflowStep"),
      ...table("agents", "id", "token_limit"),
      ...table("workflow_executions"),
      ...table("workflow_step_executions"),
      ...table("token_usage"),
    ],
  ],
  [1, "Architecture overview", exported("lib", "Agent", "StepOutput", "ExecutionContext")],
  [4, "Architecture overview", table("agent_intensity_metrics")],
  [
    3,
    "Architecture overview",
    // The tool loop of a whole agent; `llm_decision` steps have their loop in lib/pilot/steps until then.
    [...paths("lib/agentkit/runAgentKit.ts"), ...exported("lib/agentkit/runAgentKit.ts", "runAgentKit")],
  ],
  [
    3,
    "Architecture overview",
    [...paths("lib/orchestration/Orchestrator.ts"), ...exported("lib/orchestration/Orchestrator.ts", "Orchestrator")],
  ],
  [
    1,
    "Architecture overview: intent types",
    texts("lib/orchestration", '"extract"', '"summarize"', '"generate"', '"validate"', '"send"', '"transform"', '"conditional"'),
  ],
  [
    1,
    "Phase 1: types and interfaces",
    [
      ...paths(TYPES),
      ...exported(TYPES, "IntentType", "TokenBudget", "CompressionPolicy", "OrchestrationMetadata"),
      ...members(TYPES, "TokenBudget", "allocated", "used", "remaining", "compressed"),
      ...members(TYPES, "CompressionPolicy", "enabled", "ratio", "minQualityScore"),
      ...members(TYPES, "OrchestrationMetadata", "intent", "tokenBudget", "compressionPolicy", "routingTier"),
      ...texts(TYPES, '"fast"', '"balanced"', '"capable"'),
    ],
  ],
  [
    1,
    "Phase 1: intent classifier, token budget manager",
    [
      ...paths("lib/orchestration/IntentClassifier.ts", "lib/orchestration/TokenBudgetManager.ts"),
      ...exported("lib/orchestration/IntentClassifier.ts", "IntentClassifier"),
      ...exported("lib/orchestration/TokenBudgetManager.ts", "TokenBudgetManager"),
    ],
  ],
  [
    0,
    "Phase 1: database schema",
    [
      ...paths(FOUNDATION),
      ...table(
        "orchestration_intents",
        "id",
        "step_type",
        "intent",
        "complexity_score",
        "estimated_tokens",
        "compression_recommended",
        "created_at",
      ),
      ...columns("workflow_executions", "intent_classification", "token_budget_allocated", "token_budget_used"),
      ...columns("workflow_step_executions", "intent", "token_budget_step"),
    ],
  ],
  [
    1,
    "Phase 1: tests",
    [
      ...paths(`${UNIT}/IntentClassifier.test.ts`, `${UNIT}/TokenBudgetManager.test.ts`),
      ...suite(
        `${UNIT}/IntentClassifier.test.ts`,
        "IntentClassifier",
        "classifies extract intent from plugin actions",
        "classifies summarize intent from AI processing",
        "classifies generate intent from LLM steps",
        "detects compression opportunities",
        "estimates token consumption accurately",
      ),
      ...suite(
        `${UNIT}/TokenBudgetManager.test.ts`,
        "TokenBudgetManager",
        "allocates budget proportionally",
        "tracks consumption per step",
        "flags budget overages",
        "reserves budget for memory context",
      ),
    ],
  ],
  [
    2,
    "Phase 2: token compressor",
    [
      ...paths("lib/orchestration/TokenCompressor.ts"),
      ...exported("lib/orchestration/TokenCompressor.ts", "TokenCompressor"),
      ...members("lib/orchestration/TokenCompressor.ts", "TokenCompressor", "compress"),
      ...exported("lib/orchestration", "CompressedContent"),
    ],
  ],
  [
    0,
    "Phase 2: database schema",
    [
      ...paths(GOVERNANCE),
      ...table(
        "token_budgets",
        "id",
        "agent_id",
        "execution_id",
        "step_id",
        "allocated_tokens",
        "used_tokens",
        "compression_applied",
        "compression_ratio",
        "created_at",
      ),
      index("token_budgets", "idx_token_budgets_execution"),
    ],
  ],
  [
    2,
    "Phase 2: tests",
    [
      ...paths(`${UNIT}/TokenCompressor.test.ts`),
      ...suite(
        `${UNIT}/TokenCompressor.test.ts`,
        "TokenCompressor",
        "truncates verbose outputs",
        "summarizes large context",
        "preserves semantic meaning",
        "respects quality threshold",
      ),
      ...suite(
        INTEGRATION,
        "Token Governance Integration",
        "respects budget per step",
        "applies compression when needed",
        "prevents circuit breaker",
        "maintains execution quality",
      ),
    ],
  ],
  [
    3,
    "Phase 3: intent handlers, registry",
    [
      ...["Extract", "Summarize", "Generate", "Validate", "Send"].flatMap((intent) => [
        ...paths(`${HANDLERS}/${intent}Handler.ts`),
        ...exported(`${HANDLERS}/${intent}Handler.ts`, `${intent}Handler`),
        ...members(`${HANDLERS}/${intent}Handler.ts`, `${intent}Handler`, "execute"),
      ]),
      ...paths("lib/orchestration/HandlerRegistry.ts"),
      ...exported("lib/orchestration/HandlerRegistry.ts", "HandlerRegistry"),
      ...members("lib/orchestration/HandlerRegistry.ts", "HandlerRegistry", "register", "get", "execute"),
    ],
  ],
  [
    0,
    "Phase 3: database schema",
    [
      ...paths(HANDLER_TABLE),
      ...table("orchestration_handlers", "id", "intent", "handler_class", "optimization_level", "enabled", "created_at"),
      ...texts(
        HANDLER_TABLE,
        "('extract', 'ExtractHandler')",
        "('summarize', 'SummarizeHandler')",
        "('generate', 'GenerateHandler')",
        "('validate', 'ValidateHandler')",
        "('send', 'SendHandler')",
      ),
    ],
  ],
  [
    3,
    "Phase 3: tests",
    [
      ...paths(`${UNIT}/IntentHandlers.test.ts`),
      ...suite(
        `${UNIT}/IntentHandlers.test.ts`,
        "Intent Handlers",
        "ExtractHandler optimizes retrieval",
        "SummarizeHandler applies compression",
        "GenerateHandler enforces guardrails",
        "ValidateHandler catches errors",
        "SendHandler batches operations",
      ),
      ...suite(
        INTEGRATION,
        "Intent Routing Integration",
        "routes extract to ExtractHandler",
        "falls back if handler missing",
        "preserves audit trail",
        "tracks handler metrics",
      ),
    ],
  ],
  [
    4,
    "Phase 4: AIS router",
    [
      ...paths("lib/orchestration/AISRouter.ts"),
      ...exported("lib/orchestration/AISRouter.ts", "AISRouter"),
      ...members("lib/orchestration/AISRouter.ts", "AISRouter", "route"),
      ...exported("lib/orchestration", "RoutingDecision"),
    ],
  ],
  [
    0,
    "Phase 4: database schema",
    [
      ...paths(AIS_ROUTING),
      ...columns("workflow_executions", "ais_score_at_execution", "routing_tier", "routing_reason"),
      index("workflow_executions", "idx_workflow_executions_ais"),
    ],
  ],
  [
    4,
    "Phase 4: tests",
    [
      ...paths(`${UNIT}/AISRouter.test.ts`),
      ...suite(
        `${UNIT}/AISRouter.test.ts`,
        "AISRouter",
        "routes low AIS to fast tier",
        "routes high AIS to capable tier",
        "adjusts as AIS evolves",
        "handles missing AIS gracefully",
      ),
      ...suite(
        INTEGRATION,
        "AIS Routing Integration",
        "coordinates with per-step routing",
        "respects user model preferences",
        "tracks routing decisions",
      ),
    ],
  ],
  // Phase 3's handlers extend it, so the file comes with them; its life cycle and utilities are phase 5's.
  [3, "Phase 5: base handler", [...paths(`${HANDLERS}/BaseHandler.ts`), ...exported(`${HANDLERS}/BaseHandler.ts`, "BaseHandler")]],
  [
    5,
    "Phase 5: base handler",
    [
      ...members(
        `${HANDLERS}/BaseHandler.ts`,
        "BaseHandler",
        "execute",
        "validate",
        "rollback",
        "compress",
        "trackMetrics",
        "init",
        "cleanup",
      ),
      ...exported("lib/orchestration", "HandlerMetrics"),
    ],
  ],
  [
    5,
    "Phase 5: tests",
    [
      ...paths(`${UNIT}/HandlerRegistry.test.ts`, `${UNIT}/BaseHandler.test.ts`),
      ...suite(
        `${UNIT}/HandlerRegistry.test.ts`,
        "HandlerRegistry",
        "registers and retrieves handlers",
        "handles missing handlers",
        "supports dynamic registration",
        "validates handler interface",
      ),
      ...suite(
        `${UNIT}/BaseHandler.test.ts`,
        "BaseHandler",
        "provides common interface",
        "supports rollback on failure",
        "tracks handler metrics",
      ),
    ],
  ],
  [
    6,
    "Phase 6: agent creation",
    [
      ...paths(CREATION, "app/api/generate-agent-v2/route.ts"),
      ...texts("lib/agentkit", "# INTELLIGENT ORCHESTRATION"),
      ...exported("app/api/generate-agent-v2/route.ts", "POST"),
    ],
  ],
  [
    6,
    "Phase 6: tests",
    [
      ...paths("tests/agentkit/analyzePrompt-intents.test.ts"),
      ...suite(
        "tests/agentkit/analyzePrompt-intents.test.ts",
        "Agent Creation with Intents",
        "classifies extract intent",
        "classifies summarize intent",
        "suggests token budgets",
        "backward compatible",
      ),
    ],
  ],
];

export const PLAN_ITEMS: readonly PlanItem[] = [...PHASE_SECTIONS, ...INTEGRATION_SECTIONS].flatMap(([phase, section, checks]) =>
  checks.map((check) => ({ ...check, phase, section })),
);
