// Judges a step by its type, where the type alone says what it does. Hands types that say little to the parts that look closer.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";
import { moreDangerous, opinion, withEffect } from "./effects.ts";
import { judgeName } from "./judgeName.ts";
import { judgePrompt } from "./judgePrompt.ts";
import { asRecord } from "./looseValues.ts";
import type { Opinion, StepFacts } from "./types.ts";

const FIXED: Readonly<Record<string, readonly [IntentType, Effect]>> = {
  conditional: ["conditional", "none"],
  condition: ["conditional", "none"],
  if: ["conditional", "none"],
  if_else: ["conditional", "none"],
  switch: ["conditional", "none"],
  router: ["conditional", "none"],
  branch: ["conditional", "none"],
  gate: ["conditional", "none"],
  loop: ["conditional", "none"],
  iteration: ["conditional", "none"],
  parallel_group: ["transform", "none"],
  parallel: ["transform", "none"],
  scatter_gather: ["transform", "none"],
  enrichment: ["transform", "none"],
  delay: ["conditional", "none"],
  wait: ["conditional", "none"],
  validation: ["validate", "none"],
  validate: ["validate", "none"],
  comparison: ["validate", "none"],
  deterministic_extraction: ["extract", "read"],
  extract: ["extract", "read"],
  summarize: ["summarize", "none"],
  generate: ["generate", "none"],
};
const LOCAL_CHANNELS = new Set(["outbox"]);
const AI_TYPES: Readonly<Record<string, IntentType>> = {
  classify: "summarize",
  extract: "extract",
  llm_extract: "extract",
  deterministic_extract: "extract",
};

export const AI_STEP_TYPES: ReadonlySet<string> = new Set(["ai_processing", "llm_decision", "llm", "ai", "agent", "llm_call", "prompt"]);

/** Null when the type does not settle it. */
export function judgeStructure(facts: StepFacts, step: Readonly<Record<string, unknown>>): Opinion | null {
  const { type } = facts;
  if (type === "human_approval") return judgeApproval(step);
  if (type === "sub_workflow" && !Array.isArray(step["workflowSteps"])) return judgeSubWorkflow(facts);
  const fixed = Object.hasOwn(FIXED, type) ? FIXED[type] : undefined;
  return fixed === undefined ? null : opinion(fixed[0], fixed[1], "structure", [0.97, `steps of type ${type} do this`]);
}

/** A gate that people are told of outside sends to them. */
function judgeApproval(step: Readonly<Record<string, unknown>>): Opinion {
  const channels = Array.isArray(step["notificationChannels"]) ? (step["notificationChannels"] as readonly unknown[]).slice(0, 20) : [];
  const reaches = channels.some((channel) => !LOCAL_CHANNELS.has(String(asRecord(channel)["type"])));
  const gate = opinion("conditional", "none", "structure", [0.95, "a person decides whether to go on"]);
  return reaches ? withEffect(gate, "destructive") : gate;
}

/** What it runs is not in sight: its name gives the intent, and it may change anything. */
function judgeSubWorkflow({ name, description }: StepFacts): Opinion {
  const named = judgeName(name.replace(/^(?:call|run|execute|start|trigger)\b/i, "")) ?? judgeName(description);
  if (named === null) return opinion("send", "write", "abstained", [0.25, "what the other workflow does is not known"]);
  const intent = /\b(?:send|message|notify|reply)\b/i.test(name) ? "send" : named.intent;
  return opinion(intent, moreDangerous(named.effect, "write"), "lexicon", [0.5, `its name says "${named.verb}"`]);
}

/** Steps that call a model: `ai_type` first, branches next, then the prompt. */
export function judgeAiStep(facts: StepFacts, step: Readonly<Record<string, unknown>>): Opinion {
  const config = asRecord(step["config"]);
  const aiType = config["ai_type"] ?? step["ai_type"];
  if (typeof aiType === "string" && Object.hasOwn(AI_TYPES, aiType))
    return opinion(AI_TYPES[aiType] ?? "generate", "none", "structure", [0.95, `its ai_type is ${aiType}`]);
  if (facts.type === "llm_decision") return judgeDecision(facts, step);
  return judgePrompt(withSchemaHint(facts, step));
}

/** n8n's Information Extractor and Dify's parameter extractor: field names are what they are about. */
function withSchemaHint(facts: StepFacts, step: Readonly<Record<string, unknown>>): StepFacts {
  const { params } = facts;
  const isExtractor =
    "schemaType" in params ||
    (Array.isArray(params["parameters"]) && params["parameters"].length > 0) ||
    "attributes" in params ||
    step["kind"] === "informationExtractor";
  return isExtractor ? { ...facts, outputKeys: [...facts.outputKeys, ...EXTRACTOR_KEYS] } : facts;
}

const EXTRACTOR_KEYS = ["item name", "item number", "item date"];

/** A node that chooses between branches routes, and so does one that only classifies; any other is a loop, judged by what it is to deliver. */
function judgeDecision(facts: StepFacts, step: Readonly<Record<string, unknown>>): Opinion {
  if (facts.hasBranches) return opinion("conditional", "none", "structure", [0.95, "its answer picks the branch"]);
  const judged = judgePrompt(facts);
  const isLoop = facts.hasTools || "maxIterations" in step;
  if (!isLoop && judged.intent === "summarize" && judged.confidence < 0.9)
    return opinion("conditional", "none", "structure", [0.6, "a model decides"]);
  if (facts.prompt === "") return opinion("conditional", "none", "structure", [0.6, "a model decides"]);
  // Without a list of tools, a loop is offered every one that changes nothing.
  return withEffect(judged, "read");
}
