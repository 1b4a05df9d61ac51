// A worker process for measuring take-over: runs executions of slow steps and says each step on stdout. Started and killed by takeover.ts.
import { z } from "zod";
import { loadConfig } from "../../lib/config/loadConfig.ts";
import { defineAction, definePlugin } from "../../lib/plugins/definePlugin.ts";
import { createSystem } from "../../lib/system.ts";

const STEP_MS = 100;

const pause = defineAction({
  description: "takes a while",
  effect: "none",
  idempotency: { by: "natural", windowHours: 1 },
  params: z.object({ n: z.number() }),
  run: async ({ n }, { clock, signal }) => {
    process.stdout.write(`step ${n}\n`);
    await clock.sleep(STEP_MS, signal);
    return { n };
  },
});

const steps = Number(process.argv[2] ?? 0);
const config = loadConfig(process.env, {});
const system = await createSystem({
  config,
  plugins: [definePlugin({ name: "bench", version: "1.0.0", description: "slow steps", actions: { pause } })],
});
await system.work();
process.stdout.write("ready\n");
if (steps > 0) {
  await system.start({
    definition: {
      name: "takeover",
      steps: Array.from({ length: steps }, (_, n) => ({ id: `s${n}`, type: "action", plugin: "bench", action: "pause", params: { n } })),
    },
  });
}
