// `demo`: the main job in a minute, offline and without a key, on real events and real processes.
import type { Command } from "commander";
import { INTERRUPTED_EXIT_CODE, type Action, type Cli } from "../Cli.ts";
import { createDemoFolder, demoRequest, type DemoFolder } from "../demo/demoFolder.ts";
import { chooseLiveModel, OFFLINE, type DemoModel } from "../demo/demoModels.ts";
import type { DemoScene } from "../demo/demoScenes.ts";
import { DemoWorker } from "../demo/DemoWorker.ts";
import { playDemo } from "../demo/playDemo.ts";
import { DemoTeller } from "../demo/tellDemo.ts";
import { formatBytes, formatMs } from "../text/amounts.ts";
import { loadCliConfig } from "../openSystem.ts";

interface DemoOptions {
  readonly keep?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .option("--keep", "keep the folder with report, outbox and database")
    .addHelpText("after", "\nWith --live: asks the model of a key in the environment, for at most 0.05 USD.")
    .action(action(demo));
}

async function demo(cli: Cli, options: DemoOptions): Promise<number> {
  cli.handlesInterrupt();
  const startedMs = cli.clock.nowMs();
  const isLive = cli.options.live === true;
  const model = isLive ? chooseLiveModel((await loadCliConfig(cli)).foundKeys) : OFFLINE;
  const folder = await createDemoFolder();
  const workers = new Set<Promise<DemoWorker>>();
  try {
    const play = playAndTell(cli, { model, folder, workers, startedMs, isKept: options.keep === true });
    await Promise.race([play, interruption(cli.interrupted)]);
    return cli.interrupted.aborted ? INTERRUPTED_EXIT_CODE : 0;
  } finally {
    const started = await Promise.allSettled(workers);
    await Promise.all(started.map(async (worker) => (worker.status === "fulfilled" ? worker.value.kill() : undefined)));
    if (options.keep !== true) await folder.remove();
  }
}

async function interruption(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

interface Play {
  readonly model: DemoModel;
  readonly folder: DemoFolder;
  /** Every process that was started, also one that is still on its way. */
  readonly workers: Set<Promise<DemoWorker>>;
  readonly startedMs: number;
  readonly isKept: boolean;
}

async function playAndTell(cli: Cli, { model, folder, workers, startedMs, isKept }: Play): Promise<void> {
  const { output, clock, env, interrupted: signal } = cli;
  const teller = new DemoTeller(output);
  const scenes: DemoScene[] = [];
  if (!output.isJson) introduce(teller, model, folder);
  await playDemo({
    folder,
    model,
    request: await demoRequest(model),
    clock,
    tell: (scene) => {
      scenes.push(scene);
      if (!output.isJson) teller.tell(scene);
    },
    startWorker: async () => {
      signal.throwIfAborted();
      const worker = DemoWorker.start({ folder, env, clock, isLive: model !== OFFLINE, signal });
      workers.add(worker);
      return worker;
    },
  });
  const ms = clock.nowMs() - startedMs;
  const kept = isKept ? folder.root : null;
  if (output.isJson) return output.json({ model: model.name, pricedAs: model.pricedAs ?? null, folder: kept, ms, scenes });
  output.data("");
  teller.line(`Done in ${formatMs(ms)}. ${kept === null ? "Its folder is removed; --keep leaves it." : `Everything is in ${kept}.`}`);
}

function introduce(teller: DemoTeller, { name, pricedAs }: DemoModel, { events }: DemoFolder): void {
  teller.line("An agent workflow under a hard limit, paused, killed twice, finished.");
  teller.line(`Input: ${events.source}, ${formatBytes(events.bytes)} of GitHub events.`);
  if (pricedAs === undefined) teller.line(`Model: ${name}, called over the network and paid for.`);
  else {
    teller.line(`Model: ${name}: it computes its answers from the input; no network, no key.`);
    teller.line(`Prices: as if on ${pricedAs}. Nothing is paid.`);
  }
}
