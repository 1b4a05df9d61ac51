// Turns an author's plugin into one the manager takes: names checked, schemas compiled, defaults filled in. Calls nothing.
import { AppError } from "../core/errors.ts";
import { compileSchema } from "./compileSchema.ts";
import type { Action, ActionDefinition, Idempotency, Plugin, Schema } from "./types.ts";

/** An action whose author's types are checked and done with; only {@link definePlugin} takes it. */
export interface DefinedAction {
  compile(owner: string): Action;
}

export interface PluginDefinition {
  /** Lower case, digits, `-` and `_`. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly requires?: readonly string[];
  /** For what a model should read or do only where somebody meant it to, such as private mail. @defaultValue false */
  readonly mustBeNamed?: boolean;
  readonly actions: Readonly<Record<string, DefinedAction>>;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_OUTPUT_BYTES = 10_000_000;

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;
const ACTION_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

/**
 * An action; `run` gets params of the schema's type.
 *
 * @example
 * defineAction({ description: "Adds", effect: "none", idempotency: { by: "natural", windowHours: 24 },
 *   params: z.object({ a: z.number(), b: z.number() }), run: async ({ a, b }) => a + b })
 */
export function defineAction<S extends Schema>(definition: ActionDefinition<S>): DefinedAction {
  return {
    compile: (owner) => {
      checkDefinition(definition, owner);
      // The executor passes only what `params.check` returned, so the type of the schema holds here.
      const erased = definition as unknown as ActionDefinition;
      const { costUsd } = erased;
      return {
        description: definition.description,
        effect: definition.effect,
        idempotency: definition.idempotency,
        params: compileSchema(definition.params, `${owner} params`),
        output: definition.output === undefined ? undefined : compileSchema(definition.output, `${owner} output`),
        timeoutMs: definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        rateLimit: definition.rateLimit,
        maxOutputBytes: definition.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
        connection: definition.connection,
        canVerify: definition.verify !== undefined,
        timeoutMsFor: (params) => erased.timeoutMsFor?.(params) ?? definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        idempotencyFor: (params) => erased.idempotencyFor?.(params) ?? definition.idempotency,
        costUsd: (params) => (typeof costUsd === "function" ? costUsd(params) : (costUsd ?? null)),
        run: async (params, context) => erased.run(params, context),
        verify: async (context, params) => (erased.verify === undefined ? { happened: "unknown" } : erased.verify(context, params)),
      };
    },
  };
}

/** @throws AppError `PLUGIN_INVALID` naming plugin, action and field */
export function definePlugin(definition: PluginDefinition): Plugin {
  const { name, version, description, requires = [], mustBeNamed = false } = definition;
  if (!NAME.test(name)) throw invalid(name, `plugin name "${name}" is not lower case letters, digits, - or _`);
  const names = Object.keys(definition.actions);
  if (names.length === 0) throw invalid(name, `plugin ${name} has no actions`);
  const actions = new Map<string, Action>();
  for (const action of names) {
    if (!ACTION_NAME.test(action)) throw invalid(name, `action name "${action}" of plugin ${name} is not letters, digits, - or _`);
    actions.set(action, definition.actions[action]!.compile(`${name}.${action}`));
  }
  return Object.freeze({ name, version, description, requires: [...requires], mustBeNamed, actions });
}

function checkDefinition(definition: ActionDefinition, owner: string): void {
  const faults: string[] = [];
  checkIdempotency(definition.idempotency, faults);
  const limits = { timeoutMs: definition.timeoutMs, maxOutputBytes: definition.maxOutputBytes, ...definition.rateLimit };
  for (const [field, value] of Object.entries(limits)) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      faults.push(`${field}: expected a number above 0, got ${String(value)}`);
  }
  if (typeof definition.costUsd === "number" && !(definition.costUsd >= 0))
    faults.push(`costUsd: expected 0 or more, got ${definition.costUsd}`);
  if (faults.length > 0) throw invalid(owner, `action ${owner}: ${faults.join("; ")}`);
}

function checkIdempotency({ by, windowHours }: Idempotency, faults: string[]): void {
  const isSane = Number.isFinite(windowHours) && (by === "none" ? windowHours === 0 : windowHours > 0);
  if (!isSane) faults.push(`idempotency.windowHours: expected ${by === "none" ? "0 with `none`" : "above 0"}, got ${windowHours}`);
}

function invalid(owner: string, message: string): AppError {
  return new AppError("PLUGIN_INVALID", message, { details: { field: owner } });
}
