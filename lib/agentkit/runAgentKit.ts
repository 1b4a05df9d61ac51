// One tool loop: ask, run tools, show, ask again, until an answer asks for none. It knows no workflow, no database and no provider: a host does the work.
import type { ModelMessage } from "ai";
import type { JsonValue } from "../core/json.ts";
import type { ModelTool, ModelToolCall } from "../models/types.ts";
import type { BrakeVerdict } from "../orchestration/budgets/LoopBrake.ts";
import { EXPAND_TOOL, LoopViews } from "./LoopViews.ts";
import type { AgentKitHost, AgentKitOutcome, AgentKitRequest, AgentTurn, Conversation, ToolReply } from "./types.ts";

/**
 * Honours the execution's budget at every turn and shows tool results as views where the host has them.
 *
 * @throws what the host throws; nothing of its own
 */
export async function runAgentKit<Ended>(host: AgentKitHost<Ended>, request: AgentKitRequest): Promise<AgentKitOutcome<Ended>> {
  return new Loop(host, request).run();
}

class Loop<Ended> {
  readonly #host: AgentKitHost<Ended>;
  readonly #request: AgentKitRequest;
  readonly #views: LoopViews;
  readonly #messages: ModelMessage[];
  #savedTokens: number;
  /** Turns in which a tool was called; ones that only opened handles are governance's own. */
  #turn = 0;
  #expandingTurns = 0;
  /** The last turn did nothing but open handles. */
  #hasOnlyExpanded = false;
  /** The brake was pulled: the model may only answer. */
  #mayUseTools = true;

  constructor(host: AgentKitHost<Ended>, request: AgentKitRequest) {
    this.#host = host;
    this.#request = request;
    this.#views = new LoopViews(host);
    this.#messages = [{ role: "user", content: request.opening }];
    this.#savedTokens = request.savedTokens;
  }

  async run(): Promise<AgentKitOutcome<Ended>> {
    // Turns of earlier claims and attempts: their tools have rows, and are not called again.
    for (const turn of this.#host.earlierTurns()) {
      const ended = await this.#useTools(turn);
      if (ended !== null) return ended;
    }
    for (;;) {
      const asked = await this.#host.ask({ ...this.#conversation(), ...this.#offered(), ...this.#ownCost() });
      if (asked.kind === "ended") return asked;
      const { turn } = asked;
      if (turn.toolCalls.length === 0)
        return { kind: "answered", text: turn.text, turns: this.#turn + 1, conversation: this.#conversation() };
      if (!this.#mayUseTools) return this.#atLimit();
      const ended = await this.#useTools(turn);
      if (ended !== null) return ended;
    }
  }

  #conversation(): Conversation {
    return { messages: [...this.#messages], savedInputTokens: this.#savedTokens };
  }

  #offered(): { readonly tools?: readonly ModelTool[] } {
    const { tools } = this.#request;
    const offered = this.#views.hasHandles ? [...tools, EXPAND_TOOL] : tools;
    return offered.length === 0 || !this.#mayUseTools ? {} : { tools: offered };
  }

  #ownCost(): { readonly ownCost?: "expand" } {
    return this.#hasOnlyExpanded ? { ownCost: "expand" } : {};
  }

  #atLimit(): AgentKitOutcome<Ended> {
    return { kind: "limit", turns: this.#turn };
  }

  /** @returns an outcome when the loop ends here */
  async #useTools({ text, toolCalls, tokens, usedShare }: AgentTurn): Promise<AgentKitOutcome<Ended> | null> {
    const { maxTurns, brake } = this.#request;
    this.#hasOnlyExpanded = this.#onlyExpands(toolCalls);
    if (this.#hasOnlyExpanded) this.#expandingTurns += 1;
    else this.#turn += 1;
    const made = toolCalls.map((call): { tool: string; arguments: JsonValue } => ({ tool: call.name, arguments: call.arguments }));
    const verdict = brake?.record({ tokens, usedShare, toolCalls: made });
    if (verdict?.kind === "stop" || verdict?.kind === "final_only") return this.#pullBrake(verdict, text, toolCalls);
    // Nobody would read the results of the last turn: its tools do not run.
    if (this.#turn >= maxTurns || this.#expandingTurns > maxTurns) return this.#atLimit();
    const answer = (call: ModelToolCall): string | null => this.#views.answer(call);
    const performed = await this.#host.perform(toolCalls, { turn: this.#turn, answer });
    if (performed.kind === "ended") return performed;
    this.#messages.push(assistantMessage(text, performed.results), { role: "tool", content: await this.#shown(performed.results) });
    if (verdict?.kind === "conclude") {
      this.#messages.push({ role: "user", content: verdict.text });
      this.#host.views?.noteTransition("told_to_conclude");
    }
    return null;
  }

  #onlyExpands(toolCalls: readonly ModelToolCall[]): boolean {
    return this.#views.hasHandles && toolCalls.length > 0 && toolCalls.every(({ name }) => name === EXPAND_TOOL.name);
  }

  /** The turn's tools do not run; the model is told why, and may answer once more, without tools. */
  #pullBrake(
    verdict: Extract<BrakeVerdict, { readonly kind: "stop" | "final_only" }>,
    text: string,
    calls: readonly ModelToolCall[],
  ): null {
    const why = verdict.kind === "stop" ? `${verdict.why}. Give the final answer now, with what you know.` : verdict.text;
    const results = calls.map((call): ToolReply => ({ call, text: `Not called: ${why}`, isError: true }));
    this.#messages.push(assistantMessage(text, results), { role: "tool", content: results.map(toolResult) });
    this.#mayUseTools = false;
    this.#host.warn(`the tool loop was braked: ${verdict.kind === "stop" ? verdict.why : "the token budget is nearly used up"}`);
    this.#host.views?.noteTransition(verdict.kind === "stop" ? `braked_${verdict.reason}` : "final_only");
    return null;
  }

  /** Results as the model reads them from now on. */
  async #shown(results: readonly ToolReply[]): Promise<ReturnType<typeof toolResult>[]> {
    const shown: ReturnType<typeof toolResult>[] = [];
    for (const result of results) {
      const { text: whole, savedTokens } = await this.#views.show(result);
      const { text, isShortened } = this.#host.withinLimit(whole);
      if (isShortened) this.#host.warn("a tool's result was shortened for the model");
      this.#savedTokens += savedTokens;
      shown.push(toolResult({ ...result, text }));
    }
    return shown;
  }
}

function assistantMessage(text: string, results: readonly ToolReply[]): ModelMessage {
  const calls = results.map(({ call }) => ({
    type: "tool-call" as const,
    toolCallId: call.id,
    toolName: call.name,
    input: call.arguments,
  }));
  return { role: "assistant", content: text === "" ? calls : [{ type: "text" as const, text }, ...calls] };
}

function toolResult({ call, text, isError }: ToolReply): {
  type: "tool-result";
  toolCallId: string;
  toolName: string;
  output: { type: "text" | "error-text"; value: string };
} {
  return { type: "tool-result", toolCallId: call.id, toolName: call.name, output: { type: isError ? "error-text" : "text", value: text } };
}
