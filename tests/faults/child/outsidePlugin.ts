// Actions of every kind of effect, sent to the effect server: under a key that it honours, verifiable, and neither.
import { z } from "zod";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import type { ActionContext, Plugin } from "../../../lib/plugins/types.ts";
import type { JsonValue } from "../../../lib/core/json.ts";

/** Short, because a takeover waits this long before it judges an effect of another worker. */
export const EFFECT_TIMEOUT_MS = 3_000;

export interface OutsideHooks {
  readonly url: string;
  pass(when: "before" | "during" | "after"): void;
  /** Runs right before the request leaves; a test may freeze the process here. */
  beforeSend?(kind: string): Promise<void> | void;
  /** How long `slow` takes. */
  readonly slowMs?: number;
  readonly timeoutMs?: number;
}

const params = z.looseObject({});
const once = { by: "none", windowHours: 0 } as const;

export function createOutsidePlugin(hooks: OutsideHooks): Plugin {
  const timeoutMs = hooks.timeoutMs ?? EFFECT_TIMEOUT_MS;
  const send = (kind: string) => async (given: z.output<typeof params>, context: ActionContext) => {
    hooks.pass("before");
    await hooks.beforeSend?.(kind);
    const body = JSON.stringify({ kind, key: context.idempotencyKey, executionId: context.executionId, path: context.stepPath, given });
    const answer = context.fetch(`${hooks.url}/effect`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "idempotency-key": context.idempotencyKey },
    });
    // An abort in the next moments is heard when the answer is awaited.
    answer.catch(() => undefined);
    // A moment later the request is on its way, or has arrived.
    await context.clock.sleep(2);
    hooks.pass("during");
    const response = await answer;
    hooks.pass("after");
    return response.json();
  };
  const seen = async (context: ActionContext) => {
    const response = await context.fetch(`${hooks.url}/seen?key=${context.idempotencyKey}`);
    const { seen: isSeen } = response.json() as { readonly seen: boolean };
    return isSeen ? ({ happened: true, output: { id: context.idempotencyKey.slice(0, 8) } } as const) : ({ happened: false } as const);
  };
  const pure = async (given: z.output<typeof params>): Promise<JsonValue> => ({ value: given["value"] as JsonValue });
  return definePlugin({
    name: "outside",
    version: "1.0.0",
    description: "effects of every kind",
    actions: {
      pure: defineAction({ description: "computes", effect: "none", idempotency: { by: "natural", windowHours: 1 }, params, run: pure }),
      keyed: defineAction({
        description: "sends under a key",
        effect: "write",
        idempotency: { by: "header", windowHours: 24 },
        params,
        timeoutMs,
        run: send("keyed"),
      }),
      verified: defineAction({
        description: "sends, and can be asked",
        effect: "write",
        idempotency: once,
        params,
        timeoutMs,
        run: send("verified"),
        verify: seen,
      }),
      blind: defineAction({
        description: "sends, and cannot tell",
        effect: "destructive",
        idempotency: once,
        params,
        timeoutMs,
        run: send("blind"),
      }),
      slow: defineAction({
        description: "takes its time",
        effect: "read",
        idempotency: { by: "natural", windowHours: 1 },
        params,
        timeoutMs: 120_000,
        run: async (given, context) => {
          await context.clock.sleep(hooks.slowMs ?? 1_000, context.signal);
          return pure(given);
        },
      }),
    },
  });
}
