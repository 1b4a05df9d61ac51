// `llm_decision`: a model with tools, until it answers without asking for one. What it asks for is stored before any tool runs, so that a restart
// asks neither the model nor the outside world twice.
import type { ModelMessage } from "ai";
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { ModelResult } from "../../models/types.ts";
import type { StepOf } from "../../workflow/types.ts";
import type { BrakeVerdict, LoopBrake } from "../../orchestration/budgets/LoopBrake.ts";
import { storedTurns, type ToolTurn } from "../toolTurns.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import { askModel, type Question } from "./askModel.ts";
import { ModelTally } from "./ModelTally.ts";
import { jsonSchemaOf } from "./outputSchemas.ts";
import { presentPrompt, presentRules, presentTools, presentValue, type Presented, type PresentedPrompt } from "./presented.ts";
import { promptFacts, taskOf, userPrompt, withCacheMark } from "./prompts.ts";
import { askForValue, finishStructured } from "./structuredAnswer.ts";
import { toolCatalog, type ToolCatalog } from "./toolCatalog.ts";
import { EXPAND_TOOL, LoopViews } from "./LoopViews.ts";
import { performToolCalls, withinLimit, type ToolResult } from "./toolCalls.ts";

const DEFAULT_TURNS = 10;
const MAX_TURNS = 50;

type Context = StepContext<StepOf<"llm_decision">>;

export const performLlmDecision: StepPerformer<"llm_decision"> = async (context) => {
  const { step, path, services, decision } = context;
  const catalog = toolCatalog(services.catalog, step.plugins, path);
  const { provider } = services.providers.resolve(decision.model);
  const opening = await openLoop(context);
  return new ToolLoop(context, opening, provider.isOffline ? NO_TOOLS : catalog, provider.isOffline && catalog.tools.length > 0).run();
};

interface Opening {
  readonly instruction: PresentedPrompt;
  readonly input: JsonValue | undefined;
  readonly data: Presented | undefined;
}

/** What the loop begins with. Entry only: what is in the history once stays as it is, or no provider could reuse the beginning. */
async function openLoop(context: Context): Promise<Opening> {
  const { step } = context;
  const input = step.input === undefined ? undefined : context.resolve(step.input, "input");
  const instruction = await presentPrompt(context, step.prompt, { field: "prompt", schema: null });
  const data = input === undefined ? undefined : await presentValue(context, input, { of: "input", task: instruction.task, schema: null });
  return { instruction, input, data };
}

/** The offline model asks for none; describing them to it would only cost its window. */
const NO_TOOLS: ToolCatalog = { tools: [], byName: new Map() };

class ToolLoop {
  readonly #context: Context;
  readonly #catalog: ToolCatalog;
  readonly #tally = new ModelTally();
  readonly #schema: JsonObject | null;
  readonly #question: Omit<Question, "messages">;
  readonly #messages: ModelMessage[];
  readonly #maxTurns: number;
  readonly #brake: LoopBrake | null;
  readonly #views: LoopViews;
  #savedTokens: number;
  /** Turns in which a tool was called; ones that only opened handles are governance's own. */
  #turn = 0;
  /** The last turn did nothing but open handles. */
  #hasOnlyExpanded = false;
  #expandingTurns = 0;
  /** The brake was pulled: the model may only answer. */
  #mayUseTools = true;

  constructor(context: Context, { instruction, input, data }: Opening, catalog: ToolCatalog, leavesToolsOut: boolean) {
    const { step } = context;
    if (leavesToolsOut) this.#tally.warn("the offline model uses no tools");
    this.#context = context;
    this.#catalog = catalog;
    this.#views = new LoopViews(context);
    this.#schema = step.output_schema === undefined ? null : jsonSchemaOf(step.output_schema);
    this.#maxTurns = Math.min(step.maxIterations ?? DEFAULT_TURNS, MAX_TURNS);
    this.#brake = context.decision.governance?.createBrake(this.#maxTurns) ?? null;
    const rules = presentRules(context, { hasSchema: false, hasData: data !== undefined });
    const offered = presentTools(context, catalog.tools);
    this.#savedTokens = rules.savedTokens + offered.savedTokens + instruction.savedTokens + (data?.savedTokens ?? 0);
    const parameters = step.params === undefined ? undefined : (context.resolve(step.params, "params") as JsonObject);
    const closing =
      this.#schema === null ? "" : `\n\nWhen you are done, answer with JSON only, fitting this schema:\n${JSON.stringify(this.#schema)}`;
    this.#messages = [
      { role: "user", content: userPrompt({ instruction: `${instruction.text}${closing}`, data: data?.text, parameters }) },
    ];
    this.#question = {
      system: rules.system,
      facts: promptFacts(context, taskOf(step.intent, step.prompt, this.#schema !== null), { prompt: step.prompt, data: input }),
      activityType: "tool_loop",
      ...(offered.tools.length === 0 ? {} : { tools: offered.tools }),
    };
  }

