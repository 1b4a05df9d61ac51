// Tells the demo's scenes in plain short lines of at most 80 columns. Acts nothing out.
import type { Receipt } from "../../receiptApi.ts";
import { formatCount, formatMs, formatTokens, formatUsd } from "../text/amounts.ts";
import { showReceipt } from "../commands/executions/receipt.ts";
import type { Output } from "../output.ts";
import { cutText, printable, wrapText } from "../text/textWidth.ts";
import type { DemoScene, Progress } from "./demoScenes.ts";

const WIDTH = 78;
const REPORT_LINES = 12;

export class DemoTeller {
  readonly #output: Output;
  #part = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  line(text: string): void {
    this.#output.data(wrapText(text, WIDTH));
  }

  /** One part of the story. */
  tell(scene: DemoScene): void {
    switch (scene.scene) {
      case "plan":
        return this.#plan(scene);
      case "paused":
        return this.#paused(scene);
      case "killed":
        return this.#killed(scene);
      case "restarted":
        return this.#restarted(scene);
      case "topped_up":
        return this.#toppedUp(scene);
      case "finished":
        this.#title("Finished");
        return this.#indented(
          `${spent(scene.progress)}. ${scene.progress.summaries} summaries, ${scene.progress.completedSteps} steps completed.`,
        );
      case "views":
        return this.#views(scene);
      case "proof":
        return this.#proof(scene);
      case "report":
        return this.#report(scene);
      case "receipt":
        this.#title("The receipt");
        // Call by call it is long: fifty rows.
        showReceipt({ output: this.#output }, { ...scene.receipt, calls: [], lines: [] });
        return this.#output.data(describeCalls(scene.receipt));
      default:
        return scene satisfies never;
    }
  }

  #title(text: string): void {
    this.#part += 1;
    this.#output.data(`\n${this.#output.paint("bold", `${this.#part}. ${text}`)}`);
  }

  #indented(text: string): void {
    this.#output.data(`   ${wrapText(printable(text), WIDTH - 3).replaceAll("\n", "\n   ")}`);
  }

  #plan({ plan, limitUsd }: DemoScene & { readonly scene: "plan" }): void {
    this.#title("The plan: what each step costs at most, before a token is spent");
    const calling = plan.steps.filter(({ model }) => model !== null);
    const width = Math.max(...calling.map(({ path }) => path.length));
    for (const { path, costUsd } of calling) {
      const cost = costUsd === null ? "not known before the run" : `at most ${formatUsd(costUsd)} a call`;
      this.#output.data(`   ${path.padEnd(width)}  ${cost}`);
    }
    this.#indented(`The ${plan.steps.length - calling.length} other steps need no model: $0.`);
    this.#indented(`How many events there are, only the run will know: so it gets a hard limit.`);
    this.#indented(`Limit: $${limitUsd}, on the whole execution.`);
  }

  #paused({ progress, ms }: DemoScene & { readonly scene: "paused" }): void {
    this.#title("Run under the limit: it pauses by itself and asks");
    this.#indented(`After ${formatMs(ms)}: ${spent(progress)}. ${progress.summaries} summaries done, ${progress.heldSummaries} held back.`);
    const { waiting } = progress;
    if (waiting === null) return;
    const need = waiting.needUsd === null ? "more than is left" : `up to ${formatUsd(waiting.needUsd)}`;
    this.#indented(`The next call (${waiting.path}) could cost ${need}: not started.`);
  }

  #killed({ pid, signal, isWaiting, completed, inFlight }: DemoScene & { readonly scene: "killed" }): void {
    this.#title(isWaiting ? "kill -9, while it waits" : "kill -9 again, while it works");
    this.#indented(`Process ${pid} ended by ${signal}. ${completed} steps had been completed.`);
    if (inFlight.length > 0) this.#indented(`In flight, and lost with it: the answer to ${inFlight.join(", ")}.`);
  }

  #restarted({ pid, progress, ms }: DemoScene & { readonly scene: "restarted" }): void {
    const state = progress.status === "waiting" ? "the same execution still waits" : "it has gone on by itself";
    this.#indented(`New process ${pid} after ${formatMs(ms)}: ${state}.`);
    this.#indented(`${progress.completedSteps} steps are completed, ${spent(progress)}.`);
  }

  #toppedUp({ usd, budget }: DemoScene & { readonly scene: "topped_up" }): void {
    this.#title("Top up");
    this.#indented(`$${usd} added, the limit is ${formatUsd(budget.limitUsd)}. It goes on from the same step.`);
  }

  #views({ steps, baselineTokens, usedTokens, savedPercent, lowestQuality }: DemoScene & { readonly scene: "views" }): void {
    if (baselineTokens === null || usedTokens === null || savedPercent === null) return;
    this.#title("What the model saw");
    this.#indented(
      `${steps} steps showed it a view in place of the content: ${formatTokens(usedTokens)} in all, raw ${formatTokens(baselineTokens)}. ${savedPercent} % less.`,
    );
    if (lowestQuality === null) return this.#indented("Every view holds everything the content says.");
    return this.#indented(
      `Lowest quality: ${lowestQuality.toFixed(2)} of 5, that is ${Math.round(lowestQuality * 20)} of 100 questions about the content can be answered from the view. Later steps read the raw content.`,
    );
  }

  #proof({ summaries, askedOnce, askedAgain, completedAndRepeated }: DemoScene & { readonly scene: "proof" }): void {
    this.#indented(`The model was asked once for ${askedOnce} of ${summaries} summaries.`);
    if (askedAgain.length > 0)
      this.#indented(
        `Asked again: ${askedAgain.join(", ")}. The lost call is booked at its worst case, until the provider's usage says otherwise.`,
      );
    this.#indented(`Completed steps that were run again: ${completedAndRepeated.length}.`);
  }

  #report({ file, text }: DemoScene & { readonly scene: "report" }): void {
    this.#title("The report");
    this.#output.data(`   ${file}`);
    const lines = text.split("\n").filter((line) => line !== "");
    for (const line of lines.slice(0, REPORT_LINES)) this.#output.data(`   | ${cutText(printable(line), WIDTH - 5)}`);
    if (lines.length > REPORT_LINES) this.#indented(`(${lines.length - REPORT_LINES} more lines)`);
  }
}

function describeCalls({ calls, lines }: Receipt): string {
  const tokens = lines.find(({ cause }) => cause === "model calls")?.tokens ?? null;
  return `calls      ${formatCount(calls.length)}, ${formatTokens(tokens)}; one by one: executions receipt ID`;
}

function spent({ costUsd, limitUsd }: Progress): string {
  return limitUsd === null ? `${formatUsd(costUsd)} spent` : `${formatUsd(costUsd)} of ${formatUsd(limitUsd)} spent`;
}
