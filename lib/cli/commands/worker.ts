// `worker`: runs queued executions until it is told to stop, then hands over what it holds.
import type { Command } from "commander";
import type { Action, Cli } from "../Cli.ts";

export function define(command: Command, action: Action): void {
  command.addHelpText("after", "\nCtrl-C or SIGTERM: takes nothing new, hands over what it holds, exit code 0.").action(action(work));
}

async function work(cli: Cli): Promise<void> {
  cli.handlesInterrupt();
  await cli.withSystem(async (system) => {
    const stopped = new Promise<"stopped">((resolve) => {
      if (cli.interrupted.aborted) resolve("stopped");
      cli.interrupted.addEventListener("abort", () => resolve("stopped"), { once: true });
    });
    while (system.role === "client") {
      cli.output.talk("another process holds the data folder and does its work: waiting for it to end");
      if ((await Promise.race([stopped, system.ownerLeft()])) === "stopped") return;
      await system.takeOver();
    }
    await system.work();
    cli.output.talk("working: Ctrl-C to stop");
    if (cli.output.isJson) cli.output.json({ working: true });
    await stopped;
    cli.output.talk("stopping: handing over what is under way");
  });
}
