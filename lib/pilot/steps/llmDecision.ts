// `llm_decision`: the pilot as host of a tool loop. What the model asks for is stored before any tool runs, so that a restart asks neither the
// model nor the outside world twice. The loop itself is lib/agentkit's.
import type { ModelMessage } from "ai";
import { runAgentKit } from "../../agentkit/runAgentKit.ts";
import type {
  AgentKitHost,
  AgentQuestion,
  AgentTurn,
  Asked,
  Conversation,
  Performed,
  PerformOptions,
  ViewSource,
} from "../../agentkit/types.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { ModelTool, ModelToolCall } from "../../models/types.ts";
import type { StepOf } from "../../workflow/types.ts";
import { storedTurns } from "../toolTurns.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import { askModel, type Question } from "./askModel.ts";
import { ModelTally } from "./ModelTally.ts";
import { jsonSchemaOf } from "./outputSchemas.ts";
import { presentPrompt, presentRules, presentTools, presentValue, type Presented, type PresentedPrompt } from "./presented.ts";
import { promptFacts, taskOf, userPrompt, withCacheMark } from "./prompts.ts";
import { askForValue, finishStructured } from "./structuredAnswer.ts";
import { toolCatalog, type ToolCatalog } from "./toolCatalog.ts";
import { performToolCalls, withinLimit } from "./toolCalls.ts";

const DEFAULT_TURNS = 10;
const MAX_TURNS = 50;

type Context = StepContext<StepOf<"llm_decision">>;

