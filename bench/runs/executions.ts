// Forecasts whole executions in money before they run, recorded and simulated ones mixed in time, and learns from each afterwards.
import { TokenBudgetManager } from "../../lib/orchestration/TokenBudgetManager.ts";
import { shapeOf } from "../../lib/orchestration/budgets/modelSteps.ts";
import { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import { StepHistory, type PastExecution, type StepSample } from "../../lib/orchestration/budgets/StepHistory.ts";
import type { StepLabel } from "../../lib/orchestration/budgets/types.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { PriceBook } from "../../lib/tokens/pricing.ts";
import type { WorkflowStep } from "../../lib/workflow/types.ts";
import type { RecordedCall } from "./recordedRuns.ts";
import { simulateAgent, whole } from "./simulatedAgents.ts";

export interface ExecutionCoverage {
  /** Share of executions that cost at most the forecast's q90. */
  readonly usd90: number;
  readonly tokens90: number;
  /** Share of an execution's steps, taken together, that stayed within [q10, q90]. */
  readonly steps80: number;
  /** Share that cost at most the mean of the agent's earlier ones: what a single planning figure covers. */
  readonly mean: number;
  /** Of executions with fewer than five of their agent before them. */
  readonly usd90Early: number;
  readonly executions: number;
  readonly agents: number;
  readonly msPerForecast: number;
}

/** What a start's query loads (StepHistoryStore.ts). */
const LOADED = 64;
const ENOUGH_OWN = 32;
const RECORDED_MODEL = "openai/gpt-4o";

interface Call {
  readonly signature: string;
  readonly intent: IntentType | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

interface Player {
  readonly id: string;
  readonly model: string;
  readonly steps: readonly WorkflowStep[];
  readonly labels?: ReadonlyMap<string, StepLabel>;
  readonly stepTypes: "ai_processing" | "llm_decision";
  readonly length: number;
  execute(index: number): readonly Call[];
}

export interface CoverageOptions {
  readonly recorded: readonly (readonly RecordedCall[])[];
  readonly prices: PriceBook;
  readonly seed: number;
  readonly agents: number;
  readonly executionsPerAgent: number;
}

export function measureExecutions(options: CoverageOptions): ExecutionCoverage {
  const random = new SeededRandom(options.seed);
  const players = [
    ...(options.recorded.length === 0 ? [] : [recordedPlayer(options.recorded)]),
    ...Array.from({ length: options.agents }, (_, index) => simulatedPlayer(`agent${index}`, options.executionsPerAgent, random)),
  ];
  const world = new World(options.prices);
  const left = players.map((player) => ({ player, next: 0 }));
  while (left.length > 0) {
    const position = whole(random, left.length);
    const turn = left[position];
    if (turn === undefined) break;
    world.run(turn.player, turn.next);
    turn.next += 1;
    if (turn.next >= turn.player.length) left.splice(position, 1);
  }
  return world.report(players.length);
}

function recordedPlayer(runs: readonly (readonly RecordedCall[])[]): Player {
  const steps: readonly WorkflowStep[] = [{ id: "loop", type: "llm_decision", prompt: "Serve the customer" }];
  return {
    id: "recorded",
    model: RECORDED_MODEL,
    steps,
    stepTypes: "llm_decision",
    length: runs.length,
    execute: (index) =>
      (runs[index] ?? []).map(({ inputTokens, outputTokens }) => ({ signature: "loop", intent: null, inputTokens, outputTokens })),
  };
}

function simulatedPlayer(id: string, length: number, random: SeededRandom): Player {
  return { ...simulateAgent(id, random), stepTypes: "ai_processing", length };
}

class World {
  readonly #prices: PriceBook;
  readonly #manager = new TokenBudgetManager();
  /** Oldest first. */
  readonly #past: PastExecution[] = [];
  readonly #costs = new Map<string, number[]>();
  #counts = { executions: 0, usd: 0, tokens: 0, mean: 0, early: 0, earlyUsd: 0, steps: 0, stepsCovered: 0, ms: 0 };

  constructor(prices: PriceBook) {
    this.#prices = prices;
  }

  run(player: Player, index: number): void {
    const beganMs = performance.now();
    const forecast = this.#manager.forecast(
      { id: player.id, name: player.id, steps: player.steps },
      {
        ...(player.labels === undefined ? {} : { labels: player.labels }),
        history: this.#loadHistory(player.id),
        modelOf: () => ({ model: player.model, priceOf: (input, output) => this.#price(player.model, input, output) }),
        seed: index + 1,
      },
    );
    this.#counts.ms += performance.now() - beganMs;
    const steps = this.#samplesOf(player, player.execute(index));
    const cost = steps.reduce((sum, { costUsd }) => sum + (costUsd ?? 0n), 0n);
    const tokens = steps.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
    const isCovered = cost <= (forecast.envelope.usd?.q90 ?? 0n);
    this.#count(player, { cost: Number(cost), isCovered, isTokenCovered: tokens <= forecast.envelope.tokens.q90 });
    for (const sample of steps) {
      const id = sample.signature.split(".").at(-1) ?? "";
      const planned = forecast.needs.get(id)?.envelope.tokens;
      if (planned === undefined) continue;
      const used = sample.inputTokens + sample.outputTokens;
      this.#counts.steps += 1;
      this.#counts.stepsCovered += Number(used >= planned.q10 && used <= planned.q90);
    }
    const { tokensQ90, usdQ90 } = forecast.raw;
    this.#past.push({ executionId: `${player.id}/${index}`, agentId: player.id, steps, forecast: { tokensQ90, usdQ90 } });
  }

  #loadHistory(agentId: string): StepHistory {
    const own = this.#past.filter((execution) => execution.agentId === agentId).slice(-LOADED);
    const others = own.length < ENOUGH_OWN ? this.#past.filter((execution) => execution.agentId !== agentId).slice(-LOADED) : [];
    const loaded = new Set([...own, ...others]);
    return new StepHistory(this.#past.filter((execution) => loaded.has(execution)));
  }

  #count(player: Player, { cost, isCovered, isTokenCovered }: { cost: number; isCovered: boolean; isTokenCovered: boolean }): void {
    const costs = this.#costs.get(player.id) ?? [];
    this.#costs.set(player.id, costs);
    const mean = costs.length === 0 ? 0 : costs.reduce((sum, value) => sum + value, 0) / costs.length;
    this.#counts.executions += 1;
    this.#counts.usd += Number(isCovered);
    this.#counts.tokens += Number(isTokenCovered);
    this.#counts.mean += Number(cost <= mean);
    if (costs.length < 5) {
      this.#counts.early += 1;
      this.#counts.earlyUsd += Number(isCovered);
    }
    costs.push(cost);
  }

  #samplesOf(player: Player, calls: readonly Call[]): readonly StepSample[] {
    const bySignature = Map.groupBy(calls, ({ signature }) => signature);
    return [...bySignature].map(([signature, own]): StepSample => ({
      signature,
      shape: shapeOf(player.stepTypes, signature),
      intent: own[0]?.intent ?? null,
      model: player.model,
      runs: player.stepTypes === "llm_decision" ? 1 : own.length,
      inputTokens: own.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
      outputTokens: own.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
      costUsd: own.reduce((sum, call) => sum + this.#price(player.model, call.inputTokens, call.outputTokens), 0n),
      calls: own.slice(0, 8).map(({ inputTokens, outputTokens }) => ({ inputTokens, outputTokens, reasoningTokens: 0 })),
    }));
  }

  #price(name: string, inputTokens: number, outputTokens: number): bigint {
    const slash = name.indexOf("/");
    const price = this.#prices.priceCall(name.slice(0, slash), name.slice(slash + 1), { inputTokens, outputTokens });
    // Counted as nothing it would be covered by anything.
    if (price === null) throw new Error(`${name} has no price`);
    return price;
  }

  report(agents: number): ExecutionCoverage {
    const { executions, usd, tokens, mean, early, earlyUsd, steps, stepsCovered, ms } = this.#counts;
    return {
      usd90: usd / executions,
      tokens90: tokens / executions,
      steps80: stepsCovered / steps,
      mean: mean / executions,
      usd90Early: earlyUsd / early,
      executions,
      agents,
      msPerForecast: ms / executions,
    };
  }
}
