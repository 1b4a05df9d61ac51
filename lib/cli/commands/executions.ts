// `executions …`: the group's list of subcommands. What each does stands in executions/.
import type { Command } from "commander";
import type { Action } from "../Cli.ts";
import { collect } from "../input/parseOptions.ts";
import type { ExportOptions } from "./executions/export.ts";
import type { ForkOptions } from "./executions/fork.ts";
import type { ListOptions } from "./executions/ls.ts";
import type { ResumeOptions } from "./executions/resume.ts";

const ID = "an execution's id, or the first characters of it";

export function define(command: Command, action: Action): void {
  command
    .command("ls")
    .description("the newest executions")
    .option("--status <status>", "queued, running, suspended, completed, failed, cancelled, uncertain")
    .option("--agent <name>", "of this agent only")
    .option("--limit <count>", "how many", "20")
    .action(action(async (cli, options: ListOptions) => (await import("./executions/ls.ts")).list(cli, options)));
  command
    .command("show")
    .description("state, steps, output, and what a person can do")
    .argument("<id>", ID)
    .action(action(async (cli, id: string) => (await import("./executions/show.ts")).show(cli, id)));
  defineChanges(command, action);
  command
    .command("receipt")
    .description("what it cost, call by call, and against what limit")
    .argument("<id>", ID)
    .action(action(async (cli, id: string) => (await import("./executions/receipt.ts")).receipt(cli, id)));
  command
    .command("export")
    .description("everything recorded, as one JSON document")
    .argument("<id>", ID)
    .option("--out <file>", "write to this file instead of stdout")
    .action(
      action(async (cli, id: string, options: ExportOptions) => (await import("./executions/export.ts")).exportOne(cli, id, options)),
    );
  command
    .command("compare")
    .description("two executions step by step")
    .argument("<id>", ID)
    .argument("<other>", "the other one")
    .action(action(async (cli, id: string, other: string) => (await import("./executions/compare.ts")).compare(cli, id, other)));
}

function defineChanges(command: Command, action: Action): void {
  command
    .command("resume")
    .description("go on with an execution and stay with it")
    .argument("<id>", ID)
    .option("--path <step>", "the uncertain step that --resolve is about")
    .option("--resolve <answer>", "for an uncertain effect: done (it happened) or retry (it did not)")
    .option("--output <json>", "with --resolve done: what the effect returned")
    .option("--finish <how>", "cheap: skip model steps that do not fit the budget, and finish")
    .option("--detach", "return at once; a worker goes on")
    .action(action(async (cli, id: string, options: ResumeOptions) => (await import("./executions/resume.ts")).resume(cli, id, options)));
  command
    .command("cancel")
    .description("stop an execution; what is done stays done")
    .argument("<id>", ID)
    .action(action(async (cli, id: string) => (await import("./executions/cancel.ts")).cancel(cli, id)));
  for (const name of ["fork", "rerun"] as const) {
    const fork = command
      .command(name)
      .description(
        name === "fork"
          ? "a new execution that takes over what is done, up to a step"
          : "a new execution of the same workflow, from the first step",
      )
      .argument("<id>", ID)
      .option("--input <name=value>", "another value for one input (repeatable)", collect)
      .option("--allow-effects", "perform writes anew instead of previewing them")
      .option("--same-config", "with the flags, prices and settings of the first one")
      .option("--limit-usd <amount>", "hard limit in USD")
      .option("--limit-tokens <count>", "hard limit in tokens")
      .option("--on-limit <what>", "pause or fail")
      .option("--detach", "return at once; a worker runs it");
    if (name === "fork") fork.option("--from <step>", "begin anew at this step (default: the first not completed)");
    fork.action(action(async (cli, id: string, options: ForkOptions) => (await import("./executions/fork.ts"))[name](cli, id, options)));
  }
}
