// The demo's story, acted out on real processes: plan, pause at the limit, kill -9, restart, top up, kill -9 under way, finish, receipt.
// Every figure comes from the system's own reports; how it is told is tellDemo.ts's matter.
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { ExecutionReport, RunRequest } from "../../systemApi.ts";
import type { DemoFolder } from "./demoFolder.ts";
import type { DemoModel } from "./demoModels.ts";
import { completedPaths, isSummary, progressOf, proofOf, viewsOf, type DemoScene } from "./demoScenes.ts";
import type { DemoWorker } from "./DemoWorker.ts";

export interface DemoStage {
  readonly folder: DemoFolder;
  readonly model: DemoModel;
  readonly request: RunRequest;
  readonly clock: Clock;
  readonly startWorker: () => Promise<DemoWorker>;
  /** Told as it happens. */
  readonly tell: (scene: DemoScene) => void;
}

interface Act {
  readonly worker: DemoWorker;
  readonly report: ExecutionReport;
}

export async function playDemo(stage: DemoStage): Promise<void> {
  const { request, tell, clock, model } = stage;
  const first = await stage.startWorker();
  tell({ scene: "plan", plan: await first.api.plan(request), limitUsd: model.limitUsd });

  const startedMs = clock.nowMs();
  const { executionId } = await first.api.start(request);
  const paused = await first.api.wait(executionId);
  const done = new Set(completedPaths(paused));
  let last: Act = { worker: first, report: paused };
  if (paused.waitingFor === "budget") {
    tell({ scene: "paused", progress: progressOf(paused), ms: clock.nowMs() - startedMs });
    const second = await killIdle(stage, last);
    last = await topUpAndKill(stage, { worker: second, executionId, done });
  }
  await finish(stage, last, done);
  await last.worker.stop();
}

/** Nothing is under way while an execution waits for a person; the process that held it goes all the same. */
async function killIdle(stage: DemoStage, { worker, report }: Act): Promise<DemoWorker> {
  const signal = await worker.kill();
  stage.tell({ scene: "killed", pid: worker.pid, signal, isWaiting: true, completed: completedPaths(report).length, inFlight: [] });
  return restart(stage, report.executionId);
}

async function restart({ clock, startWorker, tell }: DemoStage, executionId: string): Promise<DemoWorker> {
  const sinceMs = clock.nowMs();
  const worker = await startWorker();
  const progress = progressOf(await worker.api.report(executionId));
  tell({ scene: "restarted", pid: worker.pid, progress, ms: clock.nowMs() - sinceMs });
  return worker;
}

interface UnderWay {
  readonly worker: DemoWorker;
  readonly executionId: string;
  /** Paths whose completion was told; this adds to them. */
  readonly done: Set<string>;
}

/** @returns the execution's end, and who brought it there */
async function topUpAndKill(stage: DemoStage, { worker, executionId, done }: UnderWay): Promise<Act> {
  const { model, tell } = stage;
  const answering = new Set<string>();
  const { promise: moment, resolve } = Promise.withResolvers<"under way" | "ended">();
  const doneBefore = done.size;
  worker.subscribe(executionId, ({ type, path = "", status }) => {
    if (type === "step_finished" && status === "completed") done.add(path);
    if (type === "finished" || type === "suspended") resolve("ended");
    if (type !== "delta" || !isSummary(path)) return;
    // A model has begun to answer and nothing of it is stored yet: the worst moment to die.
    answering.add(path);
    if (done.size - doneBefore >= model.summariesBeforeKill) resolve("under way");
  });
  const budget = await worker.api.topUpBudget(`execution:${executionId}`, { usd: model.topUpUsd }, "demo");
  tell({ scene: "topped_up", usd: model.topUpUsd, budget });

  if ((await moment) === "ended") return { worker, report: await worker.api.wait(executionId) };
  const signal = await worker.kill();
  const inFlight = [...answering].filter((path) => !done.has(path));
  tell({ scene: "killed", pid: worker.pid, signal, isWaiting: false, completed: done.size, inFlight });
  const next = await restart(stage, executionId);
  return { worker: next, report: await next.api.wait(executionId) };
}

async function finish({ folder, tell }: DemoStage, { worker, report }: Act, done: ReadonlySet<string>): Promise<void> {
  const { executionId } = report;
  if (report.status !== "completed") {
    throw new AppError(
      report.error?.code ?? "INTERNAL",
      `the demo's execution ended as ${report.status}: ${report.error?.message ?? report.waiting[0]?.message ?? ""}`,
      {
        details: { execution: executionId, expected: "completed", got: report.status },
      },
    );
  }
  tell({ scene: "finished", progress: progressOf(report) });
  tell({ scene: "views", ...viewsOf(report) });
  const receipt = await worker.api.receipt(executionId);
  const proof = proofOf(report, receipt, done);
  tell({ scene: "proof", ...proof });
  if (proof.completedAndRepeated.length > 0)
    throw new AppError("INTERNAL", `steps that were completed before a kill were run again: ${proof.completedAndRepeated.join(", ")}`);
  const file = path.join(folder.root, "report.md");
  tell({ scene: "report", file, text: await readFile(file, "utf8") });
  tell({ scene: "receipt", receipt });
}
