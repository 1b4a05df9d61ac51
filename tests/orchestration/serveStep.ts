// One step through one handler, in memory, with an outside world that remembers: what the tests of handlers share.
import { z } from "zod";
import { AppError } from "../../lib/core/errors.ts";
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";
import type { HandlerInterface } from "../../lib/orchestration/types.ts";
import type { WalkOutcome } from "../../lib/pilot/types.ts";
import { defineAction, definePlugin } from "../../lib/plugins/definePlugin.ts";
import type { Plugin } from "../../lib/plugins/types.ts";
import { HandlerStage, type HandlerStageOptions } from "../../lib/testing/HandlerStage.ts";
import type { WorkflowStepInput } from "../../lib/workflow/inputTypes.ts";

export interface Served {
  readonly stage: HandlerStage;
  readonly outcome: WalkOutcome;
  readonly world: OutsideWorld;
}

export class OutsideWorld {
  readonly sent: JsonObject[] = [];
  /** What a send does instead of taking its params. */
  behave: (params: JsonObject) => Promise<JsonValue> = async (params) => params;
  isVerifiable = true;
  readonly #keys = new Set<string>();

  plugin(): Plugin {
    const params = z.looseObject({});
    return definePlugin({
      name: "world",
      version: "1.0.0",
      description: "Remembers what it is sent",
      actions: {
        fetch: defineAction({
          description: "x",
          effect: "read",
          idempotency: { by: "natural", windowHours: 1 },
          params,
          run: async (given) => this.behave(given as JsonObject),
        }),
        send: defineAction({
          description: "x",
          effect: "destructive",
          idempotency: { by: "none", windowHours: 0 },
          params,
          run: async (given, { idempotencyKey }) => {
            const answer = await this.behave(given as JsonObject);
            this.sent.push(given as JsonObject);
            this.#keys.add(idempotencyKey);
            return answer;
          },
          verify: async ({ idempotencyKey }) =>
            this.isVerifiable
              ? this.#keys.has(idempotencyKey)
                ? { happened: true, output: "verified" }
                : { happened: false }
              : { happened: "unknown" },
        }),
      },
    });
  }
}

export function refuse(message: string): Promise<never> {
  return Promise.reject(new AppError("UPSTREAM_REJECTED", message));
}

export async function openStage(
  handler: HandlerInterface | null,
  step: WorkflowStepInput,
  options: Partial<HandlerStageOptions> = {},
): Promise<{ readonly stage: HandlerStage; readonly world: OutsideWorld }> {
  const world = new OutsideWorld();
  const plugins = [world.plugin(), ...(options.plugins ?? [])];
  const steps = [{ retryPolicy: { maxRetries: 0 }, ...step }];
  return { stage: await HandlerStage.open({ ...options, steps, handler, plugins }), world };
}

export async function serve(
  handler: HandlerInterface | null,
  step: WorkflowStepInput,
  options: Partial<HandlerStageOptions> = {},
): Promise<Served> {
  const opened = await openStage(handler, step, options);
  return { ...opened, outcome: await opened.stage.walk() };
}

export function errorOf({ outcome }: Served): AppError {
  if (outcome.status !== "failed") throw new Error(`it did not fail: ${outcome.status}`);
  return outcome.error;
}
