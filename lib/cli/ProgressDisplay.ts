// Shows an execution's progress on a screen: a line for each finished step, one moving line below. Silent anywhere else.
import type { ExecutionEvent } from "../systemApi.ts";
import { formatMs, formatUsd } from "./text/amounts.ts";
import type { Output } from "./output.ts";
import { cutText, printable } from "./text/textWidth.ts";

/** Beyond this many finished steps only the moving line counts on: nobody reads a thousand lines. */
const MAX_LINES = 40;
const LINE_WIDTH = 78;

export class ProgressDisplay {
  readonly #output: Output;
  readonly #running = new Map<string, string>();
  #finished = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(event: ExecutionEvent): void {
    if (!this.#output.isLive) return;
    const path = event.path ?? "";
    if (event.type === "step_started") this.#running.set(path, event.stepType ?? "");
    if (event.type === "step_finished") this.#finish(path, event);
    if (event.type !== "delta" && event.type !== "finished" && event.type !== "suspended") this.#move();
  }

  #finish(path: string, event: ExecutionEvent): void {
    const type = event.stepType ?? this.#running.get(path) ?? "";
    this.#running.delete(path);
    this.#finished += 1;
    if (this.#finished > MAX_LINES) return;
    const cost = event.costUsd === undefined || event.costUsd === null || event.costUsd === 0 ? "" : ` · ${formatUsd(event.costUsd)}`;
    const took = event.ms === undefined ? "" : ` · ${formatMs(event.ms)}`;
    this.#output.talk(cutText(`  ${event.status ?? "finished"} ${printable(path)} ${type}${took}${cost}`, LINE_WIDTH));
    if (this.#finished === MAX_LINES) this.#output.talk("  further steps are counted below");
  }

  #move(): void {
    const paths = [...this.#running.keys()];
    const shown =
      paths.length === 0 ? "" : `: ${printable(paths.slice(0, 3).join(", "))}${paths.length > 3 ? ` and ${paths.length - 3} more` : ""}`;
    this.#output.status(cutText(`  ${this.#finished} finished, ${paths.length} running${shown}`, LINE_WIDTH));
  }
}