export const performLlmDecision: StepPerformer<"llm_decision"> = async (context) => {
  const { step, path, services, decision } = context;
  const catalog = toolCatalog(services.catalog, step, path);
  const { provider } = services.providers.resolve(decision.model);
  const opening = await openLoop(context);
  return new Decision(context, opening, provider.isOffline ? NO_TOOLS : catalog, provider.isOffline && catalog.tools.length > 0).run();
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

class Decision implements AgentKitHost<StepOutcome> {
  readonly #context: Context;
  readonly #catalog: ToolCatalog;
  readonly #tally = new ModelTally();
  readonly #schema: JsonObject | null;
  readonly #question: Omit<Question, "messages">;
  readonly #opening: string;
  readonly #tools: readonly ModelTool[];
  readonly #savedTokens: number;
  readonly views: ViewSource | null;

  constructor(context: Context, { instruction, input, data }: Opening, catalog: ToolCatalog, leavesToolsOut: boolean) {
    const { step, decision, services } = context;
    if (leavesToolsOut) this.#tally.warn("the offline model uses no tools");
    this.#context = context;
    this.#catalog = catalog;
    this.#schema = step.output_schema === undefined ? null : jsonSchemaOf(step.output_schema);
    const { governance } = decision;
    this.views =
      governance === undefined
        ? null
        : {
            show: (text, request) => governance.show(text, request),
            noteTransition: (name) => governance.noteTransition(name),
            countTokens: (text) => services.counter.count(text),
          };
    const rules = presentRules(context, { hasSchema: false, hasData: data !== undefined });
    const offered = presentTools(context, catalog.tools);
    this.#tools = offered.tools;
    this.#savedTokens = rules.savedTokens + offered.savedTokens + instruction.savedTokens + (data?.savedTokens ?? 0);
    const parameters = step.params === undefined ? undefined : (context.resolve(step.params, "params") as JsonObject);
    const closing =
      this.#schema === null ? "" : `\n\nWhen you are done, answer with JSON only, fitting this schema:\n${JSON.stringify(this.#schema)}`;
    this.#opening = userPrompt({ instruction: `${instruction.text}${closing}`, data: data?.text, parameters });
    this.#question = {
      system: rules.system,
      facts: promptFacts(context, taskOf(step.intent, step.prompt, this.#schema !== null), { prompt: step.prompt, data: input }),
      activityType: "tool_loop",
    };
  }

  async run(): Promise<StepOutcome> {
    const start: Conversation = { messages: [{ role: "user", content: this.#opening }], savedInputTokens: this.#savedTokens };
    if (this.#catalog.tools.length === 0 && this.#schema !== null) return this.#structured(this.#schema, null, start, 1);
    const { step, decision } = this.#context;
    const maxTurns = Math.min(step.maxIterations ?? DEFAULT_TURNS, MAX_TURNS);
    const ended = await runAgentKit(this, {
      opening: this.#opening,
      tools: this.#tools,
      maxTurns,
      brake: decision.governance?.createBrake(maxTurns) ?? null,
      savedTokens: this.#savedTokens,
    });
    if (ended.kind === "ended") return ended.outcome;
    if (ended.kind === "limit") return this.#atLimit(ended.turns, maxTurns);
    if (this.#schema !== null) return this.#structured(this.#schema, ended.text, ended.conversation, ended.turns);
    return { status: "completed", output: ended.text, facts: this.#tally.facts({ more: { turns: ended.turns } }) };
  }

  async ask(question: AgentQuestion): Promise<Asked<StepOutcome>> {
    const answer = await askModel(this.#context, { ...this.#asked(question), journalMessage: true }, this.#tally);
    if (answer.kind === "ended") return answer;
    const { text, toolCalls, usage } = answer.result;
    if (toolCalls.length > 0) await this.#context.flushCalls();
    const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
    const usedShare = this.#context.decision.governance?.execution.budget.usedShare ?? null;
    return { kind: "answered", turn: { text, toolCalls, tokens, usedShare } };
  }

  async perform(calls: readonly ModelToolCall[], options: PerformOptions): Promise<Performed<StepOutcome>> {
    const performed = await performToolCalls(this.#context, calls, { ...options, catalog: this.#catalog, approvers: this.#approvers() });
    if (performed.kind === "results" || performed.outcome.status !== "failed") return performed;
    return { kind: "ended", outcome: { ...performed.outcome, facts: this.#tally.facts() } };
  }

  #approvers(): readonly string[] {
    const { step } = this.#context;
    return step.approvers === undefined ? [] : (this.#context.resolve(step.approvers, "approvers") as readonly string[]);
  }

  *earlierTurns(): Iterable<AgentTurn> {
    const { state, path, attempt: present } = this.#context;
    for (const { turn, attempt, tokens, costUsd } of storedTurns(state, path)) {
      // What an earlier attempt of the step paid is in that attempt's row.
      if (attempt === present) this.#tally.addSpent({ tokens, costUsd });
      this.#tally.answeredBy(turn);
      yield { text: turn.text, toolCalls: turn.toolCalls, tokens, usedShare: null };
    }
  }

  withinLimit(text: string): ReturnType<typeof withinLimit> {
    return withinLimit(text);
  }

  warn(warning: string): void {
    this.#tally.warn(warning);
  }

  #asked({ messages: given, ...more }: AgentQuestion): Question {
    const isMarked = this.#context.decision.governance?.isActing === true;
    const messages: ModelMessage[] = isMarked ? withCacheMark(given) : [...given];
    return { ...this.#question, ...more, messages };
  }

  #atLimit(turns: number, maxTurns: number): StepOutcome {
    const { path } = this.#context;
    const error = new AppError(
      "LOOP_LIMIT",
      `step ${path}: the model still asks for tools after ${turns} turns, at most ${maxTurns} are allowed`,
      {
        details: { step: path, field: "maxIterations", expected: `an answer within ${maxTurns} turns`, got: `${turns} turns without one` },
      },
    );
    return { status: "failed", error, facts: this.#tally.facts({ more: { turns } }) };
  }

  /** @param said the answer that ended the loop; null: nothing was asked yet */
  async #structured(schema: JsonObject, said: string | null, conversation: Conversation, turns: number): Promise<StepOutcome> {
    const asked = { question: this.#asked(conversation), schema, tally: this.#tally };
    const finished =
      said === null ? await askForValue(this.#context, asked) : await finishStructured(this.#context, { ...asked, text: said });
    if (finished.kind === "ended") return finished.outcome;
    return { status: "completed", output: finished.value, facts: this.#tally.facts({ more: { turns } }) };
  }
}
