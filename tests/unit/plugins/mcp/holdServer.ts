// A process of ours with a server of its own, to be killed by a test: opens the tools of the odd server and waits.
import { systemClock } from "../../../../lib/core/clock.ts";
import { McpWorld, oddServer } from "./McpWorld.ts";

const path = process.argv[2] ?? "";
const folder = { path, snapshot: async () => ({}), [Symbol.asyncDispose]: async () => undefined };
const world = await McpWorld.open([oddServer(folder, ["stubborn", "grandchild"])], {}, folder);
process.stdout.write(`${world.listing.plugins.length} plugin\n`);
await systemClock.sleep(600_000);
