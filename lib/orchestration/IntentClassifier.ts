// Labels a step with what it is for and what it may hurt. Pure and synchronous: no model, no clock, no file. intents/README.md has the order of sources.
import type { Effect } from "../workflow/types.ts";
import { effectOfTools, type IntentCatalog } from "./intents/effectOfTools.ts";
import { moreDangerous, opinion, withEffect } from "./intents/effects.ts";
import { forecastTokens } from "./intents/estimateTokens.ts";
import { judgeAction } from "./intents/judgeAction.ts";
import { AI_STEP_TYPES, judgeAiStep, judgeStructure } from "./intents/judgeStructure.ts";
import { MODEL_CALL_REASON } from "./intents/judgeModelCall.ts";
import { judgeTool } from "./intents/judgeTool.ts";
import { judgeTransform } from "./intents/judgeTransform.ts";
import { asRecord } from "./intents/looseValues.ts";
import { normaliseForeign } from "./intents/normaliseForeign.ts";
import { readRecord } from "./intents/readStep.ts";
import type { ClassifiableStep, Opinion, StepFacts, ToolDefinition } from "./intents/types.ts";
import type { IntentClassification } from "./types.ts";

export type { ClassifiableStep, ToolDefinition } from "./intents/types.ts";

export interface ClassifyOptions {
  /** The agent's intensity score, 0–10. Moves `estimatedTokens` and `compressionRecommended`, never the label. */
  readonly ais?: number;
  /** Looks up what a plugin's action may hurt, and lists actions of plugins that a model gets as tools. Absent: judged by its name and parameters. */
  readonly catalog?: IntentCatalog;
}

const NEST_LIMIT = 4;
const NESTED_LIMIT = 50;

export class IntentClassifier {
  /**
   * Never throws: a value that is no step at all is labelled `send`, effect `write`, source `abstained`.
   * Long texts are read at both ends only, so time is bounded whatever the step holds.
   */
  classify(step: ClassifiableStep, { ais, catalog }: ClassifyOptions = {}): IntentClassification {
    const record = normaliseForeign(asRecord(step));
    const facts = readRecord(record);
    const judged = declared(facts, this.#judge(facts, record, { catalog, depth: 0 }));
    const forecast = callsModel(facts, judged)
      ? forecastTokens(facts, judged.intent, record, ais)
      : { tokens: 0, compressionRecommended: false };
    return toClassification(judged, forecast.tokens, forecast.compressionRecommended);
  }

  /** Labels a tool of an MCP server, or any other function with a name and a description. Costs no tokens itself. */
  classifyTool(tool: ToolDefinition): IntentClassification {
    return toClassification(judgeTool(tool), 0, false);
  }

  #judge(facts: StepFacts, step: Readonly<Record<string, unknown>>, context: JudgeContext): Opinion {
    const structural = judgeStructure(facts, step);
    if (structural !== null) return structural;
    if (facts.type === "sub_workflow") return this.#judgeNested(step, context);
    if (AI_STEP_TYPES.has(facts.type) || isPromptOnly(facts))
      return withEffect(judgeAiStep(facts, step), effectOfTools(step, context.catalog));
    if (facts.type === "transform" || (facts.type === "" && facts.operation !== "" && facts.plugin === "")) return judgeTransform(facts);
    if (isBlank(facts)) return opinion("send", "write", "abstained", [0.1, "nothing says what it does; taken for a change to be safe"]);
    return judgeAction(facts, catalogEffect(facts, context.catalog));
  }

  /** A nested workflow does what its steps do: something sent decides, else what comes last. Effects add up. */
  #judgeNested(step: Readonly<Record<string, unknown>>, { catalog, depth }: JudgeContext): Opinion {
    const steps = (Array.isArray(step["workflowSteps"]) ? step["workflowSteps"] : []) as readonly unknown[];
    let effect: Effect = depth >= NEST_LIMIT || steps.length > NESTED_LIMIT ? "write" : "none";
    let last: Opinion | null = null;
    let sending: Opinion | null = null;
    for (const nested of depth >= NEST_LIMIT ? [] : steps.slice(0, NESTED_LIMIT)) {
      const record = normaliseForeign(asRecord(nested));
      const facts = readRecord(record);
      const judged = declared(facts, this.#judge(facts, record, { catalog, depth: depth + 1 }));
      effect = moreDangerous(effect, judged.effect);
      last = judged;
      if (judged.intent === "send") sending = judged;
    }
    const decisive = sending ?? last;
    if (decisive === null) return opinion("send", effect, "abstained", [0.25, "the nested workflow has no steps in sight"]);
    return opinion(decisive.intent, effect, "structure", [0.7, "its nested steps do this"]);
  }
}

interface JudgeContext {
  readonly catalog: IntentCatalog | undefined;
  readonly depth: number;
}

/** What the author wrote wins on the intent; on the effect, the more dangerous of both does. */
function declared(facts: StepFacts, judged: Opinion): Opinion {
  const { declaredIntent, declaredEffect } = facts;
  if (declaredIntent === null && declaredEffect === null) return judged;
  // A guess made for lack of any evidence is no evidence against what the author wrote.
  const own = judged.source === "abstained" && declaredEffect !== null ? declaredEffect : judged.effect;
  const effect = declaredEffect === null ? own : moreDangerous(own, declaredEffect);
  if (declaredIntent === null) return { ...judged, effect };
  return opinion(declaredIntent, effect, "declared", [1, "the step declares it"]);
}

function catalogEffect({ plugin, action }: StepFacts, catalog: IntentCatalog | undefined): Effect | null {
  if (catalog === undefined || plugin === "" || action === "") return null;
  try {
    return catalog.action(plugin, action)?.effect ?? null;
  } catch {
    // A catalog that fails tells nothing; labelling must not fail with it.
    return null;
  }
}

function isPromptOnly(facts: StepFacts): boolean {
  return (
    facts.prompt !== "" && facts.plugin === "" && facts.action === "" && facts.request === null && facts.code === "" && facts.command === ""
  );
}

function isBlank({ name, description, plugin, action, request, code, command, sql, graphql }: StepFacts): boolean {
  return [name, description, plugin, action, code, command, sql, graphql].every((text) => text === "") && request === null;
}

/** Steps of model types, and actions whose prompt was judged. */
function callsModel(facts: StepFacts, { source, reason }: Opinion): boolean {
  return AI_STEP_TYPES.has(facts.type) || source === "prompt" || reason.startsWith(MODEL_CALL_REASON);
}

function toClassification(
  { intent, effect, confidence, source, reason }: Opinion,
  estimatedTokens: number,
  compressionRecommended: boolean,
): IntentClassification {
  return {
    intent,
    effect,
    confidence: Math.round(Math.min(Math.max(confidence, 0), 1) * 100) / 100,
    source,
    estimatedTokens,
    compressionRecommended,
    reason,
  };
}
