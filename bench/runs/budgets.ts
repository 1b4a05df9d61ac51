// The figures of budgets: commitments on recorded calls, forecasts of executions in money, a lying estimator at the window's edge.
import { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import { PriceBook } from "../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { row, type Row } from "../measure.ts";
import { replayRuns, type Replay } from "./commitments.ts";
import { measureExecutions, type ExecutionCoverage } from "./executions.ts";
import { playLyingEstimator, type LyingResult } from "./lyingEstimator.ts";
import { readRecordedRuns } from "./recordedRuns.ts";

export interface BudgetBench {
  readonly dataFolder: string;
  readonly nowMs: () => number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Where figures go that have no row of their own. */
  readonly note?: (text: string) => void;
}

const LYING_CALLS = 100_000;
const AGENTS = 30;
const EXECUTIONS_PER_AGENT = 50;

/** Without recorded runs the rows that need them are null; the simulated ones are taken all the same. */
export async function budgetRows({ dataFolder, nowMs, seed = 1, note = () => undefined }: BudgetBench): Promise<readonly Row[]> {
  const runs = await readRecordedRuns(dataFolder, await TokenCounter.load());
  const replay = runs === null ? null : replayRuns(runs);
  const lying = playLyingEstimator(new SeededRandom(seed), LYING_CALLS);
  const executions = measureExecutions({
    recorded: runs ?? [],
    prices: await PriceBook.load({ nowMs }),
    seed,
    agents: AGENTS,
    executionsPerAgent: EXECUTIONS_PER_AGENT,
  });
  for (const text of notesOn(replay, executions, lying)) note(text);
  return [
    ...(replay === null
      ? ["adherence10", "adherence10_ahead", "coverage80", "overrun"].map((name) => row(name, null, "share"))
      : recordedRows(replay, lying)),
    row("window_overflows", lying.overflows, "calls", { goal: "<= 0", baseline: lying.overflowsByCount }),
    coverageRow(executions.usd90, executions.mean),
  ];
}

function recordedRows(replay: Replay, lying: LyingResult): readonly Row[] {
  return [
    row("adherence10", replay.adherence10, "share", { goal: ">= 0.97", baseline: replay.equalSplit }),
    row("adherence10_ahead", replay.adherence10Ahead, "share", { baseline: replay.equalSplit }),
    row("coverage80", replay.coverage80, "share"),
    row("overrun", replay.overrun + lying.overruns / lying.calls, "share", { goal: "<= 0" }),
  ];
}

function notesOn(replay: Replay | null, executions: ExecutionCoverage, lying: LyingResult): readonly string[] {
  const { usd90Early, tokens90, steps80, msPerForecast } = executions;
  const recorded =
    replay === null
      ? []
      : [
          `${replay.calls} recorded calls: reserved ${replay.reserveRatio.toFixed(2)} x used, answers cut by the cap ${percent(replay.truncation)}`,
        ];
  return [
    ...recorded,
    `${executions.executions} executions of ${executions.agents} agents: tokens covered ${percent(tokens90)}, an agent's first five ` +
      `${percent(usd90Early)}, steps within [q10, q90] ${percent(steps80)}, ${msPerForecast.toFixed(1)} ms a forecast`,
    `${lying.calls} calls with a count off by up to 15 %: ${lying.overflowsByCount} would have overflowed by count alone; of those that fit ` +
      `${percent(lying.letThrough)} were let through`,
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Too much is as wrong as too little: an envelope that covers everything says nothing. */
function coverageRow(share: number, baseline: number): Row {
  const measured = row("coverage90_usd", share, "share", { baseline });
  return { ...measured, goal: ">= 0.88, <= 0.92", pass: share >= 0.88 && share <= 0.92 };
}
