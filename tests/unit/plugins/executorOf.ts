// A PluginExecutor over some plugins with everything else harmless, and a call's context.
import { z } from "zod";
import { systemClock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { JsonValue } from "../../../lib/core/json.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import { FileJail } from "../../../lib/plugins/files/FileJail.ts";
import { PluginExecutor, type PluginExecutorOptions } from "../../../lib/plugins/PluginExecutor.ts";
import { PluginManager } from "../../../lib/plugins/PluginManager.ts";
import type { ActionCall, ActionDefinition, ActionOutcome, CallContext, Plugin } from "../../../lib/plugins/types.ts";

export function executorOf(plugins: readonly Plugin[], options: Partial<PluginExecutorOptions> = {}): PluginExecutor {
  const manager = new PluginManager();
  manager.register(...plugins);
  return new PluginExecutor({
    manager,
    clock: systemClock,
    fetch: async () => Promise.reject(new AppError("ADDRESS_FORBIDDEN", "no network in this test")),
    // Opened at the first use only; a folder cannot be made below a file.
    filesOf: () => new FileJail({ root: "/dev/null/no-files-in-this-test", clock: systemClock }),
    connections: { findSecret: async () => undefined },
    log: silentLogger,
    ...options,
  });
}

export function callOf(plugin: string, action: string, params: JsonValue, context: Partial<CallContext> = {}): ActionCall {
  return {
    plugin,
    action,
    params,
    context: { executionId: "e1", stepPath: "s1", workspaceId: DEFAULT_WORKSPACE_ID, idempotencyKey: "e1/s1/0", ...context },
  };
}

/** The error of an outcome that must be one. */
export function errorOf(outcome: ActionOutcome): { error: AppError; effectHappened: "no" | "maybe" } {
  if (outcome.ok) throw new Error(`it succeeded with ${JSON.stringify(outcome.data)}`);
  return outcome;
}

export function dataOf(outcome: ActionOutcome): JsonValue {
  if (!outcome.ok) throw outcome.error;
  return outcome.data;
}

/** Plugin `p` with one action `a`, a non-idempotent write unless said otherwise. */
export function pluginWith(action: Partial<ActionDefinition>): Plugin {
  const defaults: ActionDefinition = {
    description: "x",
    effect: "write",
    idempotency: { by: "none", windowHours: 0 },
    params: z.object({}),
    run: async () => null,
  };
  return definePlugin({ name: "p", version: "1.0.0", description: "x", actions: { a: defineAction({ ...defaults, ...action }) } });
}
