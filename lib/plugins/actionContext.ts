// What an action gets to work with, watched: it notes whether anything may have been changed, and gives nothing to an action that was abandoned.
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { type GuardedFetch, isSafeMethod } from "../core/guardedFetch.ts";
import type { Logger } from "../core/logger.ts";
import type { ActionContext, CallContext, ConnectionSource, FileServices } from "./types.ts";

export interface ContextServices {
  readonly clock: Clock;
  readonly fetch: GuardedFetch;
  readonly files: FileServices;
  readonly connections: ConnectionSource;
  /** Made when an action logs; most never do. */
  readonly createLog: () => Logger;
}

/** Effects that may have happened in the course of one call, whatever its last error says. */
export class EffectWatch {
  #acted = 0;

  get mayHaveActed(): boolean {
    return this.#acted > 0;
  }

  /** Counts as acted from now on, until the returned function says that it certainly did not happen. */
  begin(): () => void {
    this.#acted += 1;
    return () => {
      this.#acted -= 1;
    };
  }
}

export interface WatchedContext {
  readonly context: ActionContext;
  readonly watch: EffectWatch;
}

/** @param signalOf gives the call's own signal, the same each time; asked for only when the action needs one, as most small ones never do */
export function createActionContext(call: CallContext, signalOf: () => AbortSignal, services: ContextServices): WatchedContext {
  const watch = new EffectWatch();
  let log: Logger | undefined;
  const context: ActionContext = {
    executionId: call.executionId,
    stepPath: call.stepPath,
    workspaceId: call.workspaceId,
    idempotencyKey: call.idempotencyKey,
    get signal() {
      return signalOf();
    },
    clock: services.clock,
    files: watchFiles(services.files, signalOf, watch),
    fetch: watchFetch(services.fetch, signalOf, watch),
    connection: async (name) => {
      const secret = await services.connections.findSecret(call.workspaceId, name);
      if (secret !== undefined) return secret;
      throw new AppError("CONNECTION_MISSING", `connection "${name}" is not stored`, { details: { field: "connection", expected: name } });
    },
    get log() {
      log ??= services.createLog();
      return log;
    },
  };
  return { context, watch };
}

function watchFetch(fetch: GuardedFetch, signalOf: () => AbortSignal, watch: EffectWatch): GuardedFetch {
  return async (url, request = {}) => {
    const signal = signalOf();
    const bound = { ...request, signal: request.signal === undefined ? signal : AbortSignal.any([request.signal, signal]) };
    if (isSafeMethod(request.method ?? "GET")) return fetch(url, bound);
    const retract = watch.begin();
    try {
      const response = await fetch(url, bound);
      if (response.accepted === "no") retract();
      return response;
    } catch (error) {
      if (AppError.is(error) && error.details["accepted"] === "no") retract();
      throw error;
    }
  };
}

function watchFiles(files: FileServices, signalOf: () => AbortSignal, watch: EffectWatch): FileServices {
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    // An action that ignored its signal was reported as timed out; it must not go on writing.
    signalOf().throwIfAborted();
    const retract = watch.begin();
    try {
      return await work();
    } catch (error) {
      if (AppError.is(error) && error.details["accepted"] === "no") retract();
      throw error;
    }
  };
  return {
    read: async (path, maxBytes) => files.read(path, maxBytes),
    list: async (folder, options) => files.list(folder, options),
    stat: async (path) => files.stat(path),
    hasAppended: async (path, key) => files.hasAppended(path, key),
    write: async (path, content) => watched(async () => files.write(path, content)),
    createExclusive: async (path, content) => watched(async () => files.createExclusive(path, content)),
    appendOnce: async (path, content, key) => watched(async () => files.appendOnce(path, content, key)),
    delete: async (path) => watched(async () => files.delete(path)),
  };
}
