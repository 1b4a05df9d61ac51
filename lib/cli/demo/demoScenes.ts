// What the demo tells, as data: one object per scene, and how each is read out of the system's reports. Pure.
import type { Receipt } from "../../receiptApi.ts";
import type { BudgetReport, ExecutionReport, PlanReport, WaitingReport } from "../../systemApi.ts";

export interface Progress {
  readonly executionId: string;
  readonly status: string;
  readonly costUsd: number | null;
  readonly limitUsd: number | null;
  /** Steps whose result is stored, items of the scatter included. */
  readonly completedSteps: number;
  readonly summaries: number;
  /** Summaries that the limit holds back. */
  readonly heldSummaries: number;
  /** The first step that waits. */
  readonly waiting: WaitingReport | null;
}

export interface Proof {
  readonly summaries: number;
  /** Summaries for which the model was asked exactly once. */
  readonly askedOnce: number;
  /** Asked again, because nobody can know what became of a call that was in flight at the kill. */
  readonly askedAgain: readonly string[];
  /** Completed before a kill and yet asked again: must be empty. */
  readonly completedAndRepeated: readonly string[];
}

/** What models saw of the contents, against the contents. */
export interface Views {
  /** Steps whose model saw something shorter than the content. */
  readonly steps: number;
  readonly baselineTokens: number | null;
  readonly usedTokens: number | null;
  readonly savedPercent: number | null;
  /** Lowest Q of the views that leave something out; null: none does. */
  readonly lowestQuality: number | null;
}

export type DemoScene =
  | { readonly scene: "plan"; readonly plan: PlanReport; readonly limitUsd: string }
  | { readonly scene: "paused"; readonly progress: Progress; readonly ms: number }
  | {
      readonly scene: "killed";
      readonly pid: number;
      readonly signal: string;
      readonly isWaiting: boolean;
      readonly completed: number;
      readonly inFlight: readonly string[];
    }
  | { readonly scene: "restarted"; readonly pid: number; readonly progress: Progress; readonly ms: number }
  | { readonly scene: "topped_up"; readonly usd: string; readonly budget: BudgetReport }
  | { readonly scene: "finished"; readonly progress: Progress }
  | ({ readonly scene: "views" } & Views)
  | ({ readonly scene: "proof" } & Proof)
  | { readonly scene: "report"; readonly file: string; readonly text: string }
  | { readonly scene: "receipt"; readonly receipt: Receipt };

export function isSummary(path: string): boolean {
  return /^triage\[\d+\]\.summary$/.test(path);
}

export function completedPaths({ steps }: ExecutionReport): string[] {
  return steps.filter(({ status }) => status === "completed").map(({ path }) => path);
}

export function progressOf(report: ExecutionReport): Progress {
  const completed = completedPaths(report);
  return {
    executionId: report.executionId,
    status: report.status,
    costUsd: report.costUsd,
    limitUsd: report.limitUsd,
    completedSteps: completed.length,
    summaries: completed.filter(isSummary).length,
    heldSummaries: report.waiting.filter(({ path }) => isSummary(path)).length,
    waiting: report.waiting[0] ?? null,
  };
}

export function viewsOf({ steps, tokens }: ExecutionReport): Views {
  const qualities = steps.flatMap(({ quality }) => (quality === null ? [] : [quality]));
  return {
    steps: steps.filter(({ tokens: { baseline, used } }) => baseline !== null && used !== null && baseline > used).length,
    baselineTokens: tokens.baseline,
    usedTokens: tokens.used,
    savedPercent: tokens.savedPercent,
    lowestQuality: qualities.length === 0 ? null : Math.min(...qualities),
  };
}

/** @param done paths whose completion was told before the last kill */
export function proofOf(report: ExecutionReport, { calls }: Receipt, done: ReadonlySet<string>): Proof {
  const callsOf = new Map<string, number>();
  for (const { path } of calls) callsOf.set(path, (callsOf.get(path) ?? 0) + 1);
  const summaries = completedPaths(report).filter(isSummary);
  const askedAgain = summaries.filter((path) => (callsOf.get(path) ?? 0) > 1);
  return {
    summaries: summaries.length,
    askedOnce: summaries.filter((path) => callsOf.get(path) === 1).length,
    askedAgain,
    completedAndRepeated: askedAgain.filter((path) => done.has(path)),
  };
}