  async run(): Promise<StepOutcome> {
    if (this.#catalog.tools.length === 0 && this.#schema !== null) return this.#structured(this.#schema, null);
    const endedBefore = await this.#replay();
    if (endedBefore !== null) return endedBefore;
    for (;;) {
      const answer = await askModel(this.#context, this.#asked({ journalMessage: true }), this.#tally);
      if (answer.kind === "ended") return answer.outcome;
      const { result } = answer;
      if (result.toolCalls.length === 0) return this.#finish(result.text);
      if (!this.#mayUseTools) return this.#atLimit();
      await this.#context.flushCalls();
      const ended = await this.#useTools(result, this.#spentBy(result));
      if (ended !== null) return ended;
    }
  }

  #spentBy({ usage }: ModelResult): { readonly tokens: number; readonly usedShare: number | null } {
    const { governance } = this.#context.decision;
    return { tokens: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), usedShare: governance?.execution.budget.usedShare ?? null };
  }

  /** Turns of earlier claims and attempts: their tools have rows, and are not called again. */
  async #replay(): Promise<StepOutcome | null> {
    const { state, path, attempt: present } = this.#context;
    for (const { turn, attempt, tokens, costUsd } of storedTurns(state, path)) {
      // What an earlier attempt of the step paid is in that attempt's row.
      if (attempt === present) this.#tally.addSpent({ tokens, costUsd });
      this.#tally.answeredBy(turn);
      const ended = await this.#useTools(turn, { tokens, usedShare: null });
      if (ended !== null) return ended;
    }
    return null;
  }

