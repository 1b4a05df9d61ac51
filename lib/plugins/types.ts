// What a plugin is and what its actions are given. Types only; building is definePlugin.ts, calling is PluginExecutor.ts.
import type { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { AppError } from "../core/errors.ts";
import type { GuardedFetch } from "../core/guardedFetch.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";

/** What an action may do to the outside world, from harmless to irreversible. */
export type Effect = "none" | "read" | "write" | "destructive";

/** Whether the same call under the same key may be sent again, and for how long. */
export interface Idempotency {
  /** `header`: the receiver honours the idempotency key; `natural`: doing it twice is doing it once; `none`: never repeat silently. */
  readonly by: "header" | "natural" | "none";
  /** Hours after the first attempt in which a repetition under the same key is harmless. 0 with `none`. */
  readonly windowHours: number;
}

/** A JSON Schema (draft 2020-12 or draft 7) as a plain object. */
export type JsonSchema = JsonObject;
export type Schema = z.ZodType | JsonSchema;

/** What `run` gets: the zod schema's output type, or any JSON object where a JSON Schema was given. */
export type ParamsOf<S> = S extends z.ZodType ? z.output<S> : JsonObject;

/** A stored credential. It prints and serialises as `[secret]`; only {@link Secret.reveal} gives the text. */
export interface Secret {
  readonly name: string;
  /** Hosts that may receive the secret (`api.example.com`, `.example.com` for subdomains); empty = any. */
  readonly hosts: readonly string[];
  reveal(): string;
}

/** Where connections come from; fulfilled by access, joined at the composition root. */
export interface ConnectionSource {
  /** `undefined`, or `CONNECTION_MISSING` thrown, when the workspace stored no connection of that name. */
  findSecret(workspaceId: WorkspaceId, name: string): Promise<Secret | undefined>;
}

export interface FileEntry {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly modifiedAt: string;
}

/**
 * Files below one folder; paths are relative to it. Every method refuses `..`, absolute paths, NUL, links that lead
 * out, and anything that is neither file nor folder with `PATH_FORBIDDEN`.
 */
export interface FileServices {
  /** @throws AppError `FILE_UNREADABLE` when absent, `OUTPUT_TOO_LARGE` above `maxBytes` */
  read(path: string, maxBytes: number): Promise<Buffer>;
  /** Whole or not at all: written beside, made durable, renamed. @throws AppError `DISK_FULL` */
  write(path: string, content: Uint8Array): Promise<void>;
  /** Creates the file only if there is none; `false` when there is one. Whole or not at all. */
  createExclusive(path: string, content: Uint8Array): Promise<boolean>;
  /** Appends once per key, over retries, crashes and processes. `false` when this key had appended before. */
  appendOnce(path: string, content: Uint8Array, key: string): Promise<boolean>;
  /** Whether {@link FileServices.appendOnce} with this key took effect; `unknown` when others changed the file meanwhile. */
  hasAppended(path: string, key: string): Promise<boolean | "unknown">;
  /** Sorted by path; `isTruncated` when there are more than `limit`. */
  list(
    folder: string,
    options: { readonly recursive: boolean; readonly limit: number },
  ): Promise<{ entries: readonly FileEntry[]; isTruncated: boolean }>;
  /** `undefined` when there is nothing of that name. */
  stat(path: string): Promise<FileEntry | undefined>;
  /** A file or an empty folder; `false` when there was none. */
  delete(path: string): Promise<boolean>;
}

/** Says whose call it is; made by the caller of the executor. */
export interface CallContext {
  readonly executionId: string;
  /** The whole nesting, for example `s2[3].s5[0].send`. */
  readonly stepPath: string;
  readonly workspaceId: WorkspaceId;
  /** From idempotencyKey.ts: the same for every retry of this call. */
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

/** Everything an action may use. What is not in here (process, sockets, other workspaces) is not the action's business. */
export interface ActionContext extends CallContext {
  /** Aborted at the time-out and when the caller aborts. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Files below the workspace's root only. */
  readonly files: FileServices;
  /** HTTP with the guard against private addresses; bound to `signal` unless the request brings its own. */
  readonly fetch: GuardedFetch;
  /** @throws AppError `CONNECTION_MISSING` */
  connection(name: string): Promise<Secret>;
  readonly log: Logger;
}

/** What looking at the outside world says about an effect that may have happened. */
export type Verification =
  | { readonly happened: true; readonly output: JsonValue }
  /** As far as the other side can tell now; it is asked a second time before that is believed. */
  | { readonly happened: false }
  | { readonly happened: "unknown" };

export interface RateLimit {
  readonly calls: number;
  readonly perMs: number;
}

/** An action as its author writes it. */
export interface ActionDefinition<S extends Schema = Schema> {
  readonly description: string;
  readonly effect: Effect;
  readonly idempotency: Idempotency;
  /** Overrules `idempotency` for particular params, for example when they say that the receiver honours the key. */
  idempotencyFor?(params: ParamsOf<S>): Idempotency;
  readonly params: S;
  readonly output?: Schema;
  /** Milliseconds from the start of `run`, waiting for the rate limit not included. @defaultValue 30 000 */
  readonly timeoutMs?: number;
  /** Overrules `timeoutMs` for particular params: after a crash, an effect is judged only when this long has passed. */
  timeoutMsFor?(params: ParamsOf<S>): number;
  /** Per workspace. */
  readonly rateLimit?: RateLimit;
  /** Price of one call; absent = unknown, which is not zero. */
  readonly costUsd?: number | ((params: ParamsOf<S>) => number);
  /** Bytes of the output as JSON. @defaultValue 10 000 000 */
  readonly maxOutputBytes?: number;
  /** The connection that must exist: its name, or `true` for one named like the plugin. */
  readonly connection?: string | boolean;
  run(params: ParamsOf<S>, context: ActionContext): Promise<JsonValue>;
  /** Looks whether the effect of this very call (`context.idempotencyKey`) happened. Must not change anything. */
  verify?(context: ActionContext, params: ParamsOf<S>): Promise<Verification>;
}

/** One thing wrong with a value. */
export interface Defect {
  /** For example `items[0].name`; empty for the value itself. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
}

export type SchemaResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly defects: readonly Defect[] };

/** A schema of either kind, made ready once. */
export interface CompiledSchema {
  /** For catalogues, prompts and the coercion of params. */
  readonly json: JsonSchema;
  /** Checks and fills in the schema's own defaults; never changes its argument. */
  check(value: unknown): SchemaResult;
}

/** An action with schemas compiled and defaults filled in; the type of its params is known only inside. */
export interface Action {
  readonly description: string;
  readonly effect: Effect;
  readonly idempotency: Idempotency;
  readonly params: CompiledSchema;
  readonly output: CompiledSchema | undefined;
  readonly timeoutMs: number;
  readonly rateLimit: RateLimit | undefined;
  readonly maxOutputBytes: number;
  readonly connection: string | boolean | undefined;
  readonly canVerify: boolean;
  idempotencyFor(params: unknown): Idempotency;
  timeoutMsFor(params: unknown): number;
  /** `null` = unknown. */
  costUsd(params: unknown): number | null;
  run(params: unknown, context: ActionContext): Promise<unknown>;
  verify(context: ActionContext, params: unknown): Promise<Verification>;
}

export interface Plugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Names of plugins or connections without which this one is of no use; checked at boot. */
  readonly requires: readonly string[];
  /** True: a model is offered its actions only where the workflow names the plugin, never among all that there are. */
  readonly mustBeNamed: boolean;
  readonly actions: ReadonlyMap<string, Action>;
}

/** What validators, planners and prompts may know of an action. */
export interface CatalogAction {
  readonly plugin: string;
  readonly action: string;
  readonly description: string;
  readonly effect: Effect;
  readonly idempotency: Idempotency;
  readonly canVerify: boolean;
  /** Of its plugin. */
  readonly mustBeNamed: boolean;
  readonly timeoutMs: number;
  readonly params: JsonSchema;
  readonly output: JsonSchema | undefined;
}

/** Read-only view of what is registered. */
export interface PluginCatalog {
  plugins(): readonly string[];
  /** Empty when there is no such plugin. */
  actions(plugin: string): readonly string[];
  action(plugin: string, action: string): CatalogAction | undefined;
}

export interface ActionCall {
  readonly plugin: string;
  readonly action: string;
  readonly params: JsonValue;
  readonly context: CallContext;
}

/**
 * `effectHappened` is `no` only when that is certain: the effect is none or read, or the call was refused before
 * anything was accepted. `maybe` says nothing about whether repeating is harmless: that is {@link Idempotency}.
 */
export type ActionOutcome =
  | { readonly ok: true; readonly data: JsonValue; readonly durationMs: number; readonly costUsd: number | null }
  | { readonly ok: false; readonly error: AppError; readonly effectHappened: "no" | "maybe"; readonly durationMs: number };

/** What a caller must know around a call: labels for these very params, and whether repeating is harmless. */
export interface CallProfile {
  readonly effect: Effect;
  readonly idempotency: Idempotency;
  readonly canVerify: boolean;
  readonly timeoutMs: number;
}

/** What PluginExecutor.ts fulfils; the step executor's view of plugins. */
export interface ActionExecutor {
  /** Runs the action once. Never rejects: every failure is an outcome. */
  execute(call: ActionCall): Promise<ActionOutcome>;
  /** Looks whether an effect that may have happened did; never rejects, failures to look are `unknown`. */
  verify(call: ActionCall): Promise<Verification>;
  /** @throws AppError `PLUGIN_UNKNOWN`, `PLUGIN_ACTION_UNKNOWN`, `PARAMS_INVALID` */
  profile(call: Pick<ActionCall, "plugin" | "action" | "params">): CallProfile;
  /** Whether trying again is both promising (the error's kind) and harmless (nothing happened, or same key within its window). */
  mayRetry(
    call: Pick<ActionCall, "plugin" | "action" | "params">,
    failure: Extract<ActionOutcome, { ok: false }>,
    firstAttemptAtMs: number,
  ): boolean;
}