  /** @returns an outcome when the loop ends here */
  async #useTools(
    { text, toolCalls }: Pick<ToolTurn, "text" | "toolCalls">,
    spent: { readonly tokens: number; readonly usedShare: number | null },
  ): Promise<StepOutcome | null> {
    this.#hasOnlyExpanded = this.#onlyExpands(toolCalls);
    if (this.#hasOnlyExpanded) this.#expandingTurns += 1;
    else this.#turn += 1;
    const verdict = this.#brake?.record({ ...spent, toolCalls: toolCalls.map((call) => ({ tool: call.name, arguments: call.arguments })) });
    if (verdict?.kind === "stop" || verdict?.kind === "final_only") return this.#pullBrake(verdict, text, toolCalls);
    // Nobody would read the results of the last turn: its tools do not run.
    if (this.#turn >= this.#maxTurns || this.#expandingTurns > this.#maxTurns) return this.#atLimit();
    const answer = (call: ToolTurn["toolCalls"][number]): string | null => this.#views.answer(call);
    const performed = await performToolCalls(this.#context, toolCalls, { catalog: this.#catalog, turn: this.#turn, answer });
    if (performed.kind === "ended")
      return performed.outcome.status === "failed" ? { ...performed.outcome, facts: this.#tally.facts() } : performed.outcome;
    this.#messages.push(assistantMessage(text, performed.results), { role: "tool", content: await this.#shown(performed.results) });
    if (verdict?.kind === "conclude") {
      this.#messages.push({ role: "user", content: verdict.text });
      this.#context.decision.governance?.noteTransition("told_to_conclude");
    }
    return null;
  }

  #onlyExpands(toolCalls: ToolTurn["toolCalls"]): boolean {
    return this.#views.hasHandles && toolCalls.length > 0 && toolCalls.every(({ name }) => name === EXPAND_TOOL.name);
  }

  /** The turn's tools do not run; the model is told why, and may answer once more, without tools. */
  #pullBrake(verdict: Extract<BrakeVerdict, { readonly kind: "stop" | "final_only" }>, text: string, calls: ToolTurn["toolCalls"]): null {
    const why = verdict.kind === "stop" ? `${verdict.why}. Give the final answer now, with what you know.` : verdict.text;
    const results = calls.map((call): ToolResult => ({ call, text: `Not called: ${why}`, isError: true }));
    this.#messages.push(assistantMessage(text, results), { role: "tool", content: results.map(toolResult) });
    this.#mayUseTools = false;
    this.#tally.warn(`the tool loop was braked: ${verdict.kind === "stop" ? verdict.why : "the token budget is nearly used up"}`);
    this.#context.decision.governance?.noteTransition(verdict.kind === "stop" ? `braked_${verdict.reason}` : "final_only");
    return null;
  }

  /** Results as the model reads them from now on. */
  async #shown(results: readonly ToolResult[]): Promise<ReturnType<typeof toolResult>[]> {
    const shown: ReturnType<typeof toolResult>[] = [];
    for (const result of results) {
      const { text: whole, savedTokens } = result.isError ? { text: result.text, savedTokens: 0 } : await this.#views.show(result);
      const { text, isShortened } = withinLimit(whole);
      if (isShortened) this.#tally.warn("a tool's result was shortened for the model");
      this.#savedTokens += savedTokens;
      shown.push(toolResult({ ...result, text }));
    }
    return shown;
  }

  #asked(more: Partial<Question> = {}): Question {
    const isMarked = this.#context.decision.governance?.isActing === true;
    const messages = isMarked ? withCacheMark(this.#messages) : [...this.#messages];
    const { tools, ...rest } = this.#question;
    const offered = this.#views.hasHandles ? [...(tools ?? []), EXPAND_TOOL] : tools;
    return {
      ...rest,
      ...(offered === undefined || !this.#mayUseTools ? {} : { tools: offered }),
      messages,
      savedInputTokens: this.#savedTokens,
      ...(this.#hasOnlyExpanded ? { ownCost: "expand" as const } : {}),
      ...more,
    };
  }

  #atLimit(): StepOutcome {
    const { path } = this.#context;
    const error = new AppError(
      "LOOP_LIMIT",
      `step ${path}: the model still asks for tools after ${this.#turn} turns, at most ${this.#maxTurns} are allowed`,
      {
        details: {
          step: path,
          field: "maxIterations",
          expected: `an answer within ${this.#maxTurns} turns`,
          got: `${this.#turn} turns without one`,
        },
      },
    );
    return { status: "failed", error, facts: this.#tally.facts({ more: { turns: this.#turn } }) };
  }

  async #finish(text: string): Promise<StepOutcome> {
    if (this.#schema !== null) return this.#structured(this.#schema, text);
    return { status: "completed", output: text, facts: this.#tally.facts({ more: { turns: this.#turn + 1 } }) };
  }

  /** @param said the answer that ended the loop; null: nothing was asked yet */
  async #structured(schema: JsonObject, said: string | null): Promise<StepOutcome> {
    const { tools: _tools, ...question } = this.#asked();
    const asked = { question, schema, tally: this.#tally };
    const finished =
      said === null ? await askForValue(this.#context, asked) : await finishStructured(this.#context, { ...asked, text: said });
    if (finished.kind === "ended") return finished.outcome;
    return { status: "completed", output: finished.value, facts: this.#tally.facts({ more: { turns: this.#turn + 1 } }) };
  }
}

function assistantMessage(text: string, results: readonly ToolResult[]): ModelMessage {
  const calls = results.map(({ call }) => ({
    type: "tool-call" as const,
    toolCallId: call.id,
    toolName: call.name,
    input: call.arguments,
  }));
  return { role: "assistant", content: text === "" ? calls : [{ type: "text" as const, text }, ...calls] };
}

function toolResult({ call, text, isError }: ToolResult): {
  type: "tool-result";
  toolCallId: string;
  toolName: string;
  output: { type: "text" | "error-text"; value: string };
} {
  return { type: "tool-result", toolCallId: call.id, toolName: call.name, output: { type: isError ? "error-text" : "text", value: text } };
}
